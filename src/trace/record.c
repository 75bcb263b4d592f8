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

struct name *book_name(struct book *b, struct str address)
{
	/* One address may be escaped in one field and not in another: names are compared as they were given. */
	struct str bare = log_plain(&b->mem, name_bare(address));
	char low[1024];
	struct name *x;

	bare = str_take(bare, sizeof(low));
	for (size_t i = 0; i < bare.n; i++)
		low[i] = ascii_lower(bare.p[i]);
	x = map_get(&b->names, str_mem(low, bare.n));
	if (x != NULL)
		return x;
	x = arena_alloc(&b->mem, sizeof(*x));
	x->text = arena_str(&b->mem, str_mem(low, bare.n));
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

void line_fields(const struct book *b, const struct line *x, struct log_line *out)
{
	log_parse(b->source->files[x->file].family, x->raw, out);
}

uint64_t line_offset(const struct book *b, const struct line *x)
{
	return (uint64_t)(x->raw.p - b->source->files[x->file].text.p);
}
