/* One thread, one event loop: the listening socket, the visitors, the resolver's own sockets.
 *
 * A question lives from its frame to its answer and is in two lists: its
 * visitor's (to cancel it when he leaves) and the server's, oldest first (to
 * end it when its time is over).  The resolver may answer before
 * ub_resolve_event() returns, so nobody touches a question after asking it. */
#include "dns/serve.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unbound-event.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "dns/dns.h"
#include "dns/name.h"
#include "dns/packet.h"
#include "dns/resolver.h"

enum { QUESTIONS_MAX = 4096, VISITORS_MAX = 512, HOPS_MAX = 8, TICK_MS = 250, OUT_MAX = 8 * 1024 * 1024 };
enum { DRAIN_MS = 10 * 60 * 1000 };

struct server {
	struct event_base *base;
	struct ub_ctx *ub;
	int64_t patience; /* ms until a question is given up */
	int64_t drained;  /* told to let the visitors finish: when we end at the latest; 0: not told */
	struct event *listening, *signals, *tick;
	size_t nquestions, nvisitors;
	TAILQ_HEAD(, question) oldest;
	LIST_HEAD(, visitor) visitors;
};

struct visitor {
	struct server *server;
	struct ipc_conn conn;
	struct event *readable, *writable;
	LIST_HEAD(, question) questions;
	LIST_ENTRY(visitor) entry;
};

struct question {
	struct visitor *visitor;
	uint64_t id;       /* of the frame */
	int rrtype, async; /* async: 0 while the resolver is not at it */
	int hops;          /* aliases followed by asking again */
	bool secure;
	int64_t until;
	uint32_t ttl;
	char name[DNS_NAME_TEXT_MAX + 2];
	struct event again;
	LIST_ENTRY(question) mine;
	TAILQ_ENTRY(question) aged;
};

static void question_free(struct question *q)
{
	struct server *s = q->visitor->server;

	evtimer_del(&q->again);
	LIST_REMOVE(q, mine);
	TAILQ_REMOVE(&s->oldest, q, aged);
	s->nquestions--;
	free(q);
}

static void question_cancel(struct question *q)
{
	if (q->async != 0)
		(void)ub_cancel(q->visitor->server->ub, q->async);
	question_free(q);
}

static void tell(struct visitor *v, uint64_t id, const struct dns_told *told)
{
	ipc_queue(&v->conn, &dns_told_type, id, told, -1);
	event_active(v->writable, EV_WRITE, 0);
}

static void tell_failed(struct visitor *v, uint64_t id, struct str why)
{
	tell(v, id, &(struct dns_told){ .status = DNS_FAILED, .why = why });
}

static void fail(struct question *q, const char *why)
{
	tell_failed(q->visitor, q->id, str_of(why));
	question_free(q);
}

static void ask(struct question *q);

static void ask_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask(arg);
}

/* Our own records do not lead on to where an alias points: ask for that name, but not from inside the callback. */
static void follow_alias(struct question *q, struct packet *p)
{
	static const struct timeval now = { 0, 0 };

	if (q->hops++ >= HOPS_MAX || p->canonical.n == 0 || p->canonical.n >= sizeof(q->name)) {
		fail(q, q->hops > HOPS_MAX ? "too many aliases" : "an alias leads to an unusable name");
		return;
	}
	strcpy(q->name, buf_z(&p->canonical));
	q->ttl = p->ttl < q->ttl ? p->ttl : q->ttl;
	evtimer_add(&q->again, &now);
}

static void settle(struct question *q, const struct packet *p)
{
	struct dns_told told = {
		.status = p->n > 0 ? DNS_FOUND : DNS_NONE,
		.secure = q->secure,
		.nowhere = p->rcode == 3 && !p->alias && q->hops == 0,
		.ttl = p->ttl < q->ttl ? p->ttl : q->ttl,
		.records = buf_str(&p->records),
		.canonical = buf_str(&p->canonical),
	};

	tell(q->visitor, q->id, &told);
	question_free(q);
}

