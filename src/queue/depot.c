#include "queue/inside.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { COMPLAINTS_MAX = 1024 * 1024, LAZY_MOST = 1024 * 1024 };

void depot_complain(struct depot *d, const char *fmt, ...)
{
	va_list ap;

	if (d->complaints.n > COMPLAINTS_MAX)
		return;
	va_start(ap, fmt);
	buf_vfmt(&d->complaints, fmt, ap);
	va_end(ap);
	buf_addc(&d->complaints, '\0');
}

bool depot_complaint(struct depot *d, struct buf *out)
{
	size_t n;

	if (d->complaints.n == 0)
		return false;
	n = strlen(d->complaints.p);
	buf_reset(out);
	buf_add(out, d->complaints.p, n);
	buf_cut(&d->complaints, n + 1);
	return true;
}

void ids_add(struct ids *s, uint64_t id)
{
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 8;
		s->at = mem_grow(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = id;
}

bool ids_remove(struct ids *s, uint64_t id)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i] != id)
			continue;
		s->n--;
		memmove(s->at + i, s->at + i + 1, (s->n - i) * sizeof(*s->at));
		return true;
	}
	return false;
}

static int open_folder(int dir, const char *name, struct err *e)
{
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make spool/%s", name);
	return io_opendir(dir, name, e);
}

