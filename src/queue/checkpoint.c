/* queue/checkpoint.c - a fresh journal, made beside the one that goes on.
 *
 * A million messages are not listed in one turn: each turn lists some, in the order of their numbers, and what happens
 * meanwhile goes into both journals.  An entry of a message that is not listed yet says nothing when it is read, and
 * the list tells all later; of one that is listed, it tells what came after.  The maker syncs the new file piece by
 * piece; when all is in it, it takes the old one's place.
 */
#include "queue/inside.h"

#include "base/clock.h"

enum {
	GROWTH = 2,                    /* times its last checkpoint, before the next */
	SLICE_RCPTS = 4000,            /* recipients listed in a turn, and those of the last message */
	SYNC_EVERY = 16 * 1024 * 1024, /* bytes that are synced at once */
	WRITE_EVERY = 1024 * 1024      /* bytes kept in memory by a checkpoint that nobody waits beside */
};

void depot_note(struct depot *d, const struct ipc_type *t, const void *entry)
{
	journal_add(&d->journal, t, entry);
	if (d->fresh.on)
		journal_add(&d->fresh.journal, t, entry);
}

static int begin(struct depot *d, struct err *e)
{
	struct fresh *f = &d->fresh;

	*f = (struct fresh){ 0 };
	if (journal_create(&f->journal, d->dir, e) < 0)
		return -1;
	f->on = true;
	index_list_begin(&d->index, &f->journal, clock_wall());
	return 0;
}

static void drop(struct depot *d)
{
	journal_clear(&d->fresh.journal);
	d->fresh = (struct fresh){ .journal.fd = -1 };
}

/* A journal that cannot be shortened now (no space) just goes on growing for a while. */
static void give_up(struct depot *d, const struct err *why)
{
	drop(d);
	depot_complain(d, "no new journal now: %s", why->text);
	d->checkpoint = d->journal.end;
}

static void list_some(struct depot *d)
{
	struct fresh *f = &d->fresh;
	struct item *it = NULL;

	for (uint32_t n = 0, rcpts = 0; n < d->slice && rcpts < SLICE_RCPTS; n++, rcpts += it->nrcpts) {
		it = depot_walk(d, &f->next);
		if (it == NULL) {
			index_list_end(&d->index, &f->journal);
			f->listed = true;
			return;
		}
		index_list_item(&d->index, it, &f->journal);
	}
}

/* The fresh one holds all that the old one holds, also what is not synced there yet. */
static int install(struct depot *d, struct err *e)
{
	struct fresh *f = &d->fresh;

	if (journal_install(&f->journal, e) < 0) {
		/* After the rename nobody knows which of the two a crash would show. */
		d->broken = d->broken || f->journal.broken;
		return -1;
	}
	journal_clear(&d->journal);
	d->journal = f->journal;
	d->checkpoint = d->journal.end;
	d->fresh = (struct fresh){ .journal.fd = -1 };
	return 0;
}

int depot_checkpoint(struct depot *d, struct err *e)
{
	struct fresh *f = &d->fresh;
	int rc;

	if (f->on && !f->syncing)
		drop(d);
	if (f->on)
		return 0; /* one is on its way */
	rc = begin(d, e);
	while (rc == 0 && !f->listed) {
		list_some(d);
		if (f->journal.pending.n >= WRITE_EVERY)
			rc = journal_write(&f->journal, e);
	}
	if (rc == 0)
		rc = install(d, e);
	if (rc < 0)
		drop(d);
	return rc;
}

static bool is_long(const struct depot *d)
{
	return d->journal.end > d->long_enough && d->journal.end > d->checkpoint * GROWTH;
}

static void sync_soon(struct depot *d)
{
	struct fresh *f = &d->fresh;

	f->syncing = true;
	f->asked = f->journal.end;
	maker_ask(d->maker, &(struct maker_job){ .kind = MAKER_SYNC, .fd = f->journal.fd });
}

int depot_shorten(struct depot *d, struct err *e)
{
	struct fresh *f = &d->fresh;
	struct err why = { 0 };
	int rc = 0;

	if (f->syncing || (!f->on && !is_long(d)))
		return 0;
	if (!f->on)
		rc = begin(d, &why);
	else if (f->listed && f->synced)
		rc = install(d, &why);
	else if (!f->listed)
		list_some(d);
	if (rc == 0 && f->on)
		rc = journal_write(&f->journal, &why);
	if (rc == 0 && f->on && (f->listed || f->journal.end - f->asked >= SYNC_EVERY))
		sync_soon(d);
	if (rc == 0)
		return 0;
	if (d->broken)
		return err_set(e, "%s", why.text);
	give_up(d, &why);
	return 0;
}

void depot_shortened(struct depot *d, const struct maker_job *j)
{
	d->fresh.syncing = false;
	d->fresh.synced = d->fresh.listed;
	if (j->rc < 0)
		give_up(d, &j->why);
}

bool depot_listing(const struct depot *d)
{
	return d->fresh.on && !d->fresh.syncing;
}
