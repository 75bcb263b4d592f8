#include "deliver/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"
#include "deliver/hello.h"
#include "deliver/sweep.h"

enum {
	CLIENTS_MOST = 400,       /* of both sockets */
	TAKE_MOST = 64,           /* in one turn */
	CONTROL_TIME = 30 * 1000, /* one command's whole visit, but for what it asks for */
	PROGRESS = 500,           /* ms between two words about a command that takes long */
	SWEEPS = 4                /* such commands that take a step in one turn; others wait for them */
};

enum role { ROLE_NONE, ROLE_SMTPD, ROLE_AGENT, ROLE_REPORTER, ROLE_LETTER, ROLE_COMMAND, ROLE_PAGE };

struct client {
	struct source source; /* first: what epoll points at */
	enum role role;
	struct ipc_conn conn;
	struct depot_client *depot; /* of a telltale-smtpd */
	struct agent *agent;        /* a telltale-local or telltale-remote */
	struct sweep *sweep;        /* of a command: what it asked for, and is being done */
	uint64_t question;          /* its number */
	int64_t progress;           /* when it is told again how far that is */
	int64_t deadline;
	bool dead, waiting_out;
	struct client *next;
};

int source_watch(int epoll, struct source *s, enum source_kind kind, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };

	s->kind = kind;
	s->fd = fd;
	return fd < 0 ? 0 : epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void watch_out(struct clients *s, struct client *c, bool out)
{
	struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = &c->source };

	if (c->waiting_out == out)
		return;
	c->waiting_out = out;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->source.fd, &ev);
}

/* The client is not spoken to again; what it had in work is settled now, the rest when the turn ends. */
static void lose(struct clients *s, struct client *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	if (why != NULL)
		say(SAY_WARNING, "a client was dropped: %s", why);
	if (s->local == c)
		s->local = NULL;
	if (c->agent != NULL)
		schedule_agent_gone(s->schedule, c->agent);
	c->agent = NULL;
}

/* telltale-local holds the lock on the mail folder when it says hello: a former one is gone. */
static void take_local(struct clients *s, struct client *c)
{
	if (s->local != NULL)
		lose(s, s->local, NULL);
	s->local = c;
	c->role = ROLE_AGENT;
	c->agent = schedule_agent(s->schedule, AGENT_LOCAL, &c->conn);
}

/* One that is there already may be on its way out, with tries that take long. */
static void take_beside(struct clients *s, struct client *c, enum agent_kind kind)
{
	c->role = ROLE_AGENT;
	c->agent = schedule_agent(s->schedule, kind, &c->conn);
}

static int hear_hello(struct clients *s, struct client *c, const struct ipc_frame *f, struct err *e)
{
	static const enum role roles[] = {
		['t'] = ROLE_REPORTER, ['w'] = ROLE_PAGE, ['d'] = ROLE_LETTER, ['s'] = ROLE_SMTPD
	};
	char role = hello_role(c->source.fd, f, e);

	if (role == 0)
		return -1;
	if (role == 'l')
		take_local(s, c);
	else if (role == 'r' || role == 'p')
		take_beside(s, c, role == 'r' ? AGENT_REMOTE : AGENT_PIPE);
	else
		c->role = roles[(unsigned char)role];
	if (role == 's')
		c->depot = depot_client_new(s->depot, &c->conn);
	return 0;
}

/* It owes us a word: a command that is being done does not, however many are done before it. */
static bool is_late(const struct client *c, int64_t now)
{
	bool owes = c->role >= ROLE_REPORTER || c->role == ROLE_NONE;

	return owes && c->sweep == NULL && now > c->deadline;
}

