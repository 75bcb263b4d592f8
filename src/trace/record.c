#include "trace/moment.h"

#include <stdlib.h>

void book_init(struct book *b, struct source *s)
{
	*b = (struct book){ .source = s };
	zone_init(&b->zone, &b->mem);
}

void book_clear(struct book *b)
{
	names_clear(&b->names);
	free(b->ids.at);
	moment_clear(b);
	free(b->ids.named);
	arena_clear(&b->mem);
	*b = (struct book){ 0 };
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
	log_parse(b->source->files[x->file].family, line_raw(b, x), out);
}

struct str line_raw(const struct book *b, const struct line *x)
{
	const char *text =
	    b->kept ? ((const struct kept_line *)(const void *)x)->text : b->source->files[x->file].text.p + x->at;

	return str_mem(text, x->length);
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

	return p != NULL ? p->offset : x->at;
}
