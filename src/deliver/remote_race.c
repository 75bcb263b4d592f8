#include "deliver/remote_race.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/io.h"
#include "base/say.h"

enum {
	HEAD_START = 300, /* ms of each before the next one begins */
	GLANCE = 20,      /* ms that is waited for one while others are under way */
	SAY_PAUSE = 60 * 1000,
};

struct running {
	int fd[ROUTE_ADDRESSES_MOST]; /* of each that is under way, else -1 */
	size_t n;
};

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

/* A socket on its way to the stop, or -1. */
static int set_out(const struct route_stop *stop, struct str source)
{
	struct sockaddr_storage at;
	socklen_t n = socket_address(stop, &at);
	FD(fd) = n > 0 ? socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
	int one = 1;

	if (fd < 0 || leave_from(fd, source) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&at, n) < 0 && errno != EINPROGRESS)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd_steal(&fd);
}

static bool is_connected(int fd)
{
	socklen_t len = sizeof(int);
	int code = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) == 0 && code == 0;
}

static bool was_tried(const struct remote_race *r, size_t i)
{
	return (r->tried & UINT32_C(1) << i) != 0;
}

struct remote_race race_of(const struct route *r, size_t i)
{
	struct remote_race race = { .at = &r->stop[i], .n = 1 };

	while (i + race.n < r->n && str_ieq(race.at[race.n].host, race.at->host) &&
	       race.at[race.n].secure == race.at->secure)
		race.n++;
	return race;
}

bool race_goes_on(const struct remote_race *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!was_tried(r, i))
			return true;
	return false;
}

/* The next one sets out; false: there is none. */
static bool start_next(struct remote_race *r, struct running *on, size_t *next, const struct str *sources)
{
	while (*next < r->n && was_tried(r, *next))
		++*next;
	if (*next == r->n)
		return false;
	on->fd[*next] = set_out(&r->at[*next], sources[*next]);
	if (on->fd[*next] < 0)
		r->tried |= UINT32_C(1) << *next;
	else
		on->n++;
	++*next;
	return true;
}

/* A look at each that is under way, with a wait for each: the socket that is connected, or -1. */
static int look_round(struct remote_race *r, struct running *on, int64_t until)
{
	for (size_t i = 0; i < r->n; i++) {
		int64_t glance = deadline_in(GLANCE);

		if (on->fd[i] < 0 || io_wait(on->fd[i], POLLOUT, on->n == 1 || until < glance ? until : glance) < 0)
			continue;
		r->tried |= UINT32_C(1) << i;
		r->won = i;
		on->n--;
		if (is_connected(on->fd[i]))
			return fd_steal(&on->fd[i]);
		fd_clear(&on->fd[i]);
	}
	return -1;
}

static void let_go(struct remote_race *r, struct running *on, bool all_tried)
{
	for (size_t i = 0; i < r->n; i++) {
		fd_clear(&on->fd[i]);
		r->tried |= all_tried ? UINT32_C(1) << i : 0;
	}
}

int race_run(struct remote_race *r, const struct str *sources, int64_t deadline)
{
	struct running on = { .n = 0 };
	size_t next = 0;
	bool more = true;
	int won = -1;

	for (size_t i = 0; i < r->n; i++)
		on.fd[i] = -1;
	while (won < 0 && (more || on.n > 0) && clock_mono() < deadline) {
		int64_t until = deadline_in(HEAD_START);
		size_t before;

		more = more && start_next(r, &on, &next, sources);
		if (!more || until > deadline)
			until = deadline;
		do {
			before = on.n;
			won = look_round(r, &on, until);
		} while (won < 0 && on.n > 0 && on.n == before && clock_mono() < until);
	}
	let_go(r, &on, won < 0);
	return won;
}
