#include "vouch/author.h"

#include <string.h>
#include "base/cur.h"
#include "mail/addr.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* atext and the dots between; what is not ASCII stands in words only */
static bool is_word(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL) || (unsigned char)c >= 0x80;
}

static bool is_domain(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

static void add(struct authors *x, struct str domain, struct arena *a)
{
	for (size_t i = 0; i < x->n; i++)
		if (str_ieq(x->domain[i], domain))
			return;
	if (x->n == AUTHORS_MAX)
		x->more = true;
	else
		x->domain[x->n++] = arena_lower(a, domain);
}

/* The rest of a comment or a quoted string up to `end`; a backslash takes the next byte. */
static void skip_quoted(struct cur *c, char end)
{
	int depth = 1;

	while (cur_ok(c) && depth > 0) {
		int ch = cur_next(c);

		if (ch == '\\')
			ch = cur_next(c) < 0 ? -1 : 'x';
		if (ch <= 0)
			cur_fail(c, "something quoted does not end");
		else if (ch == end)
			depth--;
		else if (ch == '(' && end == ')' && ++depth > AUTHOR_DEPTH_MAX)
			cur_fail(c, "too many comments in comments");
	}
}

static void skip_space(struct cur *c)
{
	do
		cur_span(c, is_space, NULL);
	while (cur_try(c, '(') && (skip_quoted(c, ')'), cur_ok(c)));
}

/* Words of a display name or a local part: how many. */
static unsigned skip_words(struct cur *c)
{
	unsigned n = 0;

	for (skip_space(c); cur_ok(c); skip_space(c), n++) {
		if (cur_try(c, '"'))
			skip_quoted(c, '"');
		else if (cur_span(c, is_word, NULL).n == 0)
			break;
	}
	return n;
}

/* Behind the @ */
static void take_domain(struct cur *c, struct authors *x, struct arena *a)
{
	struct str domain;

	skip_space(c);
	domain = cur_span(c, is_domain, "a domain is malformed");
	if (cur_ok(c) && !addr_domain_ok(domain))
		cur_fail(c, "a domain is malformed");
	skip_space(c);
	if (cur_ok(c))
		add(x, domain, a);
}

/* name-addr or addr-spec; true: it was the head of a group */
static bool take_address(struct cur *c, struct authors *x, struct arena *a)
{
	unsigned words = skip_words(c);

	if (words > 0 && cur_try(c, ':'))
		return true;
	if (cur_try(c, '<')) {
		words = skip_words(c);
		cur_want(c, '@', "an address has no domain");
		take_domain(c, x, a);
		cur_want(c, '>', "an address does not end");
		skip_space(c);
	} else {
		cur_want(c, '@', "an address has no domain");
		take_domain(c, x, a);
	}
	if (words != 1)
		cur_fail(c, "a local part is malformed");
	return false;
}

/* address *( "," address ), groups with them; empty places are old syntax */
static void take_list(struct cur *c, struct authors *x, struct arena *a)
{
	bool group = false;

	for (skip_space(c); cur_ok(c) && !cur_end(c); skip_space(c)) {
		if (cur_try(c, ','))
			continue;
		if (group && cur_try(c, ';')) {
			group = false;
			skip_space(c);
		} else if (take_address(c, x, a)) {
			if (group)
				cur_fail(c, "a group in a group");
			group = true;
			continue;
		}
		if (cur_ok(c) && !cur_end(c) && cur_peek(c) != ',' && !(group && cur_peek(c) == ';'))
			cur_fail(c, "addresses without a comma between them");
	}
	if (group)
		cur_fail(c, "a group does not end");
}

/* Can this byte stand behind a domain (and white space) without being taken for a part of it? */
static bool ends_domain(int c)
{
	return c < 0 || ascii_isalnum((char)c) || (c != '\0' && strchr("<>(),;:\"@", c) != NULL);
}

/* Whatever stands behind an @, as a lenient reader may see it; what may be read in several ways is somebody else. */
static void take_any(struct str text, struct authors *x, struct arena *a)
{
	struct str before;

	while (str_cut(text, STR("@"), &before, &text)) {
		struct cur c = cur_of(text);
		struct str domain;

		cur_span(&c, is_space, NULL);
		domain = cur_span(&c, is_domain, NULL);
		cur_span(&c, is_space, NULL);
		while (domain.n > 0 && domain.p[domain.n - 1] == '.')
			domain.n--;
		if (addr_domain_ok(domain))
			add(x, domain, a);
		if (!addr_domain_ok(domain) || !ends_domain(cur_peek(&c)))
			x->more = true;
	}
}

static void read_field(struct str field, struct arena *a, struct authors *x)
{
	struct str kept = str_take(field, AUTHOR_FIELD_MAX);
	struct cur c = cur_of(kept);

	if (field.n > kept.n)
		cur_fail(&c, "From is too long");
	take_list(&c, x, a);
	if (cur_ok(&c))
		return;
	if (x->why == NULL)
		x->why = c.why;
	take_any(field, x, a);
}

void authors_read(const struct str *from, size_t n, struct arena *a, struct authors *out)
{
	*out = (struct authors){ .why = n == 0 ? "there is no From" : n > 1 ? "there is more than one From" : NULL };
	for (size_t i = 0; i < n; i++)
		read_field(from[i], a, out);
	if (out->why == NULL && out->n == 0)
		out->why = "From has no address";
	if (out->why == NULL && out->n > 1)
		out->why = "From has addresses of several domains";
}
