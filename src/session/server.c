#include "session/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fiber.h"
#include "base/proc.h"
#include "session/session.h"

enum {
	LAST_WORDS = 2000, /* ms for the 421 of sessions that are still there after the grace */
};

/* ---- opening and closing ---- */

static int open_logs(struct server *s, struct err *e)
{
	const struct conf *c = s->conf;
	struct arena names = ARENA_INIT;
	int rc = io_mkdirs(conf_z(c->top.log_dir), 0700, e);

	if (rc == 0)
		s->spamdyke =
		    log_writer_open(arena_fmt(&names, "%.*s/spamdyke.log", STR_ARG(c->top.log_dir)).p, LOG_SPAMDYKE, e);
	for (size_t i = 0; rc == 0 && i < s->nports; i++) {
		struct port *p = &s->ports[i];

		p->smtp = log_writer_open(
		    arena_fmt(&names, "%.*s/smtp-%.*s.log", STR_ARG(c->top.log_dir), STR_ARG(p->conf->label)).p,
		    LOG_SMTP, e);
		rc = p->smtp == NULL ? -1 : 0;
	}
	arena_clear(&names);
	return s->spamdyke == NULL ? -1 : rc;
}

static void open_ports(struct server *s)
{
	s->nports = s->conf->nports;
	s->ports = mem_alloc((s->nports + 1) * sizeof(*s->ports));
	for (size_t i = 0; i < s->nports; i++) {
		struct port *p = &s->ports[i];

		p->server = s;
		p->conf = &s->conf->ports[i];
		policy_of(s->conf, p->conf, &s->rules->lists, &p->policy);
	}
}

static void open_clients(struct server *s, struct conf *c, const struct server_set *x)
{
	struct spool_set set = {
		.socket = proc_socket(c, "queue.sock"),
		.worker = x->worker,
		.segment_size = (size_t)c->queue.segment_size,
		.big_message = (size_t)c->queue.big_message,
		.memory = (size_t)c->limits.body_memory,
	};

	s->dns = ipc_client_new(proc_socket(c, "dns.sock"));
	s->lookup = ipc_client_new(proc_socket(c, "lookup.sock"));
	if (x->signs)
		s->signer = ipc_client_new(proc_socket(c, "signer.sock"));
	s->spool = spool_new(&set);
	s->rcpt = rcpt_set_of(c, s->lookup);
}

int server_open(struct server *s, const struct server_set *set, struct err *e)
{
	struct conf *c = set->conf;

	*s = (struct server){
		.conf = c,
		.rules = set->rules,
		.tls = set->tls,
		.consult = set->consult,
		.why_key = set->why_key,
		.every_check = str_eqz(c->logs.checks, "all"),
		.verbose = str_eqz(c->logs.level, "verbose"),
	};
	pthread_mutex_init(&s->mutex, NULL);
	pthread_mutex_init(&s->trouble.mutex, NULL);
	cond_init(&s->left);
	log_zone(str_eqz(c->logs.time, "utc"));
	open_ports(s);
	open_clients(s, c, set);
	s->census = census_open(set->census, set->worker, e);
	if (s->census != NULL && open_logs(s, e) == 0)
		return 0;
	server_close(s);
	return -1;
}

void server_close(struct server *s)
{
	for (size_t i = 0; i < s->nports; i++)
		log_writer_close(s->ports[i].smtp);
	free(s->ports);
	log_writer_close(s->spamdyke);
	census_close(s->census);
	spool_free(s->spool);
	ipc_client_free(s->signer);
	ipc_client_free(s->lookup);
	ipc_client_free(s->dns);
	tls_free(s->tls);
	cond_clear(&s->left);
	pthread_mutex_destroy(&s->trouble.mutex);
	pthread_mutex_destroy(&s->mutex);
}

/* ---- sessions come ---- */

static int peer_of(int fd, struct peer *out)
{
	struct sockaddr_storage ss = { 0 };
	const struct sockaddr_in6 *six = (const void *)&ss;
	const struct sockaddr_in *four = (const void *)&ss;
	socklen_t n = sizeof(ss);

	if (getpeername(fd, (void *)&ss, &n) < 0)
		return -1;
	if (ss.ss_family == AF_INET6) {
		out->addr = six->sin6_addr;
		out->port = ntohs(six->sin6_port);
	} else {
		out->addr = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
		memcpy(&out->addr.s6_addr[12], &four->sin_addr, 4);
		out->port = ntohs(four->sin_port);
	}
	if (IN6_IS_ADDR_V4MAPPED(&out->addr))
		inet_ntop(AF_INET, &out->addr.s6_addr[12], out->ip, sizeof(out->ip));
	else
		inet_ntop(AF_INET6, &out->addr, out->ip, sizeof(out->ip));
	return 0;
}

