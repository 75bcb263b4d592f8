#include "queue/maker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"

struct jobs {
	struct maker_job *first, **last;
};

struct maker {
	int segments, big, fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct jobs todo, done;
	bool stop;
};

static void push(struct jobs *q, struct maker_job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
}

static struct maker_job *pop(struct jobs *q)
{
	struct maker_job *j = q->first;

	if (j == NULL)
		return NULL;
	q->first = j->next;
	if (q->first == NULL)
		q->last = &q->first;
	return j;
}

static int make_big(int dir, uint64_t id, struct err *e)
{
	char name[SEGMENT_NAME];
	FD(fd) = -1;

	snprintf(name, sizeof(name), "%" PRIu64, id);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "create big/%s", name);
	return fsync(fd) < 0 || fsync(dir) < 0 ? err_sys(e, "sync big/%s", name) : 0;
}

static int remove_big(int dir, uint64_t id, struct err *e)
{
	char name[SEGMENT_NAME];

	snprintf(name, sizeof(name), "%" PRIu64, id);
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? err_sys(e, "remove big/%s", name) : 0;
}

static void work(const struct maker *m, struct maker_job *j)
{
	switch (j->kind) {
	case MAKER_SEGMENT:
		j->rc = segment_create(m->segments, &j->made, j->room, &j->why);
		break;
	case MAKER_RECYCLE:
		j->rc = segment_recycle(m->segments, j->old, &j->made, &j->why);
		if (j->rc != 0)
			j->made.id = 0;
		j->rc = j->rc < 0 ? -1 : 0;
		break;
	case MAKER_REMOVE:
		j->rc = segment_remove(m->segments, j->old, &j->why);
		break;
	case MAKER_BIG:
		j->rc = make_big(m->big, j->made.id, &j->why);
		break;
	case MAKER_BIG_REMOVE:
		j->rc = remove_big(m->big, j->old, &j->why);
		break;
	case MAKER_SYNC:
		j->rc = fdatasync(j->fd) < 0 ? err_sys(&j->why, "sync spool/journal.new") : 0;
		break;
	}
}

static void *run(void *arg)
{
	struct maker *m = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&m->lock);
	while (!m->stop) {
		struct maker_job *j = pop(&m->todo);

		if (j == NULL) {
			pthread_cond_wait(&m->wake, &m->lock);
			continue;
		}
		pthread_mutex_unlock(&m->lock);
		work(m, j);
		pthread_mutex_lock(&m->lock);
		push(&m->done, j);
		(void)!write(m->fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

struct maker *maker_new(int segments, int big, struct err *e)
{
	struct maker *m = mem_alloc(sizeof(*m));

	*m = (struct maker){ .segments = segments, .big = big };
	m->todo.last = &m->todo.first;
	m->done.last = &m->done.first;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->fd >= 0) {
		errno = pthread_create(&m->thread, NULL, run, m);
		if (errno == 0)
			return m;
	}
	err_sys(e, "start the thread that makes segments");
	fd_clear(&m->fd);
	free(m);
	return NULL;
}

void maker_ask(struct maker *m, const struct maker_job *job)
{
	struct maker_job *j = mem_alloc(sizeof(*j));

	*j = *job;
	pthread_mutex_lock(&m->lock);
	push(&m->todo, j);
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
}

int maker_fd(const struct maker *m)
{
	return m->fd;
}

struct maker_job *maker_take(struct maker *m)
{
	struct maker_job *j;
	uint64_t count;

	pthread_mutex_lock(&m->lock);
	j = pop(&m->done);
	if (j == NULL)
		(void)!read(m->fd, &count, sizeof(count));
	pthread_mutex_unlock(&m->lock);
	return j;
}

void maker_free(struct maker *m)
{
	struct maker_job *j;

	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	while ((j = pop(&m->todo)) != NULL || (j = pop(&m->done)) != NULL)
		free(j);
	fd_clear(&m->fd);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
