#include <string.h>
#include "base/cur.h"
#include "vouch/results.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 token, and what is not ASCII */
static bool is_token(char c)
{
	return (unsigned char)c >= 0x80 || (c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL);
}

static void skip_comment(struct cur *c)
{
	size_t depth = 1;

	while (cur_ok(c) && depth > 0) {
		int ch = cur_next(c);

		if (ch == '\\')
			ch = cur_next(c) < 0 ? -1 : ' ';
		if (ch < 0)
			cur_fail(c, "a comment does not end");
		depth += (size_t)(ch == '(');
		depth -= (size_t)(ch == ')');
	}
}

static void skip_cfws(struct cur *c)
{
	do
		cur_span(c, is_space, NULL);
	while (cur_try(c, '(') && (skip_comment(c), cur_ok(c)));
}

/* Takes the id byte by byte (case folded), so that nothing is copied: is it `id`? */
struct match {
	struct str id;
	size_t at;
	bool differs;
};

static void feed(struct match *m, char c)
{
	if (m->at >= m->id.n || ascii_lower(m->id.p[m->at]) != ascii_lower(c))
		m->differs = true;
	m->at++;
}

static void feed_quoted(struct cur *c, struct match *m)
{
	while (cur_ok(c) && !cur_try(c, '"')) {
		int ch = cur_next(c);

		if (ch == '\\')
			ch = cur_next(c);
		if (ch < 0)
			cur_fail(c, "a quoted string does not end");
		else if (ch != '\r' && ch != '\n')
			feed(m, (char)ch);
	}
}

/* authserv-id = token / quoted-string; false: there is none */
static bool take_id(struct cur *c, struct str id, bool *same)
{
	struct match m = { .id = id };

	skip_cfws(c);
	if (cur_try(c, '"')) {
		feed_quoted(c, &m);
	} else {
		struct str token = cur_span(c, is_token, NULL);

		while (token.n > 0 && token.p[token.n - 1] == '.')
			token.n--;
		for (size_t i = 0; i < token.n; i++)
			feed(&m, token.p[i]);
	}
	*same = cur_ok(c) && !m.differs && m.at == id.n;
	return cur_ok(c) && m.at > 0;
}

/* Does id stand anywhere in it, as a lenient reader may see it? */
static bool mentions(struct str value, struct str id)
{
	for (; id.n > 0 && value.n >= id.n; value = str_skip(value, 1))
		if (ascii_lower(value.p[0]) == ascii_lower(id.p[0]) && str_istarts(value, id))
			return true;
	return false;
}

/* [CFWS] authserv-id [ CFWS authres-version ] [CFWS] ";" */
enum results_claim results_claims(struct str name, struct str value, struct str id)
{
	struct cur c = cur_of(value);
	bool same, has;

	if (!str_ieq(str_trim(name), STR("Authentication-Results")))
		return RESULTS_NOT;
	has = take_id(&c, id, &same);
	if (same)
		return RESULTS_OURS;
	skip_cfws(&c);
	cur_span(&c, ascii_isdigit, NULL);
	skip_cfws(&c);
	if (has && cur_ok(&c) && (cur_end(&c) || cur_peek(&c) == ';'))
		return RESULTS_OTHER;
	return mentions(value, id) ? RESULTS_OURS : RESULTS_MALFORMED;
}