static int hear_settings(struct clients *s, struct client *c, const struct ipc_frame *f, struct err *e)
{
	BUF(why);
	struct queue_settings m;
	struct queue_done done = { 0 };
	int rc;

	if (ipc_unpack(f->body, &queue_settings_type, &m, e) < 0)
		return -1;
	if (f->fd < 0 || s->settings == NULL)
		return err_set(e, "a configuration without its bytes");
	rc = settings_take(s->settings, f->fd, &why);
	if (rc != 0)
		say(SAY_WARNING, "configuration %llu: %s", (unsigned long long)m.generation, buf_z(&why));
	done.status = rc != 0;
	done.message = buf_str(&why);
	ipc_queue(&c->conn, &queue_done_type, f->id, &done, -1);
	return 0;
}

static void answer(struct client *c, struct shown *a)
{
	struct queue_done done = { (uint64_t)a->status, buf_str(&a->output), buf_str(&a->message) };

	ipc_queue(&c->conn, &queue_done_type, c->question, &done, fd_steal(&a->fd));
	shown_clear(a);
	c->deadline = deadline_in(CONTROL_TIME);
}

static void tell_progress(struct client *c)
{
	struct sweep_progress p = sweep_progress(c->sweep);
	struct queue_progress m = { p.looked, p.of, p.found };

	if (clock_mono() < c->progress || c->conn.out.n > 0)
		return;
	c->progress = deadline_in(PROGRESS);
	ipc_queue(&c->conn, &queue_progress_type, c->question, &m, -1);
}

void clients_work(struct clients *s)
{
	size_t n = 0;

	for (struct client *c = s->first; c != NULL && n < SWEEPS; c = c->next) {
		struct shown a = { .fd = -1 };

		if (c->sweep == NULL || c->dead)
			continue;
		n += !sweep_waits(c->sweep);
		if (!sweep_step(c->sweep, &a)) {
			s->again = s->again || !sweep_waits(c->sweep);
			tell_progress(c);
			continue;
		}
		answer(c, &a);
		sweep_free(c->sweep);
		c->sweep = NULL;
	}
}

void clients_answer(struct clients *s, uint64_t id, const struct lookup_answer *answer)
{
	for (struct client *c = s->first; c != NULL; c = c->next)
		if (c->sweep != NULL && sweep_answer(c->sweep, id, answer))
			s->again = true;
}

static int hear_command(struct clients *s, struct client *c, const struct ipc_frame *f, struct err *e)
{
	struct queue_admin m;
	struct shown a = { .fd = -1 };

	if (f->type == queue_settings_number && c->role == ROLE_COMMAND)
		return hear_settings(s, c, f, e);
	if (f->type != queue_admin_number)
		return err_set(e, "message %u is not a command's", f->type);
	if (ipc_unpack(f->body, &queue_admin_type, &m, e) < 0)
		return -1;
	if (c->role == ROLE_PAGE && !sweep_of_page(m.words))
		return err_set(e, "the page may not ask that");
	if (c->sweep != NULL)
		return err_set(e, "a command asks twice at a time");
	c->question = f->id;
	c->progress = deadline_in(PROGRESS);
	c->sweep = sweep_new(s->schedule, m.words, &a);
	if (c->sweep == NULL)
		answer(c, &a);
	else
		s->again = true;
	return 0;
}

static int hear(struct clients *s, struct client *c, struct ipc_frame *f, struct err *e)
{
	switch (c->role) {
	case ROLE_NONE:
		return hear_hello(s, c, f, e);
	case ROLE_SMTPD:
		return depot_hear(c->depot, f, e);
	case ROLE_AGENT:
		return schedule_hear(s->schedule, c->agent, f, e);
	case ROLE_REPORTER:
		return schedule_hear_report(s->schedule, &c->conn, f, e);
	case ROLE_LETTER:
		return schedule_hear_digest(s->schedule, &c->conn, f, e);
	case ROLE_COMMAND:
	case ROLE_PAGE:
		break;
	}
	return hear_command(s, c, f, e);
}

void clients_hear(struct clients *s, struct source *source)
{
	struct client *c = (struct client *)(void *)source;
	struct err e = { 0 };
	struct ipc_frame f;
	int filled = ipc_fill(&c->conn, &e), rc = 0;

	while (filled > 0 && !c->dead && (rc = ipc_next(&c->conn, &f, &e)) > 0) {
		int heard = hear(s, c, &f, &e);

		fd_clear(&f.fd); /* who gave us one has another */
		if (heard < 0) {
			lose(s, c, e.text);
			return;
		}
	}
	if (filled < 0 || rc < 0)
		lose(s, c, rc < 0 ? e.text : NULL);
}

