#include "base/timers.h"

#include <stdlib.h>
#include "base/err.h"

enum { FIRST_ROOM = 64 };

void timers_clear(struct timers *t)
{
	free(t->heap);
	*t = (struct timers){ 0 };
}

static void put_at(struct timers *t, size_t i, struct timer *r)
{
	t->heap[i] = r;
	r->place = i;
}

static void sift(struct timers *t, size_t i, struct timer *r)
{
	for (; i > 1 && t->heap[i / 2]->at > r->at; i /= 2)
		put_at(t, i, t->heap[i / 2]);
	for (size_t child; (child = 2 * i) <= t->n; i = child) {
		if (child < t->n && t->heap[child + 1]->at < t->heap[child]->at)
			child++;
		if (t->heap[child]->at >= r->at)
			break;
		put_at(t, i, t->heap[child]);
	}
	put_at(t, i, r);
}

void timer_set(struct timers *t, struct timer *r, int64_t at)
{
	MUST(r->place == 0);
	if (t->n + 1 >= t->room) {
		t->room = t->room > 0 ? 2 * t->room : FIRST_ROOM;
		t->heap = mem_grow(t->heap, t->room * sizeof(struct timer *));
	}
	r->at = at;
	t->n++;
	sift(t, t->n, r);
}

void timer_stop(struct timers *t, struct timer *r)
{
	size_t i = r->place;
	struct timer *last;

	if (i == 0)
		return;
	r->place = 0;
	last = t->heap[t->n--];
	if (last != r)
		sift(t, i, last);
}

struct timer *timers_first(const struct timers *t)
{
	return t->n > 0 ? t->heap[1] : NULL;
}
