/* queue/commit.c - group commit (see spool.h).
 *
 * 250 needs three things, in this order: the batch is written, it is synced,
 * and the very telltale-queue that gave the segment has been told.  When only
 * the telling failed (it was restarted), the records may or may not have been
 * found by its recovery; they are written once more into a new segment, and
 * telltale-queue knows a number that it has seen.
 */
#include "queue/custody.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"

enum { BATCH_MOST = 340, TELL_MS = 5000, PIECES = 3 };
enum { FEW_FIBERS = 3, QUICK_DISK_US = 2000 };
#define BATCH_BYTES ((uint64_t)8 * 1024 * 1024)
static const char padding[RECORD_ALIGN];

struct batch {
	struct put *first;
	size_t n;
	uint64_t from, to;
	int rc;       /* -1 failed on disk; 1 not told; 0 done */
	int64_t took; /* us on the disk */
	struct err why;
};

static void finish(struct put *p, int rc, const struct err *why)
{
	p->rc = rc;
	if (rc < 0)
		p->why = *why;
	p->state = PUT_DONE;
	cond_signal(&p->wake);
}

static void push(struct spool *s, struct put *p)
{
	p->state = PUT_WAITS;
	p->next = NULL;
	*s->last = p;
	s->last = &p->next;
}

static void unlink_put(struct spool *s, struct put *p)
{
	struct put **at = &s->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (*at == NULL)
		s->last = at;
}

/* Everything that waits, in order, as far as it fits: the first one does. */
static void take_batch(struct spool *s, struct batch *b)
{
	uint64_t room = s->paper.size - s->paper.at;
	struct put **at = &s->first;

	room = room < BATCH_BYTES || (*at)->length > BATCH_BYTES ? room : BATCH_BYTES;
	*b = (struct batch){ .first = s->first, .from = s->paper.at, .to = s->paper.at };
	while (*at != NULL && b->n < BATCH_MOST && (*at)->length <= room - (b->to - b->from)) {
		(*at)->state = PUT_TAKEN;
		b->to += (*at)->length;
		b->n++;
		at = &(*at)->next;
	}
	s->first = *at;
	*at = NULL;
	if (s->first == NULL)
		s->last = &s->first;
}

static size_t gather(const struct spool *s, const struct batch *b, struct iovec *iov)
{
	uint64_t offset = b->from;
	size_t n = 0;

	for (struct put *p = b->first; p != NULL; p = p->next) {
		size_t used = p->front.n + p->body.n;

		p->r.segment = s->paper.id;
		p->r.offset = offset;
		p->tried = true;
		record_header(&p->r, s->paper.nonce, p->front.p);
		iov[n++] = (struct iovec){ p->front.p, p->front.n };
		iov[n++] = (struct iovec){ (void *)(uintptr_t)p->body.p, p->body.n };
		iov[n++] = (struct iovec){ (void *)(uintptr_t)padding, (size_t)p->length - used };
		offset += p->length;
	}
	return n;
}

static int seal(struct spool *s, bool failed)
{
	struct queue_sealed m = { s->paper.id, failed };

	return ipc_tell(s->ipc, s->paper.epoch, &queue_sealed_type, &m, deadline_in(TELL_MS), NULL);
}

/* Without the lock: the paper is the committer's alone. */
static void write_batch(struct spool *s, struct batch *b)
{
	struct iovec iov[BATCH_MOST * PIECES];
	size_t n = gather(s, b, iov);
	int64_t began = clock_mono_us();
	struct queue_committed m = { s->paper.id, b->from, b->to };

	if (io_pwritev_all(s->paper.fd, iov, (int)n, (off_t)b->from) < 0)
		b->rc = err_sys(&b->why, "write segment %" PRIu64, s->paper.id);
	else if (fdatasync(s->paper.fd) < 0)
		b->rc = err_sys(&b->why, "sync segment %" PRIu64, s->paper.id);
	b->took = clock_mono_us() - began;
	if (b->rc < 0) {
		(void)seal(s, true);
		return;
	}
	if (ipc_tell(s->ipc, s->paper.epoch, &queue_committed_type, &m, deadline_in(TELL_MS), &b->why) < 0)
		b->rc = 1;
}

/* One that names a big file cannot be repeated: the file belonged to the old connection. */
static void settle(struct spool *s, struct put *p, const struct batch *b)
{
	if (b->rc > 0 && p->epoch == 0 && clock_mono() < p->deadline)
		push(s, p);
	else
		finish(p, b->rc == 0 ? 0 : -1, &b->why);
}

