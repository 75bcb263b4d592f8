#include "deliver/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "deliver/show.h"

enum {
	CLIENTS_MOST = 400,       /* of both sockets */
	CONTROL_TIME = 30 * 1000, /* one command's whole visit */
	TURN_MOST = 5 * 1000,     /* longest sleep: deadlines are looked at between */
	SYNC_PAUSE = 200,         /* before a failed sync is tried again */
	EVENTS = 64
};

enum source_kind { SOURCE_SIGNALS, SOURCE_SERVICE, SOURCE_CONTROL, SOURCE_DEPOT, SOURCE_CLIENT };

struct source {
	enum source_kind kind;
	int fd;
};

enum role { ROLE_NONE, ROLE_SMTPD, ROLE_LOCAL, ROLE_COMMAND };

struct client {
	struct source source; /* first: what epoll points at */
	enum role role;
	struct ipc_conn conn;
	struct depot_client *depot; /* of a telltale-smtpd */
	int64_t deadline;
	bool dead, waiting_out;
	struct client *next;
};

struct server {
	struct server_set set;
	int epoll;
	struct source signals, service, control, depot;
	struct client *clients, *local; /* local: the one telltale-local, or NULL */
	size_t nclients;
	int64_t leave; /* deadline once asked to leave, else DEADLINE_NEVER */
	int64_t pause; /* ms to wait after a sync that failed */
	bool again;    /* something is left to do at once */
};

static int watch(struct server *s, struct source *source, enum source_kind kind, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = source };

	source->kind = kind;
	source->fd = fd;
	return fd < 0 ? 0 : epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void watch_out(struct server *s, struct client *c, bool out)
{
	struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = &c->source };

	if (c->waiting_out == out)
		return;
	c->waiting_out = out;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->source.fd, &ev);
}

/* The client is not spoken to again; what it had in work is settled now, the rest when the turn ends. */
static void lose(struct server *s, struct client *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	if (why != NULL)
		say(SAY_WARNING, "a client was dropped: %s", why);
	if (s->local == c) {
		s->local = NULL;
		schedule_agent(s->set.schedule, NULL);
	}
}

/* telltale-local holds the lock on the mail folder when it says hello: a former one is gone. */
static void take_local(struct server *s, struct client *c)
{
	if (s->local != NULL)
		lose(s, s->local, NULL);
	s->local = c;
	c->role = ROLE_LOCAL;
	schedule_agent(s->set.schedule, &c->conn);
}

static int hear_hello(struct server *s, struct client *c, const struct ipc_frame *f, struct err *e)
{
	struct queue_hello m;

	if (f->type != queue_hello_number)
		return err_set(e, "message %u before a hello", f->type);
	if (ipc_unpack(f->body, &queue_hello_type, &m, e) < 0)
		return -1;
	if (str_eqz(m.role, "l")) {
		take_local(s, c);
		return 0;
	}
	if (!str_eqz(m.role, "s"))
		return err_set(e, "a hello of nobody we know");
	c->role = ROLE_SMTPD;
	c->depot = depot_client_new(s->set.depot, &c->conn);
	return 0;
}

static int hear_command(struct server *s, struct client *c, const struct ipc_frame *f, struct err *e)
{
	struct queue_admin m;
	struct answer a = { .status = 0 };
	struct queue_done done;

	if (f->type != queue_admin_number)
		return err_set(e, "message %u is not a command's", f->type);
	if (ipc_unpack(f->body, &queue_admin_type, &m, e) < 0)
		return -1;
	show_answer(s->set.depot, m.words, &a);
	done = (struct queue_done){ (uint64_t)a.status, buf_str(&a.output), buf_str(&a.message) };
	ipc_queue(&c->conn, &queue_done_type, f->id, &done, -1);
	answer_clear(&a);
	return 0;
}

