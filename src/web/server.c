#include "web/web.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/inet.h"
#include "base/proc.h"
#include "web/rate.h"
#include "web/live.h"
#include "web/visit.h"

enum { LOOK = 20, TURNS = 100, HEARD = 500 /* ms: for so long who has just come may ask yet */ };

/* An address that is here. */
struct web_client {
	char ip[WEB_ADDRESS_MAX];
	size_t n;
};

void web_open(struct web *w, struct conf *c, struct tls *tls)
{
	*w = (struct web){ .conf = c, .tls = tls, .prefix = c->web.prefix };
	if (!str_ends(w->prefix, STR("/")))
		w->prefix = arena_fmt(&w->mem, "%.*s/", STR_ARG(c->web.prefix));
	if (!str_starts(w->prefix, STR("/")))
		w->prefix = arena_fmt(&w->mem, "/%.*s", STR_ARG(w->prefix));
	w->lookup = ipc_client_new(proc_socket(c, "lookup.sock"));
	w->search = proc_socket(c, "search.sock");
	w->live = proc_socket(c, "live.sock");
	w->queue = proc_socket(c, "queue.sock");
}

void web_close(struct web *w)
{
	ipc_client_free(w->lookup);
	if (w->why_rate != NULL)
		rate_free(w->why_rate);
	map_clear(&w->clients);
	arena_clear(&w->mem);
	tls_free(w->tls);
}

/* ---- who is here ---- */

static void put_address(const struct sockaddr_storage *ss, char out[WEB_ADDRESS_MAX])
{
	const struct sockaddr_in6 *six = (const void *)ss;
	const struct sockaddr_in *four = (const void *)ss;

	if (ss->ss_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, out, WEB_ADDRESS_MAX);
	else if (ss->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out, WEB_ADDRESS_MAX);
	else if (ss->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, out, WEB_ADDRESS_MAX);
}

static bool find_places(struct visit *v, int fd)
{
	struct sockaddr_storage there = { 0 }, here = { 0 };
	socklen_t n = sizeof(there), m = sizeof(here);

	if (getpeername(fd, (void *)&there, &n) < 0 || getsockname(fd, (void *)&here, &m) < 0)
		return false;
	put_address(&there, v->ip);
	put_address(&here, v->local);
	return v->ip[0] != '\0';
}

static bool is_counted(const struct web *w, struct str ip)
{
	return !str_eqz(ip, "::1") && !str_starts(ip, STR("127.")) && !web_trusts_proxy(w, ip);
}

/* False: there are too many, in all or from his address. */
static bool enlist(struct visit *v)
{
	struct web *w = v->web;
	struct web_client *c = map_get(&w->clients, str_of(v->ip));

	if (w->nvisits >= (size_t)w->conf->web.connections)
		return false;
	if (c != NULL && is_counted(w, str_of(v->ip)) && c->n >= (size_t)w->conf->web.connections_per_client)
		return false;
	if (c == NULL) {
		c = mem_alloc(sizeof(*c));
		memcpy(c->ip, v->ip, sizeof(c->ip));
		(void)map_put(&w->clients, str_of(c->ip), c);
	}
	c->n++;
	w->nvisits++;
	v->next = w->visits;
	v->link = &w->visits;
	if (v->next != NULL)
		v->next->link = &v->next;
	w->visits = v;
	return true;
}

static void delist(struct visit *v)
{
	struct web *w = v->web;
	struct web_client *c = map_get(&w->clients, str_of(v->ip));

	*v->link = v->next;
	if (v->next != NULL)
		v->next->link = v->link;
	w->nvisits--;
	if (--c->n > 0)
		return;
	(void)map_del(&w->clients, str_of(c->ip));
	free(c);
}

static void end(struct visit *v)
{
	visit_clear(v);
	free(v);
}

static void run(void *arg)
{
	struct visit *v = arg;

	visit_run(v);
	delist(v);
	end(v);
}

/* One line, if it fits into the socket's buffer; under TLS there is none. */
static void send_away(struct visit *v)
{
	static const char words[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
				    "Content-Length: 49\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
				    "{\"error\":\"There are too many connections here.\"}\n";

	v->web->counts.by_class[5]++;
	if (v->web->tls == NULL)
		(void)send(v->wire.fd, words, sizeof(words) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	end(v);
}

void web_take(struct web *w, int fd)
{
	struct visit *v = mem_alloc(sizeof(*v));
	struct err e;
	int yes = 1;

	v->web = w;
	wire_init(&v->wire, fd);
	v->wire.shut = w->tls != NULL;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (!find_places(v, fd)) {
		end(v);
		return;
	}
	if (!enlist(v)) {
		send_away(v);
		return;
	}
	if (fiber_start(run, v, &e) == 0)
		return;
	delist(v);
	send_away(v);
}

/* ---- and go ---- */

/* Nobody is harmed by the end of a connection between two requests; who has just come is asking. */
static void end_idle(struct web *w, bool fresh)
{
	for (struct visit *v = w->visits; v != NULL; v = v->next)
		if (v->idle && (fresh || !v->fresh))
			shutdown(v->wire.fd, SHUT_RD);
}

bool web_stop(struct web *w, int64_t deadline)
{
	int64_t heard = deadline_in(HEARD);

	w->stopping = true;
	live_stop(w);
	while (w->nvisits > 0 && clock_mono() < deadline) {
		end_idle(w, clock_mono() >= heard);
		fiber_sleep(LOOK);
	}
	for (struct visit *v = w->visits; v != NULL; v = v->next)
		shutdown(v->wire.fd, SHUT_RDWR);
	for (int i = 0; i < TURNS && w->nvisits > 0; i++)
		fiber_sleep(LOOK);
	return w->nvisits == 0;
}
