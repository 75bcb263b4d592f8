#include "index/pairs.h"

#include <stdlib.h>

#include "index/chapter.h"
#include "index/inside.h"
#include "index/touch.h"

struct pairs {
	struct named_list {
		uint64_t chapter;
		struct pair_list l;
	} of[INDEX_CHAPTERS + 1]; /* the oldest first */
	size_t n, all;
	struct pair_list fresh;
	size_t cap; /* of it */
};

struct pairs *pairs_new(void)
{
	return mem_alloc(sizeof(struct pairs));
}

void pairs_free(struct pairs *p)
{
	for (size_t i = 0; p != NULL && i < p->n; i++)
		free(p->of[i].l.at);
	if (p != NULL)
		free(p->fresh.at);
	free(p);
}

static void add(struct pairs *p, const struct name *from, const struct name *to)
{
	if (p->fresh.n == p->cap) {
		p->cap = 2 * p->cap + 1024;
		p->fresh.at = mem_grow(p->fresh.at, p->cap * sizeof(uint32_t));
	}
	p->fresh.at[p->fresh.n++] = touch_pair_hash(from, to);
}

static void add_recipients(struct pairs *p, const struct story *s, const struct name *from)
{
	for (const struct party *x = s->parties.first; x != NULL; x = x->next) {
		add(p, from, x->name);
		for (const struct attempt *a = x->attempts; a != NULL; a = a->next)
			if (a->to != x->name)
				add(p, from, a->to);
	}
}

/* What the gate says of a sender is mostly what the visit says. */
static void gather(struct pairs *p, const struct story *s)
{
	add_recipients(p, s, s->from);
	for (const struct party *x = s->parties.first; x != NULL; x = x->next)
		for (const struct gate *g = x->gates; g != NULL; g = g->next)
			if (g->from != s->from)
				add_recipients(p, s, g->from);
}

static int by_hash(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort(struct pair_list *l)
{
	size_t n = 0;

	if (l->n > 0)
		qsort(l->at, l->n, sizeof(*l->at), by_hash);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || l->at[n - 1] != l->at[i])
			l->at[n++] = l->at[i];
	l->n = n;
}

void pairs_gather(struct pairs *p, const struct tale *t)
{
	if (p == NULL)
		return;
	p->fresh.n = 0;
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		gather(p, s);
	sort(&p->fresh);
}

static void forget_oldest(struct pairs *p)
{
	p->all -= p->of[0].l.n;
	free(p->of[0].l.at);
	p->n--;
	for (size_t i = 0; i < p->n; i++)
		p->of[i] = p->of[i + 1];
}

void pairs_name(struct pairs *p, uint64_t chapter)
{
	if (p == NULL)
		return;
	while (p->n > 0 && (p->n == COUNT(p->of) || p->all + p->fresh.n > PAIRS_MOST))
		forget_oldest(p);
	p->of[p->n++] = (struct named_list){ chapter, p->fresh };
	p->all += p->fresh.n;
	p->fresh = (struct pair_list){ NULL, 0 };
	p->cap = 0;
}

const struct pair_list *pairs_of(const struct pairs *p, uint64_t chapter)
{
	for (size_t i = 0; p != NULL && i < p->n; i++)
		if (p->of[i].chapter == chapter)
			return &p->of[i].l;
	return NULL;
}

bool pairs_has(const struct pair_list *l, uint32_t hash)
{
	return bsearch(&hash, l->at, l->n, sizeof(hash), by_hash) != NULL;
}