static int open_folders(struct depot *d, struct err *e)
{
	d->dir = io_opendir(AT_FDCWD, d->set.dir, e);
	if (d->dir < 0)
		return -1;
	d->lock = openat(d->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock < 0)
		return err_sys(e, "open spool/lock");
	if (flock(d->lock, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "%s is in use by another telltale-queue", d->set.dir);
	d->segments = open_folder(d->dir, "segments", e);
	d->big = d->segments < 0 ? -1 : open_folder(d->dir, "big", e);
	d->corrupt = d->big < 0 ? -1 : open_folder(d->dir, "corrupt", e);
	if (d->corrupt < 0)
		return -1;
	return fsync(d->dir) < 0 ? err_sys(e, "sync %s", d->set.dir) : 0;
}

static void clear(struct depot *d)
{
	maker_free(d->maker);
	while (d->wants != NULL) {
		struct want *w = d->wants;

		d->wants = w->next;
		free(w);
	}
	index_clear(&d->index);
	journal_clear(&d->journal);
	journal_clear(&d->fresh.journal);
	buf_clear(&d->complaints);
	map_clear(&d->used);
	free(d->sealed.at);
	free(d->unread.at);
	free(d->spares.at);
	free(d->big_spares.at);
	fd_clear(&d->own.fd);
	fd_clear(&d->reading.fd);
	fd_clear(&d->segments);
	fd_clear(&d->big);
	fd_clear(&d->corrupt);
	fd_clear(&d->dir);
	fd_clear(&d->lock);
	free((void *)(uintptr_t)d->set.dir);
	free(d);
}

int depot_open(const struct depot_set *set, struct depot **out, struct err *e)
{
	struct depot *d = mem_alloc(sizeof(*d));
	struct seg *s;

	*d = (struct depot){ .set = *set, .dir = -1, .segments = -1, .big = -1, .corrupt = -1, .lock = -1 };
	d->set.dir = mem_dupz(set->dir);
	depot_segment_size(d, set->segment_size);
	d->journal.fd = d->fresh.journal.fd = d->own.fd = d->reading.fd = -1;
	d->news_last = &d->news;
	d->long_enough = DEPOT_JOURNAL;
	d->slice = DEPOT_SLICE;
	if (open_folders(d, e) == 0 && depot_recover(d, e) == 0)
		d->maker = maker_new(d->segments, d->big, e);
	if (d->maker == NULL) {
		clear(d);
		return -1;
	}
	for (size_t i = 0; (s = map_next(&d->index.segs, &i, NULL)) != NULL;)
		depot_drain(d, s);
	depot_stock(d);
	*out = d;
	return 0;
}

void depot_close(struct depot *d)
{
	(void)depot_sync(d, NULL);
	(void)numbers_close(&d->numbers, NULL);
	clear(d);
}

int depot_number(struct depot *d, enum number_kind kind, uint64_t *out, struct err *e)
{
	struct number_block b = { .count = 1 };

	if (numbers_take(&d->numbers, kind, &b, e) < 0)
		return -1;
	*out = b.first;
	return 0;
}

struct item *depot_news(struct depot *d)
{
	struct item *it;

	while ((it = d->news) != NULL) {
		d->news = it->next;
		if (d->news == NULL)
			d->news_last = &d->news;
		it->next = NULL;
		it->fresh = false;
		if (it->left > 0) {
			index_schedule(&d->index, it);
			return it;
		}
		depot_finish(d, it); /* settled before it was news */
	}
	return NULL;
}

struct item *depot_due(struct depot *d, enum channel channel, int64_t now, size_t *rcpt)
{
	const struct due_entry *first = due_first(&d->index.due[channel]);
	struct item *it;

	if (first == NULL || first->next > now)
		return NULL;
	it = first->item;
	*rcpt = first->rcpt;
	index_tally(it, *rcpt, -1);
	it->rcpts[*rcpt].state = RCPT_BUSY;
	it->rcpts[*rcpt].paused = it->rcpts[*rcpt].alone = false;
	index_tally(it, *rcpt, 1);
	due_remove(&d->index.due[channel], it, *rcpt);
	return it;
}

int64_t depot_next(const struct depot *d, enum channel channel)
{
	const struct due_entry *first = due_first(&d->index.due[channel]);

	return first != NULL ? first->next : INT64_MAX;
}

void depot_finish(struct depot *d, struct item *it)
{
	if (it->left > 0 || it->finished || it->fresh)
		return;
	it->finished = true;
	it->next = d->finished;
	d->finished = it;
}

static int sync_own(struct depot *d, struct err *e)
{
	if (!d->own.dirty)
		return 0;
	if (fdatasync(d->own.fd) < 0) {
		d->broken = true;
		return err_sys(e, "sync segments/%" PRIu64 ".segment", d->own.seg->head.id);
	}
	d->own.dirty = false;
	return 0;
}

static void free_finished(struct depot *d)
{
	while (d->finished != NULL) {
		struct item *it = d->finished;
		struct seg *s = index_seg(&d->index, it->segment);

		d->finished = it->next;
		if (it->big != 0)
			big_remove(d, it->big);
		index_drop(&d->index, it);
		depot_drain(d, s);
	}
}

int depot_flush(struct depot *d, struct err *e)
{
	if (d->broken)
		return err_set(e, "a sync failed before: restart and recover");
	if (sync_own(d, e) < 0)
		return -1;
	if (journal_sync(&d->journal, e) == 0) {
		d->urgent = false;
		return 0;
	}
	d->broken = d->journal.broken;
	return -1;
}

/* `taken` entries alone can wait: a crash finds the same messages by scanning. */
static bool can_wait(const struct depot *d)
{
	return !d->broken && !d->urgent && !d->own.dirty && d->sealed.n == 0 && d->journal.pending.n < LAZY_MOST &&
	       !d->fresh.on;
}

int depot_sync(struct depot *d, struct err *e)
{
	depot_reread(d);
	if (can_wait(d)) {
		depot_compact(d);
		return 0;
	}
	if (depot_flush(d, e) < 0)
		return -1;
	free_finished(d);
	for (size_t i = 0; i < d->sealed.n; i++) {
		struct seg *s = index_seg(&d->index, d->sealed.at[i]);

		if (s != NULL)
			depot_drain(d, s);
	}
	d->sealed.n = 0;
	depot_compact(d);
	return depot_shorten(d, e);
}

bool depot_working(const struct depot *d)
{
	return depot_listing(d);
}

bool depot_broken(const struct depot *d)
{
	return d->broken;
}

void depot_segment_size(struct depot *d, uint64_t size)
{
	size = size / 4096 * 4096;
	d->set.segment_size = size < SEGMENT_SIZE_LEAST  ? SEGMENT_SIZE_LEAST
			      : size > SEGMENT_SIZE_MOST ? SEGMENT_SIZE_MOST
							 : size;
}

struct item *depot_find(const struct depot *d, uint64_t qp)
{
	return index_item(&d->index, qp);
}

struct item *depot_walk(const struct depot *d, uint64_t *from)
{
	struct item *it = ordered_from(&d->index.items, *from);

	if (it != NULL)
		*from = it->qp + 1;
	return it;
}

uint64_t depot_next_number(const struct depot *d)
{
	return d->numbers.next[COUNTER_LOGGED];
}

struct depot_state depot_state(const struct depot *d)
{
	return (struct depot_state){ .messages = d->index.items.n,
				     .recipients = d->index.waiting,
				     .segments = d->index.segs.n,
				     .spares = d->spares.n,
				     .live_bytes = d->index.live_bytes };
}
