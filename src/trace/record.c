#include "trace/record.h"

#include <string.h>

void book_init(struct book *b, struct source *s)
{
	*b = (struct book){ .source = s };
	zone_init(&b->zone, &b->mem);
}

void book_clear(struct book *b)
{
	map_clear(&b->names);
	arena_clear(&b->mem);
	*b = (struct book){ 0 };
}

/* "<a@b> SIZE=1" -> "a@b" */
static struct str inside_brackets(struct str s)
{
	ptrdiff_t end;

	if (s.n == 0 || s.p[0] != '<')
		return s;
	end = str_rchr(s, '>');
	return end > 0 ? (struct str){ s.p + 1, (size_t)end - 1 } : str_skip(s, 1);
}

/* prvs=TAG=user@domain and prvs=TAG/user@domain (LOG-FORMATS 1.2): the gate's log has the bare address. */
static struct str without_batv(struct str s)
{
	struct str rest = str_skip(s, 5);

	if (!str_istarts(s, STR("prvs=")))
		return s;
	for (size_t i = 0; i < rest.n && rest.p[i] != '@'; i++)
		if (rest.p[i] == '=' || rest.p[i] == '/')
			return str_skip(rest, i + 1);
	return s;
}

struct str name_bare(struct str address)
{
	struct str s = without_batv(inside_brackets(str_trim(address)));

	return str_eqz(s, "(unknown)") ? STR("") : s;
}

/* Lower case; in a local part without quotes the bytes that would end it (a space, a bracket) become \xHH, so that an
 * address is one word wherever it is shown.  Returns the length. */
static size_t spell(struct str bare, char *low, size_t cap)
{
	static const char hex[] = "0123456789abcdef";
	ptrdiff_t at = str_rchr(bare, '@');
	size_t local = at > 0 && bare.p[at - 1] != '"' ? (size_t)at : 0, n = 0;

	for (size_t i = 0; i < bare.n && n + 4 <= cap; i++) {
		unsigned char c = (unsigned char)bare.p[i];

		if (i >= local || (c > ' ' && strchr("<>,:;()[]\"", c) == NULL)) {
			low[n++] = ascii_lower(bare.p[i]);
			continue;
		}
		low[n++] = '\\';
		low[n++] = 'x';
		low[n++] = hex[c >> 4];
		low[n++] = hex[c & 15];
	}
	return n;
}

struct name *book_name(struct book *b, struct str address)
{
	/* One address may be escaped in one field and not in another: names are compared as they were given. */
	struct str bare = log_plain(&b->mem, name_bare(address));
	char low[1024];
	struct name *x;
	size_t n;

	n = spell(bare, low, sizeof(low));
	x = map_get(&b->names, str_mem(low, n));
	if (x != NULL)
		return x;
	x = arena_alloc(&b->mem, sizeof(*x));
	x->text = arena_str(&b->mem, str_mem(low, n));
	x->id = (uint32_t)b->nnames++;
	map_put(&b->names, x->text, x);
	return x;
}

struct line *line_new(struct book *b, const struct line *like)
{
	struct line *x = arena_alloc(&b->mem, sizeof(*x));

	*x = *like;
	x->next = NULL;
	return x;
}

void lines_add(struct lines *l, struct line *x)
{
	if (l->last != NULL)
		l->last->next = x;
	else
		l->first = x;
	l->last = x;
}

void parties_add(struct parties *ps, struct party *p)
{
	if (ps->last != NULL)
		ps->last->next = p;
	else
		ps->first = p;
	ps->last = p;
	ps->n++;
}

void line_fields(const struct book *b, const struct line *x, struct log_line *out)
{
	log_parse(b->source->files[x->file].family, x->raw, out);
}

static const struct source_place *place_of(const struct book *b, const struct line *x)
{
	const struct source_kept *k = b->source->files[x->file].kept;

	return k != NULL ? &k->at[x->number - 1] : NULL;
}

uint32_t line_number(const struct book *b, const struct line *x)
{
	const struct source_place *p = place_of(b, x);

	return p != NULL ? p->number : x->number;
}

uint64_t line_offset(const struct book *b, const struct line *x)
{
	const struct source_place *p = place_of(b, x);

	if (p != NULL)
		return p->offset;
	return (uint64_t)(x->raw.p - b->source->files[x->file].text.p);
}
