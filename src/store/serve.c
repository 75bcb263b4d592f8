#include "store/serve.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/map.h"
#include "base/say.h"
#include "store/store.h"
#include "store/workers.h"

enum {
	VISITORS_MAX = 512,
	OUT_MAX = 8 * 1024 * 1024,
	ANSWER_MAX = IPC_LIMIT - 4096,
	LOCK_MS = 50,   /* a question never waits longer for a lock */
	LOOK_MS = 1000, /* how often a file that failed or moved is looked at again */
	EVENTS = 64
};

/* What an epoll event is about. */
enum source_kind { SERVICE, CONTROL, SIGNALS, DONE, VISITOR };

struct source {
	enum source_kind kind;
	int fd;
};

struct visitor {
	struct source source; /* first: an epoll event leads here */
	uint64_t number;      /* never used twice: a late answer finds nobody */
	bool admin;           /* came over the control socket */
	bool wants_write;
	struct ipc_conn conn;
	TAILQ_ENTRY(visitor) entry;
};

struct server {
	const char *path;
	int epoll;
	struct source service, control, signals, done;
	struct store *store;
	int64_t looked; /* when the file was looked at last */
	bool sick;      /* the trouble was said */
	struct workers *workers;
	struct arena mem; /* of one question */
	TAILQ_HEAD(, visitor) visitors;
	struct map by_number;
	size_t n;
	uint64_t next_number;
	bool stop;
};

static int watch(struct server *s, struct source *what, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data.ptr = what };

	return epoll_ctl(s->epoll, op, what->fd, &ev);
}

static void trouble(struct server *s, const struct err *e)
{
	if (!s->sick)
		say(SAY_ERROR, "the accounts cannot be asked, senders are told to come again: %s", e->text);
	s->sick = true;
	store_close(s->store);
	s->store = NULL;
}

/* Once a second: a file that could not be opened is tried again, one that was replaced is opened anew. */
static void look_at_file(struct server *s)
{
	struct err e = { 0 };

	if (clock_mono() - s->looked < LOOK_MS)
		return;
	s->looked = clock_mono();
	if (s->store != NULL && store_moved(s->store)) {
		store_close(s->store);
		s->store = NULL;
	}
	if (s->store == NULL)
		s->store = store_open(s->path, LOCK_MS, &e);
	if (s->store == NULL)
		trouble(s, &e);
}

static void resolve(struct server *s, struct str address, struct lookup_answer *out)
{
	struct err e = { 0 };

	*out = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	look_at_file(s);
	if (s->store == NULL)
		return;
	if (store_resolve(s->store, address, &s->mem, out, &e) == RESOLVED_TEMPORARY) {
		trouble(s, &e);
		return;
	}
	if (s->sick)
		say(SAY_INFO, "the accounts answer again");
	s->sick = false;
}

static void answer_resolve(struct server *s, struct visitor *v, uint64_t id, struct str address)
{
	struct lookup_answer answer;
	BUF(targets);
	BUF(channels);

	resolve(s, address, &answer);
	for (size_t i = 0; i < answer.n; i++) {
		buf_fmt(&targets, "%s%.*s", i > 0 ? "\n" : "", STR_ARG(answer.targets[i].final));
		buf_addc(&channels, answer.targets[i].channel == CHANNEL_LOCAL ? 'l' : 'r');
	}
	ipc_queue(&v->conn, &lookup_resolved_type, id,
		  &(struct lookup_resolved){ answer.result, buf_str(&targets), buf_str(&channels) }, -1);
	arena_reset(&s->mem);
}

static void answer_done(struct visitor *v, uint64_t id, const struct store_done *d)
{
	struct lookup_done m = { .status = (uint64_t)d->status };

	m.output = buf_str(&d->output);
	m.message = str_take(buf_str(&d->message), 2048);
	if (m.output.n > ANSWER_MAX)
		m = (struct lookup_done){ 1, STR(""), STR("the list is too long for one answer: ask for one domain") };
	ipc_queue(&v->conn, &lookup_done_type, id, &m, -1);
}

static void give_job(struct server *s, struct visitor *v, uint64_t id, const struct lookup_admin *m)
{
	struct job *j = mem_alloc(sizeof(*j));

	*j = (struct job){ .visitor = v->number, .id = id };
	buf_addstr(&j->words, m->words);
	buf_addstr(&j->input, m->input);
	if (workers_give(s->workers, j))
		return;
	j->done.status = 1;
	buf_adds(&j->done.message, "too many requests at once: try again");
	answer_done(v, id, &j->done);
	job_free(j);
}

/* -1: not a message for us here. */
static int take_frame(struct server *s, struct visitor *v, struct ipc_frame *f)
{
	struct lookup_resolve question;
	struct lookup_admin request;

	if (f->fd >= 0) {
		fd_clear(&f->fd);
		return -1;
	}
	if (f->type == lookup_resolve_number && ipc_unpack(f->body, &lookup_resolve_type, &question, NULL) == 0)
		answer_resolve(s, v, f->id, question.address);
	else if (v->admin && f->type == lookup_admin_number &&
		 ipc_unpack(f->body, &lookup_admin_type, &request, NULL) == 0)
		give_job(s, v, f->id, &request);
	else
		return -1;
	return 0;
}

