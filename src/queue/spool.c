/* queue/spool.c - what a process of sessions has of the spool: its connection, numbers, segments ahead. */
#include "queue/custody.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "queue/space.h"

enum { NUMBERS_AT_ONCE = 512, ASK_MS = 10000, AGAIN_MS = 50, READY_MS = 2000, GIVE_BACK = 1000 };

void paper_drop(struct paper *p)
{
	fd_clear(&p->fd);
}

/* One try.  1: the channel broke, and it may be asked again. */
static int ask_once(struct spool *s, struct question *q, int64_t deadline, struct err *e)
{
	ARENA(mem);
	struct ipc_ask ask = { .type = q->type, .message = q->message };
	struct ipc_frame *f = &ask.reply;
	struct queue_refused no;
	int rc = -1;

	if (ipc_call_all(s->ipc, &ask, 1, &mem, deadline, e) != 1)
		return 1;
	q->epoch = ask.epoch;
	if (f->type == queue_refused_number && ipc_unpack(f->body, &queue_refused_type, &no, e) == 0) {
		err_set(e, "%.*s", STR_ARG(no.why));
		e->code = EAGAIN;
	} else if (f->type != q->answer->number || (q->fd != NULL && f->fd < 0)) {
		err_set(e, "telltale-queue answered something else");
	} else {
		rc = ipc_unpack(f->body, q->answer, q->reply, e);
	}
	if (rc == 0 && q->fd != NULL)
		*q->fd = fd_steal(&f->fd);
	fd_clear(&f->fd);
	return rc;
}

int custody_ask(struct spool *s, struct question *q, int64_t deadline, struct err *e)
{
	int rc;

	while ((rc = ask_once(s, q, deadline, e)) > 0) {
		if (s->stop || clock_mono() + AGAIN_MS >= deadline)
			return -1;
		fiber_sleep(AGAIN_MS);
	}
	return rc;
}

