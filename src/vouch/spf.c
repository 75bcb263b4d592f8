#include "vouch/spf.h"

#include <string.h>
#include "base/buf.h"
#include "dns/name.h"
#include "vouch/spf_inside.h"
#include "vouch/text.h"

static const char *const words[] = { "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror" };

const char *spf_word(enum spf_result result)
{
	return words[result];
}

/* 4.3: a name of several labels that can be asked, and no address literal */
static bool is_full_name(struct str name)
{
	return dns_name_ok(name) && name.p[0] != '[' && str_chr(str_take(name, name.n - 1), '.') > 0;
}

/* 4.5: of the domain's texts the one that is a record.  SPF_NEUTRAL: here it is. */
static enum spf_result select_record(struct spf_run *r, const struct dns_question *q, struct str *text)
{
	size_t found = 0;

	for (size_t i = 0; i < q->n; i++) {
		struct str txt = vouch_txt(q->rdata[i], r->a);

		if (!spf_record_is(txt))
			continue;
		*text = txt;
		found++;
	}
	if (found == 1)
		return SPF_NEUTRAL;
	r->why = arena_fmt(r->a, "%.*s has %s", STR_ARG(r->domain),
			   found == 0 ? "no SPF record" : "more than one SPF record");
	return found == 0 ? SPF_NONE : SPF_PERMERROR;
}

static enum spf_result find_record(struct spf_run *r, struct spf_record *record)
{
	struct dns_question q;
	struct str text, wrong, domain = vouch_shown(r->domain, SPF_SHOWN_MAX, r->a);
	enum spf_result result;

	r->where = r->domain;
	if (!is_full_name(r->domain)) {
		r->why = arena_fmt(r->a, "\"%.*s\" is not a full domain name", STR_ARG(domain));
		return SPF_NONE;
	}
	q = spf_ask(r, r->domain, DNS_TXT);
	if (q.status == DNS_FAILED) {
		spf_temperror(r, &q);
		return SPF_TEMPERROR;
	}
	result = select_record(r, &q, &text);
	if (result != SPF_NEUTRAL || spf_record_read(text, record))
		return result;
	r->term = record->wrong;
	wrong = vouch_shown(record->wrong, SPF_SHOWN_MAX, r->a);
	r->why = arena_fmt(r->a, "%s: \"%.*s\", in the record of %.*s", record->why, STR_ARG(wrong), STR_ARG(domain));
	return SPF_PERMERROR;
}

/* 4.6.4: terms that ask */
static bool too_many_terms(struct spf_run *r)
{
	if (r->lookups++ < SPF_LOOKUPS_MAX)
		return false;
	r->lookups = SPF_LOOKUPS_MAX;
	spf_permerror(r, "more than 10 terms that ask DNS");
	return true;
}

static bool term_asks(const struct spf_term *t)
{
	return t->mechanism != SPF_ALL && t->mechanism != SPF_IP4 && t->mechanism != SPF_IP6;
}

/* Enter the record that an include or a redirect names. */
static void follow(struct spf_run *r, struct str text, struct str spec)
{
	r->trail[r->depth++] = text;
	r->term = STR("");
	r->domain = spf_target(r, spec);
}

static enum spf_result check_host(struct spf_run *r);

/* 5.2 */
static enum spf_match match_include(struct spf_run *r, const struct spf_term *t)
{
	struct str domain = r->domain;
	size_t depth = r->depth;
	enum spf_result result;

	follow(r, t->text, t->spec);
	result = check_host(r);
	r->domain = domain;
	if (result == SPF_NONE || result == SPF_PERMERROR)
		return SPF_MATCH_PERMERROR;
	if (result == SPF_TEMPERROR)
		return SPF_MATCH_TEMPERROR;
	if (result == SPF_PASS)
		return SPF_MATCH;
	r->depth = depth;
	return SPF_NO_MATCH;
}

static enum spf_match match(struct spf_run *r, const struct spf_term *t)
{
	r->term = t->text;
	r->where = r->domain;
	if (term_asks(t) && too_many_terms(r))
		return SPF_MATCH_PERMERROR;
	return t->mechanism == SPF_INCLUDE ? match_include(r, t) : spf_match(r, t);
}

/* 4.6.2: the first directive that matches.  False: none did. */
static bool evaluate(struct spf_run *r, struct str terms, enum spf_result *result)
{
	const char *why;
	struct spf_term t;

	while (spf_term_next(&terms, &t, &why)) {
		enum spf_match m;

		if (t.modifier.n > 0)
			continue;
		m = match(r, &t);
		if (m == SPF_NO_MATCH)
			continue;
		*result = m == SPF_MATCH ? t.qualifier : m == SPF_MATCH_TEMPERROR ? SPF_TEMPERROR : SPF_PERMERROR;
		return true;
	}
	r->term = STR("");
	r->where = r->domain;
	return false;
}

