#include "trace/moment.h"

#include <stdlib.h>

void book_init(struct book *b, struct source *s)
{
	*b = (struct book){ .source = s };
	b->taken_for = arena_alloc(&b->mem, sizeof(*b->taken_for));
	zone_init(&b->zone, &b->mem);
}

void book_clear(struct book *b)
{
	names_clear(&b->names);
	free(b->ids.at);
	moment_clear(b);
	free(b->ids.named);
	if (b->taken_for != NULL) {
		dict_clear(&b->taken_for->by_shape);
		arena_clear(&b->taken_for->mem);
	}
	arena_clear(&b->pools.lines);
	arena_clear(&b->pools.visits);
	arena_clear(&b->pools.parties);
	arena_clear(&b->pools.attempts);
	arena_clear(&b->pools.gates);
	arena_clear(&b->pools.stories);
	arena_clear(&b->mem);
	*b = (struct book){ 0 };
}

struct line *line_new(struct book *b, const struct line *like)
{
	struct line *x = arena_alloc(&b->pools.lines, sizeof(*x));

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

uint32_t line_number(const struct book *b, const struct line *x)
{
	return source_kept_number(b->source->files[x->file].kept, x->number);
}

uint64_t line_offset(const struct book *b, const struct line *x)
{
	return source_kept_offset(b->source->files[x->file].kept, x->number, x->at);
}

static const struct line *first_of(const struct lines *l, enum log_kind kind)
{
	const struct line *x = l->first;

	while (x != NULL && x->kind != kind)
		x = x->next;
	return x;
}

const struct line *attempt_try(const struct attempt *a)
{
	return first_of(&a->lines, LOG_DELIVERY_TRY);
}

const struct line *attempt_result(const struct attempt *a)
{
	return first_of(&a->lines, LOG_DELIVERY_RESULT);
}
