/* queue/compact.c - live records leave segments that are mostly dead.
 *
 * A few deferred messages can hold many segments.  When segments take several
 * times the room of what lives in them, the one with the least life is emptied:
 * its records are copied into our own segment, their entries say the new
 * place, and the sync that makes both durable also lets the old file go.
 */
#include "queue/inside.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
	EVERY_MS = 1000,
	SLACK_SEGMENTS = 2,
	SLACK_TIMES = 4,
	MOSTLY_DEAD = 8,
	LOOK_MOST = 20000 /* messages in a turn */
};

static bool mostly_dead(const struct seg *s)
{
	return s->exists && s->sealed && !s->leaving && !s->stuck && s->live > 0 &&
	       s->live_bytes < s->head.size / MOSTLY_DEAD;
}

/* The one to empty, if the disk is worth it. */
static struct seg *victim(struct depot *d)
{
	uint64_t room = 0;
	struct seg *s, *best = NULL;

	for (size_t i = 0; (s = map_next(&d->index.segs, &i, NULL)) != NULL;) {
		room += s->sealed ? s->head.size : 0;
		if (mostly_dead(s) && (best == NULL || s->live_bytes < best->live_bytes))
			best = s;
	}
	return room > SLACK_TIMES * d->index.live_bytes + SLACK_SEGMENTS * d->set.segment_size ? best : NULL;
}

static int move(struct depot *d, struct item *it, struct err *e)
{
	struct scan_hit hit;
	struct parts p;
	struct journal_taken t;
	char *channels;
	int rc;

	if (item_load(d, it, &hit, e) < 0)
		return -1;
	p = (struct parts){ hit.r, hit.envelope, hit.head, hit.body };
	rc = depot_append(d, &p, e);
	item_unload(&hit);
	if (rc < 0)
		return -1;
	channels = mem_alloc(it->nrcpts);
	t = index_entry(it, channels);
	t.segment = p.r.segment;
	t.offset = p.r.offset;
	depot_note(d, &journal_taken_type, &t);
	(void)index_apply_taken(&d->index, &t);
	/* A new journal that does not list it yet has its place now, and would lack what was settled before. */
	if (d->fresh.on && it->qp >= d->fresh.next)
		index_list_item(&d->index, it, &d->fresh.journal);
	free(channels);
	return 0;
}

/* Some of the messages are looked at; true when all were. */
static bool empty_some(struct depot *d, struct seg *s)
{
	struct err e = { 0 };
	struct item *it;

	for (size_t n = 0; n < LOOK_MOST; n++) {
		it = s->stuck ? NULL : depot_walk(d, &d->emptied);
		if (it == NULL)
			return true;
		if (it->segment != s->head.id || move(d, it, &e) == 0)
			continue;
		s->stuck = true; /* something in it cannot be read: it stays as it is */
		depot_complain(d, "%s", e.text);
	}
	return false;
}

void depot_compact(struct depot *d)
{
	struct seg *s = d->emptying != 0 ? index_seg(&d->index, d->emptying) : NULL;

	if (s == NULL && clock_mono() >= d->compact_at) {
		d->compact_at = deadline_in(EVERY_MS);
		s = victim(d);
		d->emptied = 0;
	}
	d->emptying = s != NULL && !s->leaving ? s->head.id : 0;
	if (d->emptying == 0 || !empty_some(d, s))
		return;
	ids_add(&d->sealed, s->head.id);
	d->emptying = 0;
}
