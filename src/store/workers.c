#include "store/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { LOCK_MS = 5000, LOGIN_LOCK_MS = 1000 };

struct list {
	struct job *first, **last;
	size_t n;
};

/* The threads of one kind of job, and what waits for them. */
struct crew {
	struct workers *of;
	struct list waiting;
	size_t room;
	pthread_cond_t wake;
	pthread_t threads[LOGINS_MAX];
	size_t n;
};

struct workers {
	char *path;
	int fd;
	pthread_mutex_t lock;
	struct crew crews[JOB_SUPPRESS + 1];
	struct list done;
	bool stop;
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
	buf_clear(&j->reason);
	store_done_clear(&j->done);
	arena_clear(&j->mem);
	free(j);
}

/* Only an administrator makes a file that is not there: in an empty one all our mail would be nobody's. */
static void do_admin(const char *path, struct job *j)
{
	struct err e = { 0 };
	bool make = j->visitor != 0 && !j->own;
	struct store *s = make ? store_open(path, LOCK_MS, &e) : store_open_existing(path, LOCK_MS, &e);

	if (s != NULL) {
		store_admin(s, buf_str(&j->words), buf_str(&j->input), &j->done);
	} else {
		j->done.status = 1;
		buf_fmt(&j->done.message, "the accounts cannot be used now: %s", e.text);
	}
	store_close(s);
}

static void do_login(const char *path, struct job *j)
{
	struct store *s;

	j->login.result = LOGIN_TEMPORARY;
	if (clock_mono() - j->given > LOGIN_AGE_MAX) {
		err_set(&j->err, "too many logins at once");
		return;
	}
	s = store_open_existing(path, LOGIN_LOCK_MS, &j->err);
	if (s != NULL)
		store_login(s, buf_str(&j->words), buf_str(&j->input), &j->login, &j->err);
	store_close(s);
}

static void do_graylist(struct job *j)
{
	if (j->batch != NULL)
		j->failed = gray_write(j->path, j->batch, GRAY_MOST, clock_wall(), &j->err) < 0;
	else
		gray_import(j->path, buf_str(&j->words), buf_str(&j->input), &j->done);
}

/* The members of a list; or what the mailbox says to the sender, and where he is. */
static void do_reply(const char *path, struct job *j)
{
	struct store *s = store_open_existing(path, LOCK_MS, &j->err);

	j->answer = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	if (s != NULL)
		(j->list ? store_list_members : store_autoreply_give)(s, buf_str(&j->words), buf_str(&j->input),
								      &j->mem, &j->answer, &j->err);
	store_close(s);
}

static void do_suppress(const char *path, struct job *j)
{
	struct store *s = store_open_existing(path, LOCK_MS, &j->err);

	j->failed =
	    s == NULL || store_suppress(s, buf_str(&j->words), buf_str(&j->input), buf_str(&j->reason), &j->err) < 0;
	store_close(s);
}

/* A store per job: a file that was replaced meanwhile is never written to by an old handle. */
static void do_job(const char *path, struct job *j)
{
	if (j->kind == JOB_ADMIN)
		do_admin(path, j);
	else if (j->kind == JOB_LOGIN)
		do_login(path, j);
	else if (j->kind == JOB_REPLY)
		do_reply(path, j);
	else if (j->kind == JOB_SUPPRESS)
		do_suppress(path, j);
	else
		do_graylist(j);
	if (j->input.n > 0)
		explicit_bzero(j->input.p, j->input.n);
}

static void *work(void *arg)
{
	struct crew *c = arg;
	struct workers *w = c->of;
	struct job *j;
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->stop && c->waiting.first == NULL)
			pthread_cond_wait(&c->wake, &w->lock);
		if (w->stop)
			break;
		j = list_take(&c->waiting);
		pthread_mutex_unlock(&w->lock);
		do_job(w->path, j);
		pthread_mutex_lock(&w->lock);
		list_add(&w->done, j);
		MUST(write(w->fd, &one, sizeof(one)) == sizeof(one));
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void crew_init(struct workers *w, enum job_kind kind, size_t room)
{
	struct crew *c = &w->crews[kind];

	c->of = w;
	c->room = room;
	list_init(&c->waiting);
	pthread_cond_init(&c->wake, NULL);
}

static int crew_start(struct crew *c, size_t threads)
{
	for (; c->n < threads; c->n++) {
		errno = pthread_create(&c->threads[c->n], NULL, work, c);
		if (errno != 0)
			return -1;
	}
	return 0;
}

static size_t login_threads(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 2 ? 2 : cores > LOGINS_MAX ? LOGINS_MAX : (size_t)cores;
}

struct workers *workers_new(const char *path, struct err *e)
{
	struct workers *w = mem_alloc(sizeof(*w));

	w->path = mem_dupz(path);
	pthread_mutex_init(&w->lock, NULL);
	list_init(&w->done);
	crew_init(w, JOB_ADMIN, ADMINS_WAITING_MAX);
	crew_init(w, JOB_LOGIN, LOGINS_WAITING_MAX);
	crew_init(w, JOB_GRAYLIST, GRAYLISTS_WAITING_MAX);
	crew_init(w, JOB_REPLY, REPLIES_WAITING_MAX);
	crew_init(w, JOB_SUPPRESS, REPLIES_WAITING_MAX);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd >= 0 && crew_start(&w->crews[JOB_ADMIN], ADMINS) == 0 &&
	    crew_start(&w->crews[JOB_LOGIN], login_threads()) == 0 && crew_start(&w->crews[JOB_GRAYLIST], 1) == 0 &&
	    crew_start(&w->crews[JOB_REPLY], 1) == 0 && crew_start(&w->crews[JOB_SUPPRESS], 1) == 0)
		return w;
	err_sys(e, "start the workers");
	workers_free(w);
	return NULL;
}

static void crew_clear(struct crew *c)
{
	struct job *j;

	for (size_t i = 0; i < c->n; i++)
		pthread_join(c->threads[i], NULL);
	while ((j = list_take(&c->waiting)) != NULL)
		job_free(j);
	pthread_cond_destroy(&c->wake);
}

void workers_free(struct workers *w)
{
	struct job *j;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	for (size_t i = 0; i < COUNT(w->crews); i++)
		pthread_cond_broadcast(&w->crews[i].wake);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < COUNT(w->crews); i++)
		crew_clear(&w->crews[i]);
	while ((j = list_take(&w->done)) != NULL)
		job_free(j);
	fd_clear(&w->fd);
	pthread_mutex_destroy(&w->lock);
	free(w->path);
	free(w);
}

int workers_fd(const struct workers *w)
{
	return w->fd;
}

bool workers_give(struct workers *w, struct job *j)
{
	struct crew *c = &w->crews[j->kind];
	bool room;

	pthread_mutex_lock(&w->lock);
	room = c->waiting.n < c->room;
	if (room)
		list_add(&c->waiting, j);
	pthread_cond_signal(&c->wake);
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
