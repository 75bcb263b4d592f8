/* bench/sink.c - the floor of accepting: as little as a server can do that answers 250 only for what is on disk.
 *
 *	bench-sink PORT FILE [discard]
 *
 * One thread reads all clients, one writes: everything that has come in goes out as one pwritev() into FILE (made
 * beforehand, written over from its start when it is full) and one fdatasync(), then everybody is answered.
 * No check, no queue, no log: SMTP is a line at a time, and a message ends where a read ends in CRLF . CRLF.
 * With "discard" nothing is written: what its clients can send at most.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ROOM = 256 * 1024, BATCH = 256, EVENTS = 64 };

struct conn {
	int fd;
	bool data, busy;
	size_t n;
	struct conn *next;
	char p[ROOM];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static struct conn *waiting;
static bool discard;

static void answer(struct conn *c, const char *line)
{
	c->n = 0;
	if (send(c->fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		warn("answer");
}

/* As many as one write takes, out of the list. */
static size_t take(struct conn *batch[BATCH], struct iovec iov[BATCH])
{
	size_t n = 0;

	pthread_mutex_lock(&mutex);
	while (waiting == NULL)
		pthread_cond_wait(&came, &mutex);
	for (; waiting != NULL && n < BATCH; waiting = waiting->next, n++) {
		batch[n] = waiting;
		iov[n] = (struct iovec){ waiting->p, waiting->n };
	}
	pthread_mutex_unlock(&mutex);
	return n;
}

static void *commit(void *arg)
{
	int fd = *(int *)arg;
	struct conn *batch[BATCH];
	struct iovec iov[BATCH];
	struct stat st;
	off_t at = 0;

	if (fstat(fd, &st) < 0)
		err(1, "stat");
	for (;;) {
		size_t n = take(batch, iov), bytes = 0;

		for (size_t i = 0; i < n; i++)
			bytes += iov[i].iov_len;
		if (at + (off_t)bytes > st.st_size)
			at = 0;
		if (!discard && (pwritev(fd, iov, (int)n, at) != (ssize_t)bytes || fdatasync(fd) < 0))
			err(1, "write");
		at += (off_t)bytes;
		for (size_t i = 0; i < n; i++) {
			batch[i]->data = batch[i]->busy = false;
			answer(batch[i], "250 ok\r\n");
		}
	}
	return NULL;
}

static void leave(struct conn *c)
{
	if (c->busy)
		errx(1, "a client left while it was waiting");
	close(c->fd);
	free(c);
}

static void hand_over(struct conn *c)
{
	c->busy = true;
	pthread_mutex_lock(&mutex);
	c->next = waiting;
	waiting = c;
	pthread_cond_signal(&came);
	pthread_mutex_unlock(&mutex);
}

static void hear(struct conn *c)
{
	ssize_t n = read(c->fd, c->p + c->n, ROOM - c->n);

	if (n <= 0) {
		leave(c);
		return;
	}
	c->n += (size_t)n;
	if (c->data) {
		if (c->n >= 5 && memcmp(c->p + c->n - 5, "\r\n.\r\n", 5) == 0)
			hand_over(c);
		else if (c->n == ROOM)
			errx(1, "a message is larger than %d bytes", ROOM);
	} else if (c->n >= 2 && c->p[c->n - 1] == '\n') {
		c->data = strncasecmp(c->p, "DATA", 4) == 0;
		if (strncasecmp(c->p, "QUIT", 4) == 0) {
			answer(c, "221 bye\r\n");
			leave(c);
		} else {
			answer(c, c->data ? "354 go on\r\n" : "250 ok\r\n");
		}
	}
}

static void welcome(int ep, int door)
{
	struct conn *c = malloc(sizeof(*c));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	if (c == NULL)
		err(1, "memory");
	c->data = c->busy = false;
	c->fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		err(1, "accept");
	answer(c, "220 sink\r\n");
}

static int open_door(const char *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (const void *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0)
		err(1, "port %s", port);
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event ev[EVENTS] = { { .events = EPOLLIN } };
	int file, door, ep = epoll_create1(EPOLL_CLOEXEC);
	pthread_t committer;

	if (argc < 3)
		errx(2, "usage: bench-sink PORT FILE [discard]");
	discard = argc > 3 && strcmp(argv[3], "discard") == 0;
	file = open(argv[2], O_WRONLY | O_CLOEXEC);
	if (file < 0)
		err(1, "%s", argv[2]);
	door = open_door(argv[1]);
	if (epoll_ctl(ep, EPOLL_CTL_ADD, door, ev) < 0 || pthread_create(&committer, NULL, commit, &file) != 0)
		err(1, "start");
	for (;;) {
		int n = epoll_wait(ep, ev, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == NULL)
				welcome(ep, door);
			else
				hear(ev[i].data.ptr);
		}
	}
}
