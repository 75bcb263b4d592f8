#include "vouch/tags.h"

#include "base/cur.h"
#include "base/utf8.h"

/*	tag-list = tag-spec *( ";" tag-spec ) [ ";" ]
 *	tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
 */

bool tags_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
	return ascii_isalnum(c) || c == '_';
}

static bool is_value(char c)
{
	return c != ';';
}

/* Visible ASCII, white space, well-formed UTF-8. */
static bool value_ok(struct str s)
{
	uint32_t code;

	while (s.n > 0) {
		bool ascii = (unsigned char)s.p[0] < 0x80;
		size_t n = ascii ? 1 : utf8_at(s, &code);

		if (n == 0 || (ascii && !ascii_isprint(s.p[0]) && !tags_is_blank(s.p[0])))
			return false;
		s = str_skip(s, n);
	}
	return true;
}

static void take_tag(struct cur *c, struct tags *out)
{
	struct tag t;

	cur_span(c, tags_is_blank, NULL);
	t.name = cur_span(c, is_name, "a tag has no name");
	if (t.name.n > 0 && !ascii_isalpha(t.name.p[0]))
		cur_fail(c, "a tag's name does not begin with a letter");
	cur_span(c, tags_is_blank, NULL);
	cur_want(c, '=', "a tag has no =");
	t.place = cur_span(c, is_value, NULL);
	t.value = str_trim(t.place);
	if (c->why != NULL)
		return;
	if (!value_ok(t.value))
		cur_fail(c, "a tag holds a byte that cannot stand there");
	for (size_t i = 0; i < out->n; i++)
		if (str_eq(out->list[i].name, t.name))
			cur_fail(c, "a tag comes twice");
	if (out->n == TAGS_MAX)
		cur_fail(c, "too many tags");
	if (c->why == NULL)
		out->list[out->n++] = t;
}

bool tags_parse(struct str text, struct tags *out)
{
	struct cur c = cur_of(text);

	out->n = 0;
	if (text.n > TAGS_TEXT_MAX)
		cur_fail(&c, "the list of tags is too long");
	do {
		take_tag(&c, out);
	} while (cur_try(&c, ';') && str_trim(cur_rest(&c)).n > 0);
	out->why = c.why;
	return c.why == NULL;
}

const struct tag *tags_get(const struct tags *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eqz(t->list[i].name, name))
			return &t->list[i];
	return NULL;
}

struct str tags_unblank(struct str value, struct arena *a)
{
	char *out = arena_alloc(a, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		if (!tags_is_blank(value.p[i]))
			out[n++] = value.p[i];
	return str_mem(out, n);
}

bool tags_item(struct str *rest, struct str *item)
{
	struct str head, tail;

	if (rest->p == NULL)
		return false;
	if (!str_cut(*rest, STR(":"), &head, &tail))
		tail = (struct str){ NULL, 0 };
	*item = str_trim(head);
	*rest = tail;
	return true;
}