static int hear(struct server *s, struct client *c, struct ipc_frame *f, struct err *e)
{
	fd_clear(&f->fd); /* nobody gives us descriptors */
	switch (c->role) {
	case ROLE_NONE:
		return hear_hello(s, c, f, e);
	case ROLE_SMTPD:
		return depot_hear(c->depot, f, e);
	case ROLE_LOCAL:
		return schedule_hear(s->set.schedule, f, e);
	case ROLE_COMMAND:
		break;
	}
	return hear_command(s, c, f, e);
}

/* Whatever came before the end of the channel counts. */
static void hear_client(struct server *s, struct client *c)
{
	struct err e = { 0 };
	struct ipc_frame f;
	int filled = ipc_fill(&c->conn, &e), rc = 0;

	while (filled > 0 && !c->dead && (rc = ipc_next(&c->conn, &f, &e)) > 0) {
		if (hear(s, c, &f, &e) < 0) {
			lose(s, c, e.text);
			return;
		}
	}
	if (filled < 0 || rc < 0)
		lose(s, c, rc < 0 ? e.text : NULL);
}

static void take_client(struct server *s, int fd, bool control)
{
	struct client *c = mem_alloc(sizeof(*c));

	ipc_conn_init(&c->conn, fd);
	c->role = control ? ROLE_COMMAND : ROLE_NONE;
	c->deadline = deadline_in(CONTROL_TIME);
	c->next = s->clients;
	s->clients = c;
	s->nclients++;
	if (watch(s, &c->source, SOURCE_CLIENT, fd) < 0)
		lose(s, c, "epoll");
}

/* Commands are root's, and our own user's. */
static bool may_command(int fd)
{
	struct err e;
	uid_t uid;
	gid_t gid;
	pid_t pid;

	return ipc_peer(fd, &uid, &gid, &pid, &e) == 0 && (uid == 0 || uid == geteuid());
}

static void take_clients(struct server *s, const struct source *from)
{
	bool control = from->kind == SOURCE_CONTROL;

	for (int i = 0; i < EVENTS; i++) {
		int fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		if (s->nclients >= CLIENTS_MOST || (control && !may_command(fd)))
			close(fd);
		else
			take_client(s, fd, control);
	}
}

static bool leaving(const struct server *s)
{
	return s->leave != DEADLINE_NEVER;
}

static void asked_to_leave(struct server *s)
{
	struct signalfd_siginfo si;

	if (read(s->set.signals, &si, sizeof(si)) != sizeof(si) || leaving(s))
		return;
	s->leave = deadline_in(s->set.grace);
	schedule_stop(s->set.schedule);
	(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->service.fd, NULL);
	if (s->control.fd >= 0)
		(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->control.fd, NULL);
}

static void take_event(struct server *s, const struct epoll_event *ev)
{
	struct source *source = ev->data.ptr;

	switch (source->kind) {
	case SOURCE_SIGNALS:
		asked_to_leave(s);
		break;
	case SOURCE_SERVICE:
	case SOURCE_CONTROL:
		take_clients(s, source);
		break;
	case SOURCE_DEPOT:
		depot_tend(s->set.depot);
		break;
	case SOURCE_CLIENT:
		if (ev->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			hear_client(s, (struct client *)(void *)source);
		break;
	}
}

static int sleep_time(const struct server *s)
{
	int64_t next = schedule_next(s->set.schedule), ms;

	if (s->again)
		return 0;
	if (leaving(s))
		return 100;
	ms = next == INT64_MAX ? TURN_MOST : next - clock_wall();
	if (ms < s->pause)
		ms = s->pause;
	return ms < 0 ? 0 : ms > TURN_MOST ? TURN_MOST : (int)ms;
}

static void take_events(struct server *s)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(s->epoll, ev, EVENTS, sleep_time(s));

	s->again = n == EVENTS;
	for (int i = 0; i < n; i++)
		take_event(s, &ev[i]);
}

static void flush_client(struct server *s, struct client *c)
{
	struct err e = { 0 };
	int rc = ipc_flush(&c->conn, &e);

	if (rc < 0) {
		lose(s, c, NULL);
		s->again = true; /* what it lost is synced in the next turn */
	} else {
		watch_out(s, c, rc > 0);
	}
}

