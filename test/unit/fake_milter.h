/* A filter by script, in a thread: it writes down what it hears, and says what the test wants. */
#ifndef FAKE_MILTER_H
#define FAKE_MILTER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "handoff/service.h"

/* One row: what it does when it hears that letter.  Bytes are packets without their length, which `n` are. */
struct fake_answer {
	char letter;
	enum { FAKE_SAYS, FAKE_RAW, FAKE_SILENT, FAKE_CLOSES, FAKE_REPEATS } how;
	struct str bytes; /* SAYS: one packet; RAW: as they are; REPEATS: one packet, without end */
	int after_ms;
};

struct fake {
	const struct fake_answer *answers;
	size_t n;
	struct str deal;    /* its answer to the negotiation; "": version 6, all that is offered, every step */
	struct fake *after; /* it answers nothing before that one has heard the end of a message */
	struct buf heard;
	size_t longest; /* packet */
	int listener, visits;
	bool stop;
	pthread_t thread;
	pthread_mutex_t lock;
	struct service at;
};

static inline void fake_writes_down(struct fake *f, struct str packet)
{
	pthread_mutex_lock(&f->lock);
	f->longest = packet.n > f->longest ? packet.n : f->longest;
	for (size_t i = 0; i < packet.n && i < 300; i++) {
		unsigned char c = (unsigned char)packet.p[i];

		if (c == 0)
			buf_addc(&f->heard, '|');
		else if (c >= ' ' && c < 0x7f)
			buf_addc(&f->heard, (char)c);
		else
			buf_fmt(&f->heard, "\\%02x", c);
	}
	buf_addc(&f->heard, '\n');
	pthread_mutex_unlock(&f->lock);
}

/* Write, or find out that nobody listens any more. */
static inline bool fake_puts(int fd, const void *p, size_t n)
{
	return send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static inline bool fake_says(int fd, struct str packet)
{
	uint32_t n = htonl((uint32_t)packet.n);
	BUF(b);

	buf_add(&b, &n, sizeof(n));
	buf_addstr(&b, packet);
	return fake_puts(fd, b.p, b.n);
}

static inline const struct fake_answer *fake_row(const struct fake *f, char letter)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->answers[i].letter == letter)
			return &f->answers[i];
	return NULL;
}

/* False: the conversation is over.  Several rows of one letter are one answer after the other. */
static inline bool fake_answers(const struct fake *f, int fd, char letter)
{
	const struct fake_answer *r = fake_row(f, letter);

	if (r == NULL && letter == 'O' && f->deal.n == 0)
		return fake_says(fd, STR("O\0\0\0\6\0\0\1\x31\0\x10\0\0"));
	if (r == NULL && letter == 'O')
		return fake_says(fd, f->deal);
	if (r == NULL)
		return strchr("DAK", letter) != NULL || (letter != 'Q' && fake_says(fd, STR("c")));
	for (; r < f->answers + f->n && r->letter == letter; r++) {
		if (r->after_ms > 0)
			poll(NULL, 0, r->after_ms);
		if (r->how == FAKE_CLOSES)
			return false;
		if (r->how == FAKE_SAYS && !fake_says(fd, r->bytes))
			return false;
		if (r->how == FAKE_RAW && !fake_puts(fd, r->bytes.p, r->bytes.n))
			return false;
		while (r->how == FAKE_REPEATS && fake_says(fd, r->bytes))
			if (r->after_ms > 0)
				poll(NULL, 0, r->after_ms);
		if (r->how == FAKE_REPEATS)
			return false;
	}
	return true;
}

static inline void fake_waits(struct fake *other)
{
	int64_t deadline = deadline_in(10000);
	bool over = other == NULL;

	while (!over && clock_mono() < deadline) {
		poll(NULL, 0, 1);
		pthread_mutex_lock(&other->lock);
		over = str_find(buf_str(&other->heard), STR("\nE\n")) >= 0;
		pthread_mutex_unlock(&other->lock);
	}
}

static inline bool fake_reads(int fd, void *p, size_t n)
{
	return recv(fd, p, n, MSG_WAITALL) == (ssize_t)n;
}

static inline void fake_visit(struct fake *f, int fd)
{
	bool more = true;
	uint32_t n;

	while (more && fake_reads(fd, &n, sizeof(n))) {
		BUF(b);

		n = ntohl(n);
		buf_need(&b, n);
		if (!fake_reads(fd, b.p, n))
			return;
		fake_writes_down(f, str_mem(b.p, n));
		fake_waits(f->after);
		more = fake_answers(f, fd, b.p[0]);
	}
}

static inline void *fake_runs(void *arg)
{
	struct fake *f = arg;
	int fd;

	while ((fd = accept(f->listener, NULL, NULL)) >= 0) {
		bool stop;

		pthread_mutex_lock(&f->lock);
		f->visits++;
		stop = f->stop;
		pthread_mutex_unlock(&f->lock);
		if (!stop)
			fake_visit(f, fd);
		close(fd);
		if (stop)
			break;
	}
	return NULL;
}

static inline void fake_start(struct fake *f, const struct fake_answer *answers, size_t n)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(in);
	char spelled[64];
	struct err e;

	f->answers = answers;
	f->n = n;
	pthread_mutex_init(&f->lock, NULL);
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(bind(f->listener, (struct sockaddr *)&in, size) == 0 && listen(f->listener, 8) == 0);
	MUST(getsockname(f->listener, (struct sockaddr *)&in, &size) == 0);
	snprintf(spelled, sizeof(spelled), "inet:127.0.0.1:%u", ntohs(in.sin_port));
	MUST(service_read(&f->at, str_of(spelled), &e) == 0);
	MUST(pthread_create(&f->thread, NULL, fake_runs, f) == 0);
}

/* All clients have hung up. */
static inline void fake_stop(struct fake *f)
{
	struct err e;
	int fd;

	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_mutex_unlock(&f->lock);
	fd = service_connect(&f->at, deadline_in(5000), &e);
	pthread_join(f->thread, NULL);
	fd_clear(&fd);
	close(f->listener);
	buf_clear(&f->heard);
	pthread_mutex_destroy(&f->lock);
}

#endif