static void take_packet(struct question *q, struct str bytes)
{
	static const char *const words[] = { "", "FORMERR", "SERVFAIL", "", "NOTIMP", "REFUSED" };
	struct packet p;

	if (packet_read(bytes, q->rrtype, &p, NULL) < 0)
		fail(q, "a malformed answer");
	else if (p.rcode != 0 && p.rcode != 3)
		fail(q, p.rcode < COUNT(words) ? words[p.rcode] : "an error code");
	else if (p.rcode == 0 && p.n == 0 && p.alias)
		follow_alias(q, &p);
	else
		settle(q, &p);
	packet_clear(&p);
}

/* security: 0 insecure, 1 bogus, 2 secure (unbound-event.h). */
static void answered(void *arg, int rcode, void *packet, int length, int security, char *why_bogus, int limited)
{
	struct question *q = arg;

	(void)limited;
	(void)why_bogus;
	q->async = 0;
	q->secure = q->secure && security == 2;
	if (security == 1)
		fail(q, "DNSSEC validation failed");
	else if ((rcode != 0 && rcode != 3) || packet == NULL || length <= 0)
		fail(q, "SERVFAIL");
	else
		take_packet(q, str_mem(packet, (size_t)length));
}

static void ask(struct question *q)
{
	struct ub_ctx *ub = q->visitor->server->ub;

	if (ub_resolve_event(ub, q->name, q->rrtype, 1, q, answered, &q->async) != 0)
		fail(q, "the resolver refused the question");
}

static struct question *question_new(struct visitor *v, uint64_t id, const struct dns_ask *a)
{
	struct question *q = mem_alloc(sizeof(*q));
	struct server *s = v->server;

	*q = (struct question){ .visitor = v, .id = id, .rrtype = (int)a->rrtype, .secure = true, .ttl = UINT32_MAX };
	q->until = deadline_in(s->patience);
	memcpy(q->name, a->name.p, a->name.n);
	evtimer_assign(&q->again, s->base, ask_again, q);
	LIST_INSERT_HEAD(&v->questions, q, mine);
	TAILQ_INSERT_TAIL(&s->oldest, q, aged);
	s->nquestions++;
	return q;
}

/* -1: this is not a question. */
static int take_frame(struct visitor *v, struct ipc_frame *f)
{
	struct dns_ask a;

	if (f->fd >= 0) {
		fd_clear(&f->fd);
		return -1;
	}
	if (f->type != dns_ask_number || ipc_unpack(f->body, &dns_ask_type, &a, NULL) < 0)
		return -1;
	if (a.rrtype == 0 || a.rrtype > 0xffff || !dns_name_ok(a.name))
		tell(v, f->id, &(struct dns_told){ .status = DNS_NONE, .nowhere = !dns_name_ok(a.name) });
	else if (v->server->nquestions >= QUESTIONS_MAX)
		tell_failed(v, f->id, STR("too many questions"));
	else
		ask(question_new(v, f->id, &a));
	return 0;
}

static void visitor_free(struct visitor *v)
{
	struct question *q;

	while ((q = LIST_FIRST(&v->questions)) != NULL)
		question_cancel(q);
	event_free(v->readable);
	event_free(v->writable);
	ipc_conn_clear(&v->conn);
	LIST_REMOVE(v, entry);
	if (--v->server->nvisitors == 0 && v->server->drained != 0)
		event_base_loopbreak(v->server->base);
	free(v);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct visitor *v = arg;
	struct ipc_frame f;
	int rc = ipc_fill(&v->conn, NULL);

	(void)fd;
	(void)what;
	while (rc >= 0 && (rc = ipc_next(&v->conn, &f, NULL)) == 1)
		rc = take_frame(v, &f);
	if (rc < 0 || v->conn.out.n > OUT_MAX)
		visitor_free(v);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct visitor *v = arg;
	int rc = ipc_flush(&v->conn, NULL);

	(void)fd;
	(void)what;
	if (rc < 0)
		visitor_free(v);
	else if (rc > 0)
		event_add(v->writable, NULL);
}

