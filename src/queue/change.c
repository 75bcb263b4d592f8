/* queue/change.c - what happens to one recipient: an entry in the journal, and the same in memory. */
#include "queue/inside.h"

#include <stdlib.h>

void depot_staged(struct depot *d, struct item *it, size_t rcpt)
{
	struct journal_staged t = { it->qp, rcpt };

	d->urgent = true;
	depot_note(d, &journal_staged_type, &t);
	index_apply_staged(&d->index, &t);
}

void depot_settle(struct depot *d, struct item *it, size_t rcpt, bool delivered)
{
	struct journal_settled t = { it->qp, rcpt, delivered };

	d->urgent = true;
	depot_note(d, &journal_settled_type, &t);
	index_apply_settled(&d->index, &t);
	depot_finish(d, it);
}

void depot_defer(struct depot *d, struct item *it, size_t rcpt, int64_t next, struct str report)
{
	struct item_rcpt *r = &it->rcpts[rcpt];
	struct journal_deferred t = { it->qp, rcpt, r->attempts + 1, (uint64_t)next, str_take(report, 1000) };

	if (rcpt_final(r))
		return;
	d->urgent = true;
	depot_note(d, &journal_deferred_type, &t);
	index_apply_deferred(&d->index, &t);
	index_schedule(&d->index, it);
}

/* Waiting again: paused and alone say for what, when it is not for an attempt. */
static void release(struct depot *d, struct item *it, size_t rcpt, int64_t next, bool paused, bool alone)
{
	struct item_rcpt *r = &it->rcpts[rcpt];

	if (rcpt_final(r))
		return;
	due_remove(&d->index.due[r->channel], it, rcpt);
	index_tally(it, rcpt, -1);
	r->state = RCPT_WAITING;
	r->paused = paused;
	r->alone = alone;
	r->next = next;
	index_tally(it, rcpt, 1);
	index_schedule(&d->index, it);
}

void depot_release(struct depot *d, struct item *it, size_t rcpt, int64_t next)
{
	release(d, it, rcpt, next, false, false);
}

void depot_release_paused(struct depot *d, struct item *it, size_t rcpt, int64_t next)
{
	release(d, it, rcpt, next, true, false);
}

void depot_release_alone(struct depot *d, struct item *it, size_t rcpt, int64_t next)
{
	release(d, it, rcpt, next, false, true);
}

void depot_retry(struct depot *d, struct item *it, size_t rcpt, int64_t now)
{
	struct item_rcpt *r = &it->rcpts[rcpt];
	struct journal_deferred t = { it->qp, rcpt, r->attempts, (uint64_t)now, str_of(r->report) };

	if (r->state != RCPT_WAITING || rcpt_delivered(r))
		return;
	d->urgent = true;
	depot_note(d, &journal_deferred_type, &t);
	index_apply_deferred(&d->index, &t);
	index_schedule(&d->index, it);
}

void depot_noticed(struct depot *d, struct item *it)
{
	struct journal_noticed t = { it->qp };

	if (it->noticed)
		return;
	if (!d->recovering)
		depot_note(d, &journal_noticed_type, &t);
	index_apply_noticed(&d->index, &t);
}

const struct order *depot_order(const struct depot *d, const struct item *it, size_t rcpt)
{
	return index_order(&d->index, it, rcpt);
}

void depot_order_set(struct depot *d, struct item *it, const struct order *o)
{
	struct journal_order t = index_order_entry(it, o);

	if (rcpt_final(&it->rcpts[o->rcpt]))
		return;
	d->urgent = true;
	depot_note(d, &journal_order_type, &t);
	index_apply_order(&d->index, &t);
	index_schedule(&d->index, it);
}

void depot_pause(struct depot *d, const struct pause *p)
{
	struct journal_paused t = index_pause_entry(p);

	d->urgent = true;
	depot_note(d, &journal_paused_type, &t);
	index_apply_paused(&d->index, &t);
}

const struct pause *depot_paused(const struct depot *d, struct str name, int64_t now)
{
	const struct pause *p = d->index.pauses.n > 0 ? map_get(&d->index.pauses, name) : NULL;

	return p != NULL && p->until > now ? p : NULL;
}

const struct pause *depot_pauses(const struct depot *d, size_t *i)
{
	return map_next(&d->index.pauses, i, NULL);
}