static void take_client(struct clients *s, int fd, bool control)
{
	struct client *c = mem_alloc(sizeof(*c));

	ipc_conn_init(&c->conn, fd);
	c->role = control ? ROLE_COMMAND : ROLE_NONE;
	c->deadline = deadline_in(CONTROL_TIME);
	c->next = s->first;
	s->first = c;
	s->n++;
	if (source_watch(s->epoll, &c->source, SOURCE_CLIENT, fd) < 0)
		lose(s, c, "epoll");
}

/* Who knocks cannot be let in for want of descriptors: the knocking is not listened to for a moment. */
static void mute(struct clients *s, const struct source *from)
{
	struct epoll_event ev = { .events = 0, .data.ptr = (void *)(uintptr_t)from };

	if (s->nmuted == COUNT(s->muted) || epoll_ctl(s->epoll, EPOLL_CTL_MOD, from->fd, &ev) < 0)
		return;
	s->muted[s->nmuted++] = from;
	s->listen_again = deadline_in(CLIENTS_MUTED);
	say(SAY_WARNING, "no descriptors are left for new clients; they wait");
}

static void listen_again(struct clients *s, int64_t now)
{
	if (s->nmuted == 0 || now < s->listen_again)
		return;
	while (s->nmuted > 0) {
		const struct source *from = s->muted[--s->nmuted];
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = (void *)(uintptr_t)from };

		(void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, from->fd, &ev);
	}
}

void clients_take(struct clients *s, const struct source *from)
{
	bool control = from->kind == SOURCE_CONTROL;

	for (int i = 0; i < TAKE_MOST; i++) {
		int fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
				mute(s, from);
			return;
		}
		if (s->n >= CLIENTS_MOST || (control ? !proc_peer_may_command(fd) : !proc_peer_is_ours(fd)))
			close(fd);
		else
			take_client(s, fd, control);
	}
}

static void flush_client(struct clients *s, struct client *c)
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

void clients_tell(struct clients *s, bool synced)
{
	for (struct client *c = s->first; c != NULL; c = c->next)
		if (!c->dead && c->conn.out.n > 0 && (synced || c->role == ROLE_SMTPD))
			flush_client(s, c);
}

void clients_check_deadlines(struct clients *s)
{
	int64_t now = clock_mono();

	listen_again(s, now);
	for (struct client *c = s->first; c != NULL; c = c->next)
		if (is_late(c, now))
			lose(s, c, NULL);
	for (struct client *c = s->first; c != NULL; c = c->next)
		if (c->agent != NULL && schedule_parted(c->agent))
			lose(s, c, NULL);
		else if (c->agent != NULL && schedule_stuck(s->schedule, c->agent))
			lose(s, c, "it is stuck in a delivery");
}

static void client_free(struct client *c)
{
	if (c->depot != NULL)
		depot_client_free(c->depot);
	if (c->sweep != NULL)
		sweep_free(c->sweep);
	ipc_conn_clear(&c->conn);
	free(c);
}

void clients_bury(struct clients *s)
{
	for (struct client **at = &s->first, *c; (c = *at) != NULL;) {
		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		s->n--;
		if (c->depot != NULL) {
			s->again = true; /* its last messages may be news */
			if (!depot_client_left(c->depot))
				recovered_suspect(s->recovered);
		}
		client_free(c);
	}
}

bool clients_smtpd(const struct clients *s)
{
	const struct client *c = s->first;

	while (c != NULL && c->role != ROLE_SMTPD)
		c = c->next;
	return c != NULL;
}

void clients_clear(struct clients *s)
{
	while (s->first != NULL) {
		struct client *c = s->first;

		s->first = c->next;
		client_free(c);
	}
}
