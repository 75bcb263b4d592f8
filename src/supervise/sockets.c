#include "supervise/sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/ipc.h"
#include "base/proc.h"

enum { BACKLOG = 1024 };

/* run/FILE of the data folder: who listens there, and under which name he finds it. */
static const struct {
	const char *file, *program, *name;
} unix_sockets[] = {
	{ "dns.sock", "telltale-dns", "service" },       { "lookup.sock", "telltale-lookup", "service" },
	{ "lookup.ctl", "telltale-lookup", "control" },  { "queue.sock", "telltale-queue", "service" },
	{ "queue.ctl", "telltale-queue", "control" },    { "signer.sock", "telltale-signer", "service" },
	{ "policy.sock", "telltale-policy", "service" }, { "policy.ctl", "telltale-policy", "control" },
	{ "search.sock", "telltale-search", "service" }, { "live.sock", "telltale-search", "live" },
	{ "web.ctl", "telltale-web", "control" },
};

static void add(struct sockets *s, struct bound b)
{
	s->at = mem_grow(s->at, (s->n + 1) * sizeof(*s->at));
	s->at[s->n++] = b;
}

/* A duplicate of the socket that is bound there already, or -1. */
static int take_over(const struct sockets *old, const char *at, struct err *e)
{
	for (size_t i = 0; old != NULL && i < old->n; i++) {
		int fd;

		if (strcmp(old->at[i].at, at) != 0)
			continue;
		fd = fcntl(old->at[i].fd, F_DUPFD_CLOEXEC, 3);
		return fd >= 0 ? fd : err_sys(e, "socket of %s", at);
	}
	return -1;
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT"; conf.c has checked the form. */
static struct addrinfo *resolve(struct str bind_to, struct arena *mem)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM },
			*list = NULL;
	ptrdiff_t colon = str_rchr(bind_to, ':');
	struct str host = str_take(bind_to, colon < 0 ? 0 : (size_t)colon), port = str_skip(bind_to, (size_t)colon + 1);

	if (host.n >= 2 && host.p[0] == '[')
		host = str_mem(host.p + 1, host.n - 2);
	if (getaddrinfo(arena_z(mem, host), arena_z(mem, port), &hints, &list) != 0)
		return NULL;
	return list;
}

static int listen_tcp(struct str bind_to, struct arena *mem, struct err *e)
{
	struct addrinfo *a = resolve(bind_to, mem);
	int on = 1, rc = 0;
	FD(fd) = -1;

	if (a == NULL)
		return err_set(e, "bind %.*s: not an address and a port", STR_ARG(bind_to));
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (a->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		rc = err_sys(e, "listen on %.*s", STR_ARG(bind_to));
	freeaddrinfo(a);
	return rc < 0 ? -1 : fd_steal(&fd);
}

/* A program's TCP listeners, all under one name. */
struct ports {
	const char *name, *program;
	const struct conf_list *bind;
};

static int open_ports(struct sockets *s, const struct ports *p, const struct sockets *old, struct err *e)
{
	for (size_t i = 0; i < p->bind->n; i++) {
		const char *at = arena_z(&s->mem, p->bind->at[i]);
		int fd = take_over(old, at, e);

		if (fd < 0)
			fd = listen_tcp(p->bind->at[i], &s->mem, e);
		if (fd < 0)
			return -1;
		add(s, (struct bound){ .name = p->name, .program = p->program, .at = at, .fd = fd });
	}
	return 0;
}

static int open_all_ports(struct sockets *s, const struct conf *c, const struct sockets *old, struct err *e)
{
	const struct ports page = { "listen.web", "telltale-web", &c->web.bind };

	for (size_t i = 0; i < c->nports; i++) {
		struct str name = arena_fmt(&s->mem, "listen.%.*s", STR_ARG(c->ports[i].label));
		const struct ports p = { name.p, "telltale-smtpd", &c->ports[i].set.bind };

		if (open_ports(s, &p, old, e) < 0)
			return -1;
	}
	return open_ports(s, &page, old, e);
}

static bool wanted(const struct sockets_set *set, const char *program)
{
	if (strcmp(program, "telltale-signer") == 0)
		return set->signs;
	if (strcmp(program, "telltale-web") == 0 || strcmp(program, "telltale-search") == 0)
		return set->page;
	return set->policies || strcmp(program, "telltale-policy") != 0;
}

int sockets_open(struct sockets *s, struct conf *c, const struct sockets_set *set, struct err *e)
{
	*s = (struct sockets){ .mem = ARENA_INIT };
	if (open_all_ports(s, c, set->old, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(unix_sockets); i++) {
		const char *file = unix_sockets[i].file, *name = unix_sockets[i].name;
		mode_t mode = strcmp(name, "control") == 0 ? 0600 : set->service_mode;
		int fd;

		if (!wanted(set, unix_sockets[i].program))
			continue;
		fd = take_over(set->old, file, e);

		if (fd < 0)
			fd = ipc_listen(proc_socket(c, file), mode, e);
		if (fd < 0)
			return -1;
		add(s, (struct bound){ .name = name, .program = unix_sockets[i].program, .at = file, .fd = fd });
	}
	return 0;
}

void sockets_close(struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++)
		fd_clear(&s->at[i].fd);
	free(s->at);
	arena_clear(&s->mem);
	*s = (struct sockets){ .mem = ARENA_INIT };
}