/* Answers to telltale-smtpd never depend on the journal; all others may. */
static void tell(struct server *s, bool synced)
{
	for (struct client *c = s->clients; c != NULL; c = c->next)
		if (!c->dead && c->conn.out.n > 0 && (synced || c->role == ROLE_SMTPD))
			flush_client(s, c);
}

static void check_deadlines(struct server *s)
{
	int64_t now = clock_mono();

	for (struct client *c = s->clients; c != NULL; c = c->next)
		if ((c->role == ROLE_COMMAND || c->role == ROLE_NONE) && now > c->deadline)
			lose(s, c, NULL);
	if (s->local != NULL && schedule_stuck(s->set.schedule))
		lose(s, s->local, "telltale-local is stuck in a delivery");
}

static void client_free(struct client *c)
{
	if (c->depot != NULL)
		depot_client_free(c->depot);
	ipc_conn_clear(&c->conn);
	free(c);
}

static void bury_dead(struct server *s)
{
	for (struct client **at = &s->clients, *c; (c = *at) != NULL;) {
		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		s->nclients--;
		s->again |= c->depot != NULL; /* its last messages may be news */
		client_free(c);
	}
}

static void say_complaints(struct server *s)
{
	BUF(b);

	while (depot_complaint(s->set.depot, &b))
		say(SAY_WARNING, "%s", buf_z(&b));
}

/* 0 all is on disk, 1 not now, -1 never again. */
static int sync_turn(struct server *s, struct err *e)
{
	bool said = s->pause > 0;

	dlog_flush(s->set.log);
	if (depot_sync(s->set.depot, e) == 0) {
		s->pause = 0;
		return 0;
	}
	if (depot_broken(s->set.depot))
		return -1;
	if (!said)
		say(SAY_ERROR, "spool: %s; trying again", e->text);
	s->pause = SYNC_PAUSE;
	return 1;
}

static int one_turn(struct server *s, struct err *e)
{
	int rc;

	take_events(s);
	check_deadlines(s);
	while (depot_news(s->set.depot) != NULL)
		; /* due from now on */
	schedule_start(s->set.schedule);
	rc = sync_turn(s, e);
	if (rc >= 0)
		tell(s, rc == 0);
	bury_dead(s);
	say_complaints(s);
	return rc < 0 ? -1 : 0;
}

static bool smtpd_there(const struct server *s)
{
	const struct client *c = s->clients;

	while (c != NULL && c->role != ROLE_SMTPD)
		c = c->next;
	return c != NULL;
}

/* Those who still have something to hand over, or to tell us, are waited for. */
static bool over(const struct server *s)
{
	if (!leaving(s))
		return false;
	return clock_mono() > s->leave || (schedule_busy(s->set.schedule) == 0 && !smtpd_there(s));
}

static int server_open(struct server *s, struct err *e)
{
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return err_sys(e, "epoll");
	if (io_nonblock(s->set.service) < 0 || (s->set.control >= 0 && io_nonblock(s->set.control) < 0))
		return err_sys(e, "the sockets of telltale-queue");
	if (watch(s, &s->signals, SOURCE_SIGNALS, s->set.signals) < 0 ||
	    watch(s, &s->service, SOURCE_SERVICE, s->set.service) < 0 ||
	    watch(s, &s->control, SOURCE_CONTROL, s->set.control) < 0 ||
	    watch(s, &s->depot, SOURCE_DEPOT, depot_fd(s->set.depot)) < 0)
		return err_sys(e, "epoll");
	return 0;
}

int server_run(const struct server_set *set, struct err *e)
{
	struct server s = { .set = *set, .leave = DEADLINE_NEVER, .again = true };
	int rc = server_open(&s, e);

	say_complaints(&s);
	while (rc == 0 && !over(&s))
		rc = one_turn(&s, e);
	while (s.clients != NULL) {
		struct client *c = s.clients;

		s.clients = c->next;
		client_free(c);
	}
	fd_clear(&s.epoll);
	return rc;
}
