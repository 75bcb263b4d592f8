#include "index/kin.h"

#include <stdlib.h>

#include "base/err.h"

/* Each story's way to the first one of its family: a forest whose roots lead to themselves. */
static uint32_t root(uint32_t *up, uint32_t i)
{
	while (up[i] != i) {
		up[i] = up[up[i]];
		i = up[i];
	}
	return i;
}

static void unite(uint32_t *up, const struct story *a, const struct story *b)
{
	uint32_t x, y;

	if (b == NULL)
		return;
	x = root(up, (uint32_t)a->order);
	y = root(up, (uint32_t)b->order);
	if (x < y)
		up[y] = x;
	else
		up[x] = y;
}

static void unite_tied(uint32_t *up, const struct story *s, const struct ties *t)
{
	unite(up, s, t->parent);
	unite(up, s, t->child);
	unite(up, s, t->sibling);
	unite(up, s, t->first_tries);
	unite(up, s, t->next_try);
	unite(up, s, t->part_of);
}

static void unite_all(uint32_t *up, const struct story *s)
{
	if (s->ties != NULL)
		unite_tied(up, s, s->ties);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		unite(up, s, p->first_try != NULL ? p->first_try->story : NULL);
		unite(up, s, p->seen_again != NULL ? p->seen_again->story : NULL);
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			unite(up, s, a->onward);
	}
}

void kin_find(struct kin *k, const struct tale *t)
{
	uint32_t *up = mem_alloc((t->n + 1) * sizeof(*up)), *next;

	*k = (struct kin){ .n = t->n };
	k->stories = mem_alloc((t->n + 1) * sizeof(struct story *));
	k->first = mem_alloc((t->n + 2) * sizeof(*k->first));
	k->family = up;
	for (uint32_t i = 0; i < t->n; i++)
		up[i] = i;
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		unite_all(up, s);
	/* a root stands before all that lead to it, so that it has its number by then */
	for (uint32_t i = 0; i < t->n; i++)
		up[i] = root(up, i);
	for (uint32_t i = 0; i < t->n; i++) {
		up[i] = up[i] == i ? (uint32_t)k->families++ : up[up[i]];
		k->first[up[i] + 1]++;
	}
	for (size_t f = 0; f < k->families; f++)
		k->first[f + 1] += k->first[f];
	next = mem_alloc((k->families + 1) * sizeof(*next));
	for (struct story *s = t->stories; s != NULL; s = s->later) {
		uint32_t f = k->family[s->order];

		k->stories[k->first[f] + next[f]++] = s;
	}
	free(next);
}

void kin_clear(struct kin *k)
{
	free(k->stories);
	free(k->first);
	free(k->family);
	*k = (struct kin){ 0 };
}
