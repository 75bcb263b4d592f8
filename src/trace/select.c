#include "trace/select.h"

#include <stdlib.h>

struct looker {
	const struct filter *f;
	bool found;
};

static bool address_fits(const struct filter *f, const struct name *x)
{
	return x != NULL && str_glob(f->pattern, x->text);
}

static bool party_fits(const struct filter *f, const struct party *p)
{
	if (address_fits(f, p->name))
		return true;
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (address_fits(f, a->to))
			return true;
	return false;
}

static bool to_fits(const struct filter *f, const struct story *s, const struct scope *sc)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (party_fits(f, p) && scope_party(sc, s, p))
			return true;
	return false;
}

static bool ip_fits(const struct filter *f, const struct story *s)
{
	for (const struct story *first = s->first_tries; first != NULL; first = first->next_try)
		if (ip_fits(f, first))
			return true;
	if (s->visit != NULL && ip_net_has(&f->net, s->visit->ip))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			if (ip_net_has(&f->net, g->ip))
				return true;
	return false;
}

static void look_for_text(void *with, const struct line *x)
{
	struct looker *l = with;

	l->found = l->found || str_glob(l->f->pattern, x->raw);
}

static bool text_fits(const struct filter *f, const struct story *s)
{
	struct looker l = { .f = f };

	story_each_line(s, look_for_text, &l);
	return l.found;
}

static bool qp_fits(uint64_t id, const struct story *s)
{
	return s->qp == id;
}

static bool connection_fits(uint64_t id, const struct story *s)
{
	for (const struct story *first = s->first_tries; first != NULL; first = first->next_try)
		if (connection_fits(id, first))
			return true;
	if (s->visit != NULL && s->visit->connection == id)
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			if (g->connection == id)
				return true;
	return false;
}

static bool delivery_fits(uint64_t id, const struct story *s)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			if (a->number == id)
				return true;
	return false;
}

static bool id_fits(const struct filter *f, const struct story *s)
{
	if (f->number == 0)
		return text_fits(f, s);
	return ((f->id == ID_ANY || f->id == ID_QP) && qp_fits(f->number, s)) ||
	       ((f->id == ID_ANY || f->id == ID_CONNECTION) && connection_fits(f->number, s)) ||
	       ((f->id == ID_ANY || f->id == ID_DELIVERY) && delivery_fits(f->number, s));
}

static bool reason_in(const struct filter *f, const struct line *x)
{
	return x != NULL && str_glob(f->pattern, x->raw);
}

static bool reason_fits(const struct filter *f, const struct story *s)
{
	for (const struct story *first = s->first_tries; first != NULL; first = first->next_try)
		if (reason_fits(f, first))
			return true;
	if (s->visit != NULL && (reason_in(f, s->visit->gate_refusal) || reason_in(f, s->visit->final)))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		if (reason_in(f, p->check) || reason_in(f, p->gate_line) || reason_in(f, p->resp))
			return true;
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			if (str_glob(f->pattern, g->code) || str_glob(f->pattern, g->reason))
				return true;
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			if (str_glob(f->pattern, a->report))
				return true;
	}
	return false;
}

static bool verdict_fits(const struct filter *f, const struct book *b, const struct story *s, const struct scope *sc)
{
	if (s->parties.first == NULL || f->verdict == VERDICT_MIXED)
		return s->verdict == f->verdict;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (verdict_of_party(b, s, p) == f->verdict && scope_party(sc, s, p))
			return true;
	return false;
}

static bool port_fits(const struct filter *f, const struct book *b, const struct story *s)
{
	return s->visit != NULL && str_eq(b->source->files[s->visit->lines.first->file].label, f->value);
}

static bool fits(const struct filter *f, const struct book *b, const struct story *s, const struct scope *sc)
{
	switch (f->kind) {
	case FILTER_FROM:
		return address_fits(f, s->from);
	case FILTER_TO:
		return to_fits(f, s, sc);
	case FILTER_ANY:
		return address_fits(f, s->from) || to_fits(f, s, sc) ||
		       (s->visit != NULL && s->visit->user.n > 0 && str_glob(f->pattern, s->visit->user));
	case FILTER_IP:
		return ip_fits(f, s);
	case FILTER_ID:
		return id_fits(f, s);
	case FILTER_VERDICT:
		return verdict_fits(f, b, s, sc);
	case FILTER_REASON:
		return reason_fits(f, s);
	case FILTER_PORT:
		return port_fits(f, b, s);
	case FILTER_TEXT:
		return text_fits(f, s);
	case FILTER_KINDS:
		break;
	}
	return false;
}

static bool answers(const struct chosen *c, const struct book *b, const struct story *s, const struct question *q,
		    const struct scope *sc)
{
	if (s->part_of != NULL || s->time < c->span.from || s->time >= c->span.to || !scope_story(sc, s))
		return false;
	for (size_t i = 0; i < q->n; i++)
		if (!fits(&q->filters[i], b, s, sc))
			return false;
	return true;
}

struct span select_span(const struct question *q, const struct day_frame *f)
{
	struct span all = { INT64_MIN, INT64_MAX }, x;

	if (q->on_text.n > 0 && day_resolve(&q->on, f, true, &x))
		all = x;
	if (q->after_text.n > 0 && day_resolve(&q->after, f, false, &x) && x.from > all.from)
		all.from = x.from;
	if (q->before_text.n > 0 && day_resolve(&q->before, f, false, &x) && x.from < all.to)
		all.to = x.from;
	return all;
}

static int newest_first(const void *a, const void *b)
{
	const struct story *x = *(const struct story *const *)a, *y = *(const struct story *const *)b;

	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return x->order > y->order ? -1 : x->order < y->order;
}

void select_stories(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc)
{
	c->at = arena_alloc(&t->book->mem, (t->n + 1) * sizeof(struct story *));
	c->n = 0;
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		if (answers(c, t->book, s, q, sc))
			c->at[c->n++] = s;
	if (c->n > 0)
		qsort(c->at, c->n, sizeof(struct story *), newest_first);
}