static void visitor_new(struct server *s, int fd)
{
	struct visitor *v = mem_alloc(sizeof(*v));

	*v = (struct visitor){ .server = s };
	ipc_conn_init(&v->conn, fd);
	v->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, v);
	v->writable = event_new(s->base, fd, EV_WRITE, on_writable, v);
	LIST_INSERT_HEAD(&s->visitors, v, entry);
	s->nvisitors++;
	MUST(v->readable != NULL && v->writable != NULL);
	event_add(v->readable, NULL);
}

/* When no more can be accepted we rest until the next tick instead of turning in circles. */
static void on_visitor(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	int client;

	(void)what;
	while (s->nvisitors < VISITORS_MAX && (client = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (proc_peer_is_ours(client))
			visitor_new(s, client);
		else
			close(client);
	}
	if (s->nvisitors >= VISITORS_MAX || (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED))
		event_del(s->listening);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	struct question *q;

	(void)fd;
	(void)what;
	while ((q = TAILQ_FIRST(&s->oldest)) != NULL && q->until <= clock_mono()) {
		tell_failed(q->visitor, q->id, STR("no answer in time"));
		question_cancel(q);
	}
	if (s->drained == 0)
		event_add(s->listening, NULL);
	else if (s->drained <= clock_mono())
		event_base_loopbreak(s->base);
}

/* Our successor takes the new visitors; those who are here are served until the last has left. */
static void drain(struct server *s)
{
	event_del(s->listening);
	s->drained = deadline_in(DRAIN_MS);
	if (s->nvisitors == 0)
		event_base_loopbreak(s->base);
}

/* SIGHUP lets us finish, anything else ends us now. */
static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	if (proc_signal(fd) == SIGHUP)
		drain(s);
	else
		event_base_loopbreak(s->base);
}

static void server_clear(struct server *s)
{
	struct visitor *v;

	while ((v = LIST_FIRST(&s->visitors)) != NULL)
		visitor_free(v);
	if (s->listening != NULL)
		event_free(s->listening);
	if (s->signals != NULL)
		event_free(s->signals);
	if (s->tick != NULL)
		event_free(s->tick);
	if (s->ub != NULL)
		ub_ctx_delete(s->ub);
	if (s->base != NULL)
		event_base_free(s->base);
}

static int server_init(struct server *s, const struct conf_dns *set, int service, int signals, struct err *e)
{
	static const struct timeval tick = { 0, TICK_MS * 1000 };

	TAILQ_INIT(&s->oldest);
	LIST_INIT(&s->visitors);
	s->patience = set->deadline;
	s->base = event_base_new();
	if (s->base == NULL)
		return err_set(e, "no event loop");
	s->ub = resolver_new(s->base, set, e);
	if (s->ub == NULL)
		return -1;
	s->listening = event_new(s->base, service, EV_READ | EV_PERSIST, on_visitor, s);
	s->signals = event_new(s->base, signals, EV_READ | EV_PERSIST, on_signal, s);
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (io_nonblock(service) < 0 || s->listening == NULL || s->signals == NULL || s->tick == NULL)
		return err_sys(e, "the service socket");
	event_add(s->listening, NULL);
	event_add(s->signals, NULL);
	event_add(s->tick, &tick);
	return 0;
}

int dns_serve(const struct conf_dns *set, int service, int signals, struct err *e)
{
	struct server s = { 0 };
	int rc = server_init(&s, set, service, signals, e);

	if (rc == 0) {
		proc_ready();
		rc = event_base_dispatch(s.base) < 0 ? err_set(e, "the event loop failed") : 0;
	}
	server_clear(&s);
	return rc;
}
