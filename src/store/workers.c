#include "store/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"

enum { LOCK_MS = 5000 };

struct list {
	struct job *first, **last;
	size_t n;
};

struct workers {
	char *path;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list waiting, done;
	bool stop;
	pthread_t threads[WORKERS];
	size_t n;
};

static void list_init(struct list *l)
{
	*l = (struct list){ .last = &l->first };
}

static void list_add(struct list *l, struct job *j)
{
	j->next = NULL;
	*l->last = j;
	l->last = &j->next;
	l->n++;
}

static struct job *list_take(struct list *l)
{
	struct job *j = l->first;

	if (j == NULL)
		return NULL;
	l->first = j->next;
	if (l->first == NULL)
		l->last = &l->first;
	l->n--;
	return j;
}

void job_free(struct job *j)
{
	if (j->input.n > 0)
		explicit_bzero(j->input.p, j->input.n);
	buf_clear(&j->words);
	buf_clear(&j->input);
	store_done_clear(&j->done);
	free(j);
}

/* A store per request: a file that was replaced meanwhile is never written to by an old handle. */
static void do_job(const char *path, struct job *j)
{
	struct err e = { 0 };
	struct store *s = store_open(path, LOCK_MS, &e);

	if (s != NULL) {
		store_admin(s, buf_str(&j->words), buf_str(&j->input), &j->done);
	} else {
		j->done.status = 1;
		buf_fmt(&j->done.message, "the accounts cannot be used now: %s", e.text);
	}
	store_close(s);
}

static void *work(void *arg)
{
	struct workers *w = arg;
	struct job *j;
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->stop && w->waiting.first == NULL)
			pthread_cond_wait(&w->wake, &w->lock);
		if (w->stop)
			break;
		j = list_take(&w->waiting);
		pthread_mutex_unlock(&w->lock);
		do_job(w->path, j);
		pthread_mutex_lock(&w->lock);
		list_add(&w->done, j);
		MUST(write(w->fd, &one, sizeof(one)) == sizeof(one));
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct workers *workers_new(const char *path, struct err *e)
{
	struct workers *w = mem_alloc(sizeof(*w));

	w->path = mem_dupz(path);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	list_init(&w->waiting);
	list_init(&w->done);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	while (w->fd >= 0 && w->n < WORKERS && pthread_create(&w->threads[w->n], NULL, work, w) == 0)
		w->n++;
	if (w->n == WORKERS)
		return w;
	err_sys(e, "start the workers");
	workers_free(w);
	return NULL;
}

void workers_free(struct workers *w)
{
	struct job *j;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < w->n; i++)
		pthread_join(w->threads[i], NULL);
	while ((j = list_take(&w->waiting)) != NULL || (j = list_take(&w->done)) != NULL)
		job_free(j);
	fd_clear(&w->fd);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w->path);
	free(w);
}

int workers_fd(const struct workers *w)
{
	return w->fd;
}

bool workers_give(struct workers *w, struct job *j)
{
	bool room;

	pthread_mutex_lock(&w->lock);
	room = w->waiting.n < WORKERS_QUEUE_MAX;
	if (room)
		list_add(&w->waiting, j);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return room;
}

struct job *workers_take(struct workers *w)
{
	struct job *j;
	uint64_t n;

	pthread_mutex_lock(&w->lock);
	j = list_take(&w->done);
	if (j == NULL)
		(void)!read(w->fd, &n, sizeof(n));
	pthread_mutex_unlock(&w->lock);
	return j;
}