/* 4: the result for r->domain, which follows redirects; r->exp then is the domain-spec of its explanation. */
static enum spf_result check_host(struct spf_run *r)
{
	bool redirected = false;

	for (;;) {
		struct spf_record record = { 0 };
		enum spf_result result = find_record(r, &record);

		if (result == SPF_NONE && redirected)
			return SPF_PERMERROR;
		if (result != SPF_NEUTRAL)
			return result;
		if (evaluate(r, record.terms, &result) || record.redirect.n == 0) {
			r->exp = record.exp;
			return result;
		}
		r->term = record.redirect_text;
		if (too_many_terms(r))
			return SPF_PERMERROR;
		follow(r, record.redirect_text, record.redirect);
		redirected = true;
	}
}

/* 6.2: no explanation where anything about it is wrong */
static struct str explain(struct spf_run *r)
{
	struct dns_question q;
	struct str text;

	if (r->exp.n == 0)
		return STR("");
	q = spf_ask(r, spf_target(r, r->exp), DNS_TXT);
	if (q.status != DNS_FOUND || q.n != 1)
		return STR("");
	text = vouch_txt(q.rdata[0], r->a);
	if (!spf_macros_ok(text, true))
		return STR("");
	return vouch_shown(spf_expand(r, text, true), SPF_EXPLANATION_MAX, r->a);
}

/* 5: an IPv4 client is one also where its address comes in IPv6 clothes */
static bool take_address(struct spf_run *r, struct str ip)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char text[INET6_ADDRSTRLEN];

	r->family = AF_INET;
	if (!inet_bytes(AF_INET, ip, r->ip)) {
		if (!inet_bytes(AF_INET6, ip, r->ip))
			return false;
		r->family = AF_INET6;
		if (memcmp(r->ip, mapped, sizeof(mapped)) == 0) {
			r->family = AF_INET;
			memmove(r->ip, r->ip + sizeof(mapped), 4);
		}
	}
	inet_ntop(r->family, r->ip, text, sizeof(text));
	r->address = arena_str(r->a, str_of(text));
	return true;
}

static struct str without_dot(struct str name)
{
	return name.n > 0 && name.p[name.n - 1] == '.' ? str_take(name, name.n - 1) : name;
}

/* 2.4, 4.3 */
static void take_sender(struct spf_run *r, struct str sender)
{
	ptrdiff_t at = str_rchr(sender, '@');
	struct str local = at > 0 ? str_take(sender, (size_t)at) : STR("postmaster");

	r->sender_domain = without_dot(sender.n == 0 ? r->helo : str_skip(sender, (size_t)(at + 1)));
	r->local = local;
	r->sender = arena_fmt(r->a, "%.*s@%.*s", STR_ARG(local), STR_ARG(r->sender_domain));
	r->domain = r->sender_domain;
}

static struct str trail_text(const struct spf_run *r)
{
	BUF(b);

	for (size_t i = 0; i < r->depth; i++) {
		struct str step = vouch_shown(r->trail[i], SPF_SHOWN_MAX, r->a);

		buf_adds(&b, i > 0 ? " > " : "");
		buf_addstr(&b, step);
	}
	return arena_str(r->a, buf_str(&b));
}

void spf_check(const struct vouch_ask *ask, const struct spf_question *q, struct arena *a, struct spf *out)
{
	struct spf_run r = { .ask = ask, .a = a, .deadline = q->deadline, .helo = q->helo, .host = q->host };
	struct spf spf = { .helo = q->sender.n == 0 };

	take_sender(&r, q->sender);
	spf.domain = vouch_shown(r.domain, SPF_SHOWN_MAX, a);
	if (take_address(&r, q->ip))
		spf.result = check_host(&r);
	else
		r.why = STR("the client's address is neither IPv4 nor IPv6");
	spf.where = vouch_shown(r.where, SPF_SHOWN_MAX, a);
	spf.via = trail_text(&r);
	spf.term = vouch_shown(r.term, SPF_SHOWN_MAX, a);
	if (spf.result == SPF_FAIL)
		spf.explanation = explain(&r);
	if (spf.result == SPF_NONE || spf.result == SPF_TEMPERROR || spf.result == SPF_PERMERROR)
		spf.why = r.why;
	spf.lookups = r.lookups;
	spf.voids = r.voids;
	*out = spf;
}
