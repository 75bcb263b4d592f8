#include "deliver/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/proc.h"
#include "deliver/lmtp.h"

enum {
	EACH_MOST = 16,    /* jobs of a batch in which each file is synced by itself */
	WHOLE_AT_ONCE = 4, /* batches that are synced as a whole; a disk does them one after the other */
};

struct list {
	struct pool_job *first, **last;
	size_t n;
};

struct pool {
	const struct maildir *m;
	size_t workers;
	size_t running, batches; /* jobs that workers have in hand, in so many batches */
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	struct list stage, finish, done;
};

static void list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
	l->n = 0;
}

static void list_add(struct list *l, struct pool_job *j)
{
	j->next = NULL;
	*l->last = j;
	l->last = &j->next;
	l->n++;
}

static struct pool_job *list_take(struct list *l)
{
	struct pool_job *j = l->first;

	if (j == NULL)
		return NULL;
	l->first = j->next;
	if (l->first == NULL)
		l->last = &l->first;
	l->n--;
	return j;
}

/* What is nearly done goes first: it frees the queue's places. */
static struct list *waiting(struct pool *p)
{
	return p->finish.n > 0 ? &p->finish : &p->stage;
}

/* How many of the waiting jobs a worker takes now; 0: others sync, and what they leave waiting shares the next sync. */
static size_t share_of(const struct pool *p, size_t waiting)
{
	size_t share = (waiting + p->workers - 1) / p->workers;

	if (waiting == 0)
		return 0;
	if (p->m->lmtp != NULL || !batch_may_be_whole(p->m->root))
		return share < EACH_MOST ? share : EACH_MOST;
	if (p->batches >= WHOLE_AT_ONCE)
		return 0;
	return waiting < POOL_BATCH ? waiting : POOL_BATCH;
}

/* An LMTP server gets a message once for all its recipients, as far as they stand together. */
static bool goes_along(const struct pool *p, const struct list *l, const struct pool_job *last, size_t n)
{
	return p->m->lmtp != NULL && l->first != NULL && n < POOL_BATCH && l->first->m.qp == last->m.qp;
}

static size_t take_batch(struct pool *p, struct maildir_job **batch, struct pool_job **jobs)
{
	struct list *l;
	size_t share, n;

	pthread_mutex_lock(&p->lock);
	while ((share = share_of(p, waiting(p)->n)) == 0)
		pthread_cond_wait(&p->work, &p->lock);
	l = waiting(p);
	for (n = 0; n < share || goes_along(p, l, jobs[n - 1], n); n++) {
		jobs[n] = list_take(l);
		batch[n] = &jobs[n]->m;
	}
	p->running += n;
	p->batches++;
	if (waiting(p)->n > 0)
		pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	return n;
}

static void give_back(struct pool *p, struct pool_job **jobs, size_t n)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < n; i++)
		list_add(&p->done, jobs[i]);
	p->running -= n;
	p->batches--;
	if (p->running == 0)
		pthread_cond_broadcast(&p->idle);
	pthread_mutex_unlock(&p->lock);
	eventfd_write(p->fd, 1);
}

static void *work(void *arg)
{
	struct pool *p = arg;
	struct maildir_job *batch[POOL_BATCH];
	struct pool_job *jobs[POOL_BATCH];

	for (;;) {
		size_t n = take_batch(p, batch, jobs);

		if (jobs[0]->finish)
			maildir_finish(p->m, batch, n);
		else if (p->m->lmtp != NULL)
			lmtp_deliver(p->m->lmtp, batch, n);
		else
			maildir_stage(p->m, batch, n);
		give_back(p, jobs, n);
	}
	return NULL;
}

struct pool *pool_new(const struct maildir *m, size_t workers, struct err *e)
{
	struct pool *p = mem_alloc(sizeof(*p));

	p->m = m;
	p->workers = workers;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->idle, NULL);
	list_init(&p->stage);
	list_init(&p->finish);
	list_init(&p->done);
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->fd < 0)
		return err_sys(e, "eventfd"), NULL;
	for (size_t i = 0; i < workers; i++)
		if (proc_thread(work, p, 256, e) < 0)
			return NULL;
	return p;
}

int pool_fd(const struct pool *p)
{
	return p->fd;
}

void pool_put(struct pool *p, struct pool_job *j)
{
	pthread_mutex_lock(&p->lock);
	list_add(j->finish ? &p->finish : &p->stage, j);
	pthread_mutex_unlock(&p->lock);
}

void pool_go(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	if (waiting(p)->n > 0)
		pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

struct pool_job *pool_take(struct pool *p)
{
	struct pool_job *j;
	eventfd_t n;

	pthread_mutex_lock(&p->lock);
	j = list_take(&p->done);
	if (j == NULL)
		(void)eventfd_read(p->fd, &n);
	pthread_mutex_unlock(&p->lock);
	return j;
}

void pool_drain(struct pool *p)
{
	struct pool_job *j;

	pthread_mutex_lock(&p->lock);
	while ((j = list_take(&p->stage)) != NULL)
		list_add(&p->done, j);
	while ((j = list_take(&p->finish)) != NULL)
		list_add(&p->done, j);
	while (p->running > 0)
		pthread_cond_wait(&p->idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
}
