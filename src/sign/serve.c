/* One thread, a fiber for each visitor: he asks, he is answered. */
#include "sign/serve.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"

enum { VISITORS_MAX = 512, WRITE_MS = 5000, PAUSE_MS = 100, DRAIN_MS = 10 * 60 * 1000, LEAVE_MS = 1000 };

struct server {
	struct keybox *box;
	int service, signals;
	LIST_HEAD(, visitor) visitors;
	size_t n;
	bool closed; /* a successor takes who comes */
	bool over;   /* whoever is here leaves */
};

struct visitor {
	struct server *server;
	struct ipc_conn conn;
	LIST_ENTRY(visitor) entry;
};

/* -1: this is no visitor of ours. */
static int take_frame(struct visitor *v, struct ipc_frame *f)
{
	struct sign_ask ask;
	struct sign_seal seal;
	struct sign_told told;
	int64_t now = clock_wall() / 1000;
	ARENA(a);

	if (f->fd >= 0) {
		fd_clear(&f->fd);
		return -1;
	}
	if (f->type == sign_ask_number && ipc_unpack(f->body, &sign_ask_type, &ask, NULL) == 0)
		sign_answer(v->server->box, &ask, now, &a, &told);
	else if (f->type == sign_seal_number && ipc_unpack(f->body, &sign_seal_type, &seal, NULL) == 0)
		sign_answer_seal(v->server->box, &seal, now, &a, &told);
	else
		return -1;
	ipc_queue(&v->conn, &sign_told_type, f->id, &told, -1);
	return 0;
}

/* Whoever does not read his answers is hung up on. */
static int tell_all(struct visitor *v)
{
	int64_t deadline = deadline_in(WRITE_MS);
	int rc;

	while ((rc = ipc_flush(&v->conn, NULL)) == 1)
		if (io_wait(v->conn.fd, POLLOUT, deadline) < 0)
			return -1;
	return rc;
}

/* The answers of one turn go out together. */
static int serve(struct visitor *v)
{
	struct ipc_frame f;
	int rc = io_wait(v->conn.fd, POLLIN, DEADLINE_NEVER) < 0 ? -1 : ipc_fill(&v->conn, NULL);

	while (rc >= 0 && (rc = ipc_next(&v->conn, &f, NULL)) == 1)
		rc = take_frame(v, &f);
	return rc < 0 || tell_all(v) < 0 ? -1 : 0;
}

static void visitor_free(struct visitor *v)
{
	ipc_conn_clear(&v->conn);
	LIST_REMOVE(v, entry);
	v->server->n--;
	free(v);
}

static void visit(void *arg)
{
	struct visitor *v = arg;

	while (!v->server->over && serve(v) == 0)
		;
	visitor_free(v);
}

static void take_visitor(struct server *s, int fd)
{
	struct visitor *v;
	struct err e = { 0 };

	if (!proc_peer_is(fd, "smtpd") && !proc_peer_is(fd, "remote")) {
		close(fd);
		return;
	}
	v = mem_alloc(sizeof(*v));
	v->server = s;
	ipc_conn_init(&v->conn, fd);
	LIST_INSERT_HEAD(&s->visitors, v, entry);
	s->n++;
	if (fiber_start(visit, v, &e) == 0)
		return;
	say(SAY_ERROR, "a visitor is sent away: %s", e.text);
	visitor_free(v);
}

static void accept_some(struct server *s)
{
	int fd;

	while (s->n < VISITORS_MAX && (fd = accept4(s->service, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		take_visitor(s, fd);
	if (s->n >= VISITORS_MAX || (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED))
		fiber_sleep(PAUSE_MS);
}

static void doorkeeper(void *arg)
{
	struct server *s = arg;

	while (!s->closed && io_wait(s->service, POLLIN, DEADLINE_NEVER) == 0)
		if (!s->closed)
			accept_some(s);
}

/* Everybody wakes up and sees that it is over. */
static void send_away(struct server *s)
{
	int64_t until = deadline_in(LEAVE_MS);
	struct visitor *v;

	s->closed = s->over = true;
	LIST_FOREACH(v, &s->visitors, entry)
	(void)shutdown(v->conn.fd, SHUT_RDWR);
	while (s->n > 0 && clock_mono() < until)
		fiber_sleep(1);
}

static void drain(struct server *s)
{
	int64_t until = deadline_in(DRAIN_MS);

	s->closed = true;
	while (s->n > 0 && clock_mono() < until)
		if (io_wait(s->signals, POLLIN, deadline_in(PAUSE_MS)) == 0 && proc_signal(s->signals) == SIGTERM)
			return;
}

/* The first fiber. */
static void work(void *arg)
{
	struct server *s = arg;
	struct err e = { 0 };

	if (fiber_start(doorkeeper, s, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return;
	}
	proc_ready();
	while (io_wait(s->signals, POLLIN, DEADLINE_NEVER) < 0)
		;
	if (proc_signal(s->signals) == SIGHUP)
		drain(s);
	send_away(s);
}

int sign_serve(const struct conf *c, int service, int signals, struct err *e)
{
	struct server s = { .service = service, .signals = signals };
	int rc;

	if (io_nonblock(service) < 0)
		return err_sys(e, "the service socket");
	LIST_INIT(&s.visitors);
	s.box = keybox_new(conf_z(c->dkim.dir));
	rc = fiber_run(work, &s, e);
	if (s.n == 0)
		keybox_free(s.box);
	return rc;
}