static int fetch_numbers(struct spool *s, enum number_kind kind, struct err *e)
{
	struct queue_numbers got;
	struct question q = { .type = &queue_want_numbers_type,
			      .answer = &queue_numbers_type,
			      .reply = &got,
			      .message = &(struct queue_want_numbers){ kind, NUMBERS_AT_ONCE } };
	struct block *b = &s->blocks[kind];

	if (custody_ask(s, &q, deadline_in(ASK_MS), e) < 0)
		return -1;
	if (got.count == 0 || got.first == 0 || got.first > UINT64_MAX - got.count)
		return err_set(e, "telltale-queue gave numbers that cannot be");
	pthread_mutex_lock(&s->lock);
	b->ahead = got.first;
	b->ahead_end = got.first + got.count;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int fetch_segment(struct spool *s, uint64_t need, struct err *e)
{
	struct queue_segment got;
	struct paper p = { .fd = -1 };
	struct question q = { .type = &queue_want_segment_type,
			      .answer = &queue_segment_type,
			      .reply = &got,
			      .message = &(struct queue_want_segment){ need },
			      .fd = &p.fd };

	if (custody_ask(s, &q, deadline_in(ASK_MS), e) < 0)
		return -1;
	p = (struct paper){ p.fd, got.id, got.nonce, got.start, got.size, q.epoch };
	pthread_mutex_lock(&s->lock);
	paper_drop(&s->spare);
	s->spare = p;
	if (s->need <= need)
		s->need = 0;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static bool spare_wanted(struct spool *s)
{
	if (s->spare.fd >= 0 && s->spare.epoch != ipc_client_epoch(s->ipc))
		paper_drop(&s->spare);
	if (s->spare.fd >= 0)
		return s->need > s->spare.size - s->spare.at;
	return s->need > 0 || s->paper.fd < 0 || s->paper.at > s->paper.size / 2;
}

/* With the lock held: the next thing that runs low; -1 nothing, a kind of number, or NUMBER_KINDS for a segment. */
static int runs_low(struct spool *s)
{
	for (int k = 0; k <= NUMBER_DELIVERY; k++)
		if (s->blocks[k].used && s->blocks[k].ahead == s->blocks[k].ahead_end)
			return k;
	return spare_wanted(s) ? NUMBER_DELIVERY + 1 : -1;
}

static void *fetch(void *arg)
{
	struct spool *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		int what = runs_low(s), rc;
		uint64_t need = s->need > 0 ? s->need : 1;
		struct err why = { 0 };

		if (what < 0) {
			cond_wait(&s->wanted, &s->lock, DEADLINE_NEVER);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		rc = what <= NUMBER_DELIVERY ? fetch_numbers(s, (enum number_kind)what, &why)
					     : fetch_segment(s, need, &why);
		pthread_mutex_lock(&s->lock);
		if (rc < 0) {
			s->why = why;
			s->refusals += why.code == EAGAIN;
		}
		cond_broadcast(&s->came);
		if (rc < 0 && !s->stop)
			cond_wait(&s->wanted, &s->lock, deadline_in(AGAIN_MS));
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct spool *spool_new(const struct spool_set *set)
{
	struct spool *s = mem_alloc(sizeof(*s));
	struct queue_hello hello = { .role = STR("s"), .worker = set->worker };

	s->set = *set;
	s->path = mem_dupz(set->socket);
	s->ipc = ipc_client_new(s->path);
	ipc_client_greet(s->ipc, &queue_hello_type, &hello);
	s->last = &s->first;
	s->paper.fd = s->spare.fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->wanted);
	cond_init(&s->came);
	cond_init(&s->work);
	errno = pthread_create(&s->fetcher, NULL, fetch, s);
	if (errno == 0)
		errno = pthread_create(&s->committer, NULL, commit_all, s);
	if (errno != 0)
		BUG("no thread for the spool (error %d)", errno);
	return s;
}

/* All that was written into it is committed: who is told so need not look through the rest of it. */
static void give_back(struct spool *s, struct paper *p)
{
	struct queue_sealed m = { p->id, 0 };

	if (p->fd >= 0)
		(void)ipc_tell(s->ipc, p->epoch, &queue_sealed_type, &m, deadline_in(GIVE_BACK), NULL);
	paper_drop(p);
}

void spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	cond_signal(&s->wanted);
	cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->fetcher, NULL);
	pthread_join(s->committer, NULL);
	give_back(s, &s->paper);
	give_back(s, &s->spare);
	ipc_client_free(s->ipc);
	cond_clear(&s->wanted);
	cond_clear(&s->came);
	cond_clear(&s->work);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}

static void next_block(struct block *b)
{
	if (b->next < b->end)
		return;
	b->next = b->ahead;
	b->end = b->ahead_end;
	b->ahead = b->ahead_end = 0;
}

int spool_number(struct spool *s, enum number_kind kind, uint64_t *out, int64_t deadline, struct err *e)
{
	struct block *b = &s->blocks[kind];
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	b->used = true;
	next_block(b);
	while (b->next == b->end && clock_mono() < deadline) {
		cond_signal(&s->wanted);
		cond_wait(&s->came, &s->lock, deadline);
		next_block(b);
	}
	if (b->next < b->end) {
		*out = b->next++;
		if (b->ahead == b->ahead_end)
			cond_signal(&s->wanted);
	} else {
		rc = err_set(e, "no number in time: %s", s->why.text);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* With the lock held, so that nobody closes the descriptor meanwhile.  What it asks for beyond the size is what
 * telltale-queue asks for before it makes the next segments. */
static int space(struct spool *s, uint64_t size, struct err *e)
{
	int fd = s->paper.fd >= 0 ? s->paper.fd : s->spare.fd;

	return space_left(fd, size + size / 2 + 2 * (uint64_t)s->set.segment_size, e) ? 0 : -1;
}

int spool_ready(struct spool *s, uint64_t size, struct err *e)
{
	int64_t deadline = deadline_in(READY_MS);
	uint64_t refusals;
	int rc;

	pthread_mutex_lock(&s->lock);
	refusals = s->refusals;
	while (s->paper.fd < 0 && s->spare.fd < 0 && s->refusals == refusals && clock_mono() < deadline) {
		cond_signal(&s->wanted);
		cond_wait(&s->came, &s->lock, deadline);
	}
	if (s->paper.fd >= 0 || s->spare.fd >= 0)
		rc = space(s, size, e);
	else
		rc = err_set(e, "%s", s->why.text[0] != '\0' ? s->why.text : "telltale-queue does not answer");
	pthread_mutex_unlock(&s->lock);
	return rc;
}
