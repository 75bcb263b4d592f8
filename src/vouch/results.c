#include "vouch/results.h"

#include <string.h>

struct results results_begin(struct buf *b, struct str id)
{
	struct results r = { .b = b, .line = b->n };

	buf_adds(b, "Authentication-Results: ");
	for (size_t i = 0; i < id.n && i < RESULTS_VALUE_MAX; i++)
		buf_addc(b, (char)(ascii_isalnum(id.p[i]) || id.p[i] == '.' || id.p[i] == '-' ? id.p[i] : '_'));
	if (id.n == 0)
		buf_addc(b, '_');
	return r;
}

static void fold(struct results *r, const char *indent)
{
	buf_adds(r->b, "\r\n");
	r->line = r->b->n;
	buf_adds(r->b, indent);
}

void results_method(struct results *r, const char *method, const char *result)
{
	buf_addc(r->b, ';');
	fold(r, "\t");
	buf_fmt(r->b, "%s=%s", method, result);
	r->any = true;
}

/* RFC 2045 token: no control, space or tspecial */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("()<>@,;:\\\"/[]?=", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

static bool is_atom(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_domain(struct str s)
{
	if (s.n == 0 || !ascii_isalnum(s.p[0]) || !ascii_isalnum(s.p[s.n - 1]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && (s.p[i] != '.' || s.p[i - 1] == '.'))
			return false;
	return true;
}

/* [ Dot-string ] "@" domain-name */
static bool is_address(struct str s)
{
	struct str local, domain;

	if (!str_cut(s, STR("@"), &local, &domain) || !is_domain(domain))
		return false;
	for (size_t i = 0; i < local.n; i++) {
		bool inner_dot = local.p[i] == '.' && i > 0 && i + 1 < local.n && local.p[i - 1] != '.';

		if (!is_atom(local.p[i]) && !inner_dot)
			return false;
	}
	return true;
}

static void put_quoted(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, (char)(ascii_isprint(s.p[i]) ? s.p[i] : '?'));
	}
	buf_addc(b, '"');
}

/* On a line of its own if it does not fit on this one. */
static void put(struct results *r, const char *name, struct str value, bool quoted)
{
	struct str kept = str_take(value, RESULTS_VALUE_MAX);

	if (r->b->n - r->line + strlen(name) + kept.n + 4 > RESULTS_COLUMN_MAX)
		fold(r, "\t ");
	else
		buf_addc(r->b, ' ');
	buf_fmt(r->b, "%s=", name);
	if (!quoted && (is_token(kept) || is_address(kept)))
		buf_addstr(r->b, kept);
	else
		put_quoted(r->b, kept);
}

void results_reason(struct results *r, struct str text)
{
	if (text.n > 0)
		put(r, "reason", text, true);
}

void results_property(struct results *r, const char *name, struct str value)
{
	put(r, name, value, false);
}

void results_end(struct results *r)
{
	if (!r->any)
		buf_adds(r->b, "; none");
	buf_adds(r->b, "\r\n");
}

void results_spf(struct results *r, const struct spf_question *q, const struct spf *spf)
{
	results_method(r, "spf", spf_word(spf->result));
	results_reason(r, spf->why);
	if (spf->helo)
		results_property(r, "smtp.helo", q->helo);
	else
		results_property(r, "smtp.mailfrom", q->sender);
}

void results_dmarc(struct results *r, const struct dmarc *d)
{
	results_method(r, "dmarc", dmarc_word(d->result));
	if (d->result != DMARC_PASS)
		results_reason(r, d->why);
	if (d->author.n > 0)
		results_property(r, "header.from", d->author);
	if (d->record.n > 0)
		results_property(r, "policy.dmarc", str_of(dmarc_policy_word(d->policy)));
}

void results_login(struct results *r, struct str login)
{
	results_method(r, "auth", "pass");
	results_property(r, "smtp.auth", login);
}

static void put_if(struct results *r, const char *name, struct str value)
{
	if (value.n > 0)
		results_property(r, name, value);
}

void results_signature(struct results *r, const struct results_signature *s)
{
	results_method(r, "dkim", s->result);
	results_reason(r, s->why);
	put_if(r, "header.d", s->domain);
	put_if(r, "header.s", s->selector);
	put_if(r, "header.i", s->identity);
	put_if(r, "header.b", s->b);
}