static void settle_batch(struct spool *s, struct batch *b)
{
	struct put *p = b->first, *next;

	s->disk_us = b->took;
	if (b->rc == 0)
		s->paper.at = b->to;
	else
		paper_drop(&s->paper);
	for (; p != NULL; p = next) {
		next = p->next;
		settle(s, p, b);
	}
	if (s->paper.fd < 0 || s->paper.at > s->paper.size / 2)
		cond_signal(&s->wanted);
}

/* Make s->paper one that `need` bytes fit in; the lock is given up while waiting. */
static int have_paper(struct spool *s, uint64_t need, int64_t deadline, struct err *e)
{
	uint64_t refusals = s->refusals;

	for (;;) {
		if (s->paper.fd >= 0 && !ipc_client_alive(s->ipc, s->paper.epoch))
			paper_drop(&s->paper);
		if (s->paper.fd >= 0 && s->paper.size - s->paper.at >= need)
			return 0;
		if (s->paper.fd >= 0) {
			(void)seal(s, false);
			paper_drop(&s->paper);
		}
		if (s->spare.fd >= 0) {
			s->paper = s->spare;
			s->spare.fd = -1;
			continue;
		}
		if (s->refusals != refusals || clock_mono() >= deadline)
			return err_set(e, "no segment to write into: %s", s->why.text);
		if (s->need < need)
			s->need = need;
		cond_signal(&s->wanted);
		cond_wait(&s->came, &s->lock, deadline);
	}
}

/* A big file belongs to the connection that gave it: a record that names it must go over the same one. */
static void drop_orphans(struct spool *s)
{
	static const struct err why = { .text = "telltale-queue was restarted while a big message came in" };
	struct put *p = s->first, *next;

	for (; p != NULL; p = next) {
		next = p->next;
		if (p->epoch == 0 || p->epoch == s->paper.epoch)
			continue;
		unlink_put(s, p);
		finish(p, -1, &why);
	}
}

/* One batch, or the failure of the first one.  While a segment was waited for, those who wait may have changed. */
static void lead_one(struct spool *s)
{
	struct put *first = s->first;
	struct batch b;
	struct err why = { 0 };

	if (have_paper(s, first->length, first->deadline, &why) < 0) {
		if (s->first == first) {
			unlink_put(s, first);
			finish(first, -1, &why);
		}
		return;
	}
	drop_orphans(s);
	if (s->first == NULL || s->first->length > s->paper.size - s->paper.at)
		return;
	take_batch(s, &b);
	pthread_mutex_unlock(&s->lock);
	write_batch(s, &b);
	pthread_mutex_lock(&s->lock);
	settle_batch(s, &b);
}

static void lead(struct spool *s)
{
	s->leading = true;
	lead_one(s);
	s->leading = false;
	if (s->first != NULL)
		cond_signal(&s->work);
}

/* Waking the committer, and being woken by it, takes as long as a fast disk: a client that is alone is served without.
 * Its fiber stops the others on its loop meanwhile, so it must have next to none. */
static bool alone(const struct spool *s)
{
	size_t fibers = fiber_count();

	return fibers > 0 && fibers <= FEW_FIBERS && !s->leading && s->disk_us > 0 && s->disk_us < QUICK_DISK_US;
}

void *commit_all(void *spool)
{
	struct spool *s = spool;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (s->first != NULL && !s->leading)
			lead(s);
		else
			cond_wait(&s->work, &s->lock, DEADLINE_NEVER);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int commit_put(struct spool *s, struct put *p)
{
	p->length = record_length(&p->r);
	cond_init(&p->wake);
	pthread_mutex_lock(&s->lock);
	push(s, p);
	if (alone(s))
		lead(s);
	else
		cond_signal(&s->work);
	while (p->state != PUT_DONE) {
		if (p->state == PUT_WAITS && clock_mono() >= p->deadline) {
			unlink_put(s, p);
			finish(p, -1, &p->why);
			if (p->why.text[0] == '\0')
				err_set(&p->why, "the spool was not written in time");
		} else {
			cond_wait(&p->wake, &s->lock, p->state == PUT_WAITS ? p->deadline : DEADLINE_NEVER);
		}
	}
	pthread_mutex_unlock(&s->lock);
	cond_clear(&p->wake);
	return p->rc;
}
