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

void depot_release(struct depot *d, struct item *it, size_t rcpt, int64_t next)
{
	struct item_rcpt *r = &it->rcpts[rcpt];

	if (rcpt_final(r))
		return;
	due_remove(&d->index.due[r->channel], it, rcpt);
	index_tally(it, rcpt, -1);
	r->state = RCPT_WAITING;
	r->next = next;
	index_tally(it, rcpt, 1);
	index_schedule(&d->index, it);
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

void depot_hold(struct depot *d, struct item *it, size_t rcpt, bool held)
{
	struct journal_held t = { it->qp, rcpt, held };

	if (rcpt_final(&it->rcpts[rcpt]) || it->rcpts[rcpt].held == held)
		return;
	d->urgent = true;
	depot_note(d, &journal_held_type, &t);
	index_apply_held(&d->index, &t);
	index_schedule(&d->index, it);
}
