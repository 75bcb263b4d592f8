/* How far the clocks of two hosts are apart: the median over the messages that went from one to the other. */
#include <stdlib.h>

#include "trace/join.h"

enum { PAIRS = 64 }; /* of hosts that are looked at */

static struct hop_skew *pair_of(struct book *b, const struct foreign *from, const struct visit *to)
{
	struct hop_skew *k = b->hop_skews;
	uint64_t place = from != NULL ? from->place : HOP_OURS;

	while (k != NULL && (k->from != place || k->to != to->foreign->place))
		k = k->next;
	if (k != NULL || b->nhop_skews == PAIRS)
		return k;
	b->nhop_skews++;
	k = arena_alloc(&b->mem, sizeof(*k));
	k->from = place;
	k->to = to->foreign->place;
	k->from_host = from != NULL ? from->host : STR("this server");
	k->to_host = to->foreign->host;
	k->next = b->hop_skews;
	return b->hop_skews = k;
}

void hop_skew_add(struct book *b, const struct foreign *from, const struct attempt *a, const struct visit *to)
{
	bool other = to->foreign != NULL && (from == NULL || from->place != to->foreign->place);
	struct hop_skew *k = other ? pair_of(b, from, to) : NULL;

	if (k == NULL)
		return;
	if (k->n == k->cap) {
		k->cap = k->cap > 0 ? k->cap * 2 : 16;
		k->seconds = arena_grow(&b->mem, k->seconds, k->n, k->cap, sizeof(*k->seconds));
	}
	k->seconds[k->n++] = moment_of(b, to->final != NULL ? to->final : to->foreign->begins) - a->ended;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void hop_skew_settle(struct book *b)
{
	for (struct hop_skew *k = b->hop_skews; k != NULL; k = k->next) {
		qsort(k->seconds, k->n, sizeof(*k->seconds), by_size);
		k->median = k->seconds[k->n / 2];
	}
}
