/* Who comes in, who is sent away. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"
#include "store/server.h"

enum { OUT_MAX = 8 * 1024 * 1024, REST_MS = 200 };

int server_watch(struct server *s, struct source *what, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data.ptr = what };

	return epoll_ctl(s->epoll, op, what->fd, &ev);
}

void server_listen(struct server *s, struct source *at, bool on)
{
	if (at->fd < 0 || at->deaf != on)
		return;
	at->deaf = !on;
	(void)server_watch(s, at, on ? EPOLLIN : 0, EPOLL_CTL_MOD);
}

/* Those who knock meanwhile wait in the backlog; nobody spins. */
static void rest(struct server *s, struct source *at)
{
	at->deaf_for = clock_mono() + REST_MS;
	server_listen(s, at, false);
}

void visitor_free(struct server *s, struct visitor *v)
{
	if (v == s->usage_server)
		server_forget_usage_server(s);
	ipc_conn_clear(&v->conn);
	TAILQ_REMOVE(&s->visitors, v, entry);
	map_deln(&s->by_number, v->number);
	s->n--;
	s->admins -= v->admin;
	free(v);
}

bool visitor_flush(struct server *s, struct visitor *v)
{
	int rc = ipc_flush(&v->conn, NULL);

	if (rc < 0 || v->conn.out.n > OUT_MAX) {
		visitor_free(s, v);
		return false;
	}
	if ((rc > 0) != v->wants_write) {
		v->wants_write = rc > 0;
		(void)server_watch(s, &v->source, v->wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
	}
	return true;
}

void visitor_soon(struct server *s, struct visitor *v)
{
	v->dirty = true;
	s->dirty = true;
}

void server_flush_all(struct server *s)
{
	struct visitor *v, *next;

	while (s->dirty) {
		s->dirty = false;
		for (v = TAILQ_FIRST(&s->visitors); v != NULL; v = next) {
			next = TAILQ_NEXT(v, entry);
			if (v->dirty) {
				v->dirty = false;
				visitor_flush(s, v);
			}
		}
		server_tell_resolved(s); /* if that was telltale-local's end */
	}
}

void visitor_serve(struct server *s, struct visitor *v)
{
	struct ipc_frame f;
	int rc = ipc_fill(&v->conn, NULL);

	while (rc >= 0 && (rc = ipc_next(&v->conn, &f, NULL)) == 1)
		rc = server_hear(s, v, &f);
	if (rc < 0)
		visitor_free(s, v);
	else
		visitor_flush(s, v);
}

static bool may_command(int fd)
{
	if (proc_peer_may_command(fd))
		return true;
	say(SAY_WARNING, "control socket: refused (another user)");
	return false;
}

static void come_in(struct server *s, int fd, bool admin)
{
	struct visitor *v = mem_alloc(sizeof(*v));

	*v = (struct visitor){ .source = { .kind = VISITOR, .fd = fd }, .number = ++s->next_number, .admin = admin };
	v->smtpd = !admin && proc_peer_is(fd, "smtpd");
	v->queue = !admin && proc_peer_is(fd, "queue");
	v->local = !admin && proc_peer_is(fd, "local");
	v->web = !admin && proc_peer_is(fd, "web");
	v->search = !admin && proc_peer_is(fd, "search");
	ipc_conn_init(&v->conn, fd);
	TAILQ_INSERT_TAIL(&s->visitors, v, entry);
	map_putn(&s->by_number, v->number, v);
	s->n++;
	s->admins += admin;
	if (server_watch(s, &v->source, EPOLLIN, EPOLL_CTL_ADD) < 0)
		visitor_free(s, v);
}

static bool full(const struct server *s, bool admin)
{
	return admin ? s->admins >= ADMIN_VISITORS_MAX : s->n - s->admins >= VISITORS_MAX;
}

void server_accept(struct server *s, struct source *from)
{
	bool admin = from->kind == CONTROL;
	int fd;

	while (!full(s, admin)) {
		fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			rest(s, from); /* no descriptors left, or no memory */
		if (fd < 0)
			return;
		if (admin ? !may_command(fd) : !proc_peer_is_ours(fd))
			close(fd);
		else
			come_in(s, fd, admin);
	}
	rest(s, from);
}