static void enlist(struct session *s)
{
	struct server *v = s->server;

	pthread_mutex_lock(&v->mutex);
	s->next = v->sessions;
	s->link = &v->sessions;
	if (s->next != NULL)
		s->next->link = &s->next;
	v->sessions = s;
	pthread_mutex_unlock(&v->mutex);
}

static void delist(struct session *s)
{
	struct server *v = s->server;

	pthread_mutex_lock(&v->mutex);
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	cond_broadcast(&v->left);
	pthread_mutex_unlock(&v->mutex);
}

/* The socket outlives the list entry: server_stop() may touch it while the session is listed. */
static void visit(void *arg)
{
	struct session *s = arg;

	session_run(s);
	census_leave(s->server->census, &s->peer.addr);
	delist(s);
	session_clear(s);
	free(s);
}

/* A group of its own in the SMTP log, if a number is at hand: nothing is waited for where all clients wait. */
static void record_refusal(struct session *s, const struct reply *r)
{
	struct err e;

	s->began = clock_wall();
	if (spool_number(s->server->spool, NUMBER_CONNECTION, &s->number, clock_mono(), &e) < 0)
		return;
	record_open(s);
	record_resp(s, r);
	record_end(s, end_words(END_NO_ROOM));
	record_close(s);
}

/* A client that gets no session gets one line, if it fits into the socket's buffer, and leaves one. */
static void send_away(struct session *s, enum reply_id id)
{
	struct reply r = session_words(id);
	BUF(b);

	record_refusal(s, &r);
	reply_wire(&b, &r);
	if (!s->wire.shut)
		(void)send(s->wire.fd, b.p, b.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	fd_clear(&s->wire.fd);
	session_clear(s);
	free(s);
}

static enum census_answer count_in(struct server *v, const struct peer *peer)
{
	struct census_limit limit = {
		.sessions = (uint64_t)v->conf->limits.sessions,
		.per_client = (uint64_t)v->conf->limits.sessions_per_client,
	};

	return census_enter(v->census, &peer->addr, limit);
}

static void start(struct session *s)
{
	struct server *v = s->server;
	struct err e;

	enlist(s);
	if (fiber_start(visit, s, &e) == 0)
		return;
	server_trouble(v, TROUBLE_CLIENT, e.text);
	delist(s);
	census_leave(v->census, &s->peer.addr);
	send_away(s, REPLY_OUT_OF_MEMORY);
}

/* Replies go out by batches; each shall go at once, not when the client's kernel has acknowledged the one before. */
static void no_delay(int fd)
{
	int yes = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

void server_take(struct port *p, int fd)
{
	struct session *s;
	struct peer peer;

	if (peer_of(fd, &peer) < 0) {
		fd_clear(&fd);
		return;
	}
	s = mem_alloc(sizeof(*s));
	s->port = p;
	s->server = p->server;
	s->peer = peer;
	wire_init(&s->wire, fd);
	no_delay(fd);
	s->wire.shut = p->conf->tls == CONF_TLS_IMPLICIT;
	switch (count_in(p->server, &peer)) {
	case CENSUS_IN:
		start(s);
		break;
	case CENSUS_FULL:
		send_away(s, REPLY_TOO_MANY_SESSIONS);
		break;
	case CENSUS_CLIENT_FULL:
		send_away(s, REPLY_TOO_MANY_FROM_YOU);
		break;
	}
}

/* ---- and go ---- */

bool server_empty(struct server *s)
{
	bool empty;

	pthread_mutex_lock(&s->mutex);
	empty = s->sessions == NULL;
	pthread_mutex_unlock(&s->mutex);
	return empty;
}

static bool all_left(struct server *s, int64_t ms)
{
	int64_t until = deadline_in(ms);
	bool gone;

	pthread_mutex_lock(&s->mutex);
	while (s->sessions != NULL && clock_mono() < until)
		cond_wait(&s->left, &s->mutex, until);
	gone = s->sessions == NULL;
	pthread_mutex_unlock(&s->mutex);
	return gone;
}

/* They see the end of their input, and then say their last words. */
static void wake(struct server *s, bool all)
{
	pthread_mutex_lock(&s->mutex);
	for (struct session *x = s->sessions; x != NULL; x = x->next)
		if (all || x->idle)
			shutdown(x->wire.fd, SHUT_RD);
	pthread_mutex_unlock(&s->mutex);
}

bool server_stop(struct server *s, int64_t grace_ms)
{
	atomic_store(&s->stopping, true);
	wake(s, false);
	if (all_left(s, grace_ms))
		return true;
	wake(s, true);
	return all_left(s, LAST_WORDS);
}
