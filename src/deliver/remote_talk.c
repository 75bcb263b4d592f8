#include "deliver/remote_talk.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/say.h"

enum { IDLE_TIME = 2000, IDLE_MOST = 50, MESSAGES_MOST = 100, SAY_PAUSE = 60 * 1000 };

static socklen_t socket_address(const struct route_stop *stop, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
	unsigned char bytes[INET_BYTES_MAX];

	memset(out, 0, sizeof(*out));
	if (inet_bytes(AF_INET, stop->ip, bytes)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(stop->port);
		memcpy(&v4->sin_addr, bytes, 4);
		return sizeof(*v4);
	}
	if (!inet_bytes(AF_INET6, stop->ip, bytes))
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(stop->port);
	memcpy(&v6->sin6_addr, bytes, 16);
	return sizeof(*v6);
}

/* From that address, and from no other: a postmaster who names one has reasons. */
static int leave_from(int fd, struct str source)
{
	static int64_t said_again;
	struct route_stop from = { .ip = source };
	struct sockaddr_storage at;
	socklen_t n = socket_address(&from, &at);

	if (source.n == 0 || bind(fd, (struct sockaddr *)&at, n) == 0)
		return 0;
	if (clock_mono() >= said_again) {
		say(SAY_WARNING, "mail cannot leave from %.*s, which is named as a source: %s", STR_ARG(source),
		    strerror(errno));
		said_again = deadline_in(SAY_PAUSE);
	}
	return -1;
}

/* A connected socket, or -1. */
static int connect_to(const struct route_stop *stop, struct str source, int64_t deadline)
{
	struct sockaddr_storage at;
	socklen_t n = socket_address(stop, &at), len = sizeof(int);
	FD(fd) = n > 0 ? socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
	int code = 0, one = 1;

	if (fd < 0 || leave_from(fd, source) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&at, n) < 0 &&
	    (errno != EINPROGRESS || io_wait(fd, POLLOUT, deadline) < 0 ||
	     getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code != 0))
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd_steal(&fd);
}

struct remote_talk *talk_open(const struct remote_try *t, const struct route_stop *stop, int64_t deadline)
{
	int64_t begun = clock_mono();
	int family = str_chr(stop->ip, ':') >= 0 ? AF_INET6 : AF_INET;
	struct str source = way_source(&t->way->source, t->message.sender, family);
	int fd = connect_to(stop, source, deadline);
	struct remote_talk *k;

	if (fd < 0)
		return NULL;
	k = mem_alloc(sizeof(*k));
	k->key = mem_dup(t->key);
	k->host = mem_dup(stop->host);
	k->ip = mem_dup(stop->ip);
	k->source = mem_dup(source);
	k->port = stop->port;
	k->connected = clock_mono() - begun + 1; /* never 0 */
	k->set = t->way->client;
	k->set.peer.name = k->host; /* without a policy: nobody in particular */
	wire_init(&k->client.wire, fd);
	return k;
}

void talk_close(struct remote_talk *k)
{
	client_end(&k->client);
	client_clear(&k->client);
	free(k->key);
	free(k->host);
	free(k->ip);
	free(k->source);
	free(k);
}

static struct remote_talk *unlink_talk(struct remote_world *w, struct remote_talk **at)
{
	struct remote_talk *k = *at;

	*at = k->next;
	k->next = NULL;
	w->nidle--;
	return k;
}

static struct remote_talk *find(struct remote_world *w, struct str key)
{
	for (struct remote_talk **at = &w->idle; *at != NULL; at = &(*at)->next)
		if (str_eqz(key, (*at)->key))
			return unlink_talk(w, at);
	return NULL;
}

/* Who has closed it meanwhile, or said something unasked ("421 idle too long"), is not asked. */
struct remote_talk *talk_take(struct remote_world *w, struct str key)
{
	struct remote_talk *k;

	while ((k = find(w, key)) != NULL && wire_more(&k->client.wire, 0))
		talk_close(k);
	return k;
}

void talk_keep(struct remote_world *w, struct remote_talk *k)
{
	if (++k->messages >= MESSAGES_MOST || w->nidle >= IDLE_MOST || k->client.wire.shut) {
		talk_close(k);
		return;
	}
	k->until = deadline_in(IDLE_TIME);
	k->next = w->idle;
	w->idle = k;
	w->nidle++;
}

/* Closing may wait, and another fiber may take from the list meanwhile: so each look begins at its start. */
static struct remote_talk *next_to_close(struct remote_world *w, bool all)
{
	for (struct remote_talk **at = &w->idle; *at != NULL; at = &(*at)->next)
		if (all || clock_mono() >= (*at)->until)
			return unlink_talk(w, at);
	return NULL;
}

void remote_tidy(struct remote_world *w, bool all)
{
	struct remote_talk *k;

	while ((k = next_to_close(w, all)) != NULL)
		talk_close(k);
}