static void visitor_free(struct server *s, struct visitor *v)
{
	ipc_conn_clear(&v->conn);
	TAILQ_REMOVE(&s->visitors, v, entry);
	map_deln(&s->by_number, v->number);
	s->n--;
	free(v);
}

/* False when the visitor is gone. */
static bool flush(struct server *s, struct visitor *v)
{
	int rc = ipc_flush(&v->conn, NULL);

	if (rc < 0 || v->conn.out.n > OUT_MAX) {
		visitor_free(s, v);
		return false;
	}
	if ((rc > 0) != v->wants_write) {
		v->wants_write = rc > 0;
		(void)watch(s, &v->source, v->wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
	}
	return true;
}

static void serve_visitor(struct server *s, struct visitor *v)
{
	struct ipc_frame f;
	int rc = ipc_fill(&v->conn, NULL);

	while (rc >= 0 && (rc = ipc_next(&v->conn, &f, NULL)) == 1)
		rc = take_frame(s, v, &f);
	if (rc < 0)
		visitor_free(s, v);
	else
		flush(s, v);
}

/* Only root and our own user command the accounts. */
static bool may_come_in(int fd, bool admin)
{
	struct err e = { 0 };
	uid_t uid;
	gid_t gid;
	pid_t pid;

	if (!admin)
		return true;
	if (ipc_peer(fd, &uid, &gid, &pid, &e) == 0 && (uid == 0 || uid == geteuid()))
		return true;
	say(SAY_WARNING, "control socket: refused (%s)", e.text[0] != '\0' ? e.text : "another user");
	return false;
}

static void accept_visitors(struct server *s, const struct source *from)
{
	struct visitor *v;
	int fd;

	while ((fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (s->n == VISITORS_MAX || !may_come_in(fd, from->kind == CONTROL)) {
			close(fd);
			continue;
		}
		v = mem_alloc(sizeof(*v));
		*v = (struct visitor){ .source = { VISITOR, fd }, .number = ++s->next_number };
		v->admin = from->kind == CONTROL;
		ipc_conn_init(&v->conn, fd);
		TAILQ_INSERT_TAIL(&s->visitors, v, entry);
		map_putn(&s->by_number, v->number, v);
		s->n++;
		if (watch(s, &v->source, EPOLLIN, EPOLL_CTL_ADD) < 0)
			visitor_free(s, v);
	}
}

static void tell_done(struct server *s)
{
	struct job *j;

	while ((j = workers_take(s->workers)) != NULL) {
		struct visitor *v = map_getn(&s->by_number, j->visitor);

		if (v != NULL) {
			answer_done(v, j->id, &j->done);
			flush(s, v);
		}
		job_free(j);
	}
}

/* An event of a visitor that an earlier event of the same batch has freed must not be followed:
 * only tell_done() can free another's, so it comes when the batch is over. */
static void take_events(struct server *s, const struct epoll_event *ev, int n)
{
	bool done = false;

	for (int i = 0; i < n; i++) {
		struct source *from = ev[i].data.ptr;

		if (from->kind == VISITOR)
			serve_visitor(s, (struct visitor *)from);
		else if (from->kind == SIGNALS)
			s->stop = true;
		else if (from->kind == DONE)
			done = true;
		else
			accept_visitors(s, from);
	}
	if (done)
		tell_done(s);
}

static void server_clear(struct server *s)
{
	struct visitor *v;

	while ((v = TAILQ_FIRST(&s->visitors)) != NULL)
		visitor_free(s, v);
	if (s->workers != NULL)
		workers_free(s->workers);
	store_close(s->store);
	arena_clear(&s->mem);
	map_clear(&s->by_number);
	fd_clear(&s->epoll);
}

static int server_init(struct server *s, const struct store_sockets *k, struct err *e)
{
	struct source *all[] = { &s->service, &s->control, &s->signals, &s->done };

	TAILQ_INIT(&s->visitors);
	s->looked = INT64_MIN / 2;
	s->workers = workers_new(s->path, e);
	if (s->workers == NULL)
		return -1;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return err_sys(e, "epoll");
	s->service = (struct source){ SERVICE, k->service };
	s->control = (struct source){ CONTROL, k->control };
	s->signals = (struct source){ SIGNALS, k->signals };
	s->done = (struct source){ DONE, workers_fd(s->workers) };
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i]->fd >= 0 && (io_nonblock(all[i]->fd) < 0 || watch(s, all[i], EPOLLIN, EPOLL_CTL_ADD) < 0))
			return err_sys(e, "watch a socket");
	look_at_file(s);
	return 0;
}

int store_serve(const char *path, const struct store_sockets *sockets, struct err *e)
{
	struct server s = { .path = path, .epoll = -1 };
	struct epoll_event ev[EVENTS];
	int rc = server_init(&s, sockets, e);

	if (rc == 0)
		proc_ready();
	while (rc == 0 && !s.stop) {
		int n = epoll_wait(s.epoll, ev, EVENTS, -1);

		if (n < 0 && errno != EINTR)
			rc = err_sys(e, "epoll");
		else
			take_events(&s, ev, n);
	}
	server_clear(&s);
	return rc;
}
