#include "handoff/service.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/inet.h"
#include "base/io.h"

enum { BACKLOG_WAIT_MS = 20 };

/* ---- reading ---- */

static void be_v4(struct service *s, const unsigned char *bytes)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&s->at;
	char text[INET_ADDRSTRLEN];

	in->sin_family = AF_INET;
	in->sin_port = htons(s->port);
	memcpy(&in->sin_addr, bytes, 4);
	s->n = sizeof(*in);
	snprintf(s->text, sizeof(s->text), "inet:%s:%u", inet_ntop(AF_INET, bytes, text, sizeof(text)), s->port);
}

static void be_v6(struct service *s, const unsigned char *bytes)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&s->at;
	char text[INET6_ADDRSTRLEN];

	in->sin6_family = AF_INET6;
	in->sin6_port = htons(s->port);
	memcpy(&in->sin6_addr, bytes, 16);
	s->n = sizeof(*in);
	snprintf(s->text, sizeof(s->text), "inet6:[%s]:%u", inet_ntop(AF_INET6, bytes, text, sizeof(text)), s->port);
}

static struct str without_brackets(struct str host)
{
	return host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']' ? str_mem(host.p + 1, host.n - 2) : host;
}

static int read_host(struct service *s, bool six, struct str host, struct err *e)
{
	unsigned char bytes[INET_BYTES_MAX];

	host = without_brackets(host);
	if (str_ieq(host, STR("localhost")))
		host = six ? STR("::1") : STR("127.0.0.1");
	if (!six && inet_bytes(AF_INET, host, bytes))
		be_v4(s, bytes);
	else if (inet_bytes(AF_INET6, host, bytes))
		be_v6(s, bytes);
	else
		return err_set(e, "is no place of a service: the host must be an address%s or localhost",
			       six ? " (IPv6)" : "");
	return 0;
}

/* HOST:PORT or PORT@HOST */
static int read_inet(struct service *s, bool six, struct str rest, struct err *e)
{
	struct str host, port;
	ptrdiff_t colon = str_rchr(rest, ':');
	uint64_t n;

	if (!str_cut(rest, STR("@"), &port, &host)) {
		if (colon < 0)
			return err_set(e, "is no place of a service: it has no port");
		host = str_take(rest, (size_t)colon);
		port = str_skip(rest, (size_t)colon + 1);
	}
	if (!str_u64(port, UINT16_MAX, &n) || n == 0)
		return err_set(e, "is no place of a service: the port must be a number from 1 to 65535");
	s->port = (uint16_t)n;
	return read_host(s, six, host, e);
}

static int read_unix(struct service *s, struct str path, struct err *e)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&s->at;

	if (path.n == 0 || path.p[0] != '/')
		return err_set(e, "is no place of a service: the path of a socket begins with /");
	if (path.n >= sizeof(un->sun_path))
		return err_set(e, "is no place of a service: the path of a socket has at most %zu bytes",
			       sizeof(un->sun_path) - 1);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.p, path.n);
	s->n = sizeof(*un);
	snprintf(s->text, sizeof(s->text), "unix:%.*s", STR_ARG(path));
	return 0;
}

static bool after(struct str s, const char *prefix, struct str *rest)
{
	*rest = str_skip(s, strlen(prefix));
	return str_starts(s, str_of(prefix));
}

int service_read(struct service *s, struct str spelled, struct err *e)
{
	struct str rest;

	*s = (struct service){ 0 };
	for (size_t i = 0; i < spelled.n; i++)
		if (spelled.p[i] <= ' ' || spelled.p[i] > '~')
			return err_set(e, "is no place of a service: it has a byte that none has");
	if (after(spelled, "inet:", &rest))
		return read_inet(s, false, rest, e);
	if (after(spelled, "inet6:", &rest))
		return read_inet(s, true, rest, e);
	if (after(spelled, "unix:", &rest) || after(spelled, "local:", &rest))
		return read_unix(s, rest, e);
	return err_set(e, "is no place of a service: it must be inet:HOST:PORT, inet6:HOST:PORT or unix:/PATH");
}

/* ---- connecting ---- */

static int finish(int fd, int64_t deadline)
{
	int why = 0;
	socklen_t n = sizeof(why);

	if (io_wait(fd, POLLOUT, deadline) < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0)
		return -1;
	errno = why;
	return why == 0 ? 0 : -1;
}

/* A full backlog of a Unix socket is EAGAIN, and there is nothing to wait for but time. */
static int try_connect(int fd, const struct service *s, int64_t deadline)
{
	while (connect(fd, (const struct sockaddr *)&s->at, s->n) < 0) {
		if (errno == EINPROGRESS || errno == EINTR)
			return finish(fd, deadline);
		if (errno != EAGAIN)
			return -1;
		if (clock_mono() + BACKLOG_WAIT_MS >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		fiber_sleep(BACKLOG_WAIT_MS);
	}
	return 0;
}

int service_connect(const struct service *s, int64_t deadline, struct err *e)
{
	FD(fd) = socket(s->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1;

	if (fd < 0 || try_connect(fd, s, deadline) < 0)
		return err_sys(e, "connect to %s", s->text);
	if (s->port != 0) /* questions are small, and each waits for its answer */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return fd_steal(&fd);
}
