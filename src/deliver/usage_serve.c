#include "deliver/usage_serve.h"

#include <poll.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/proc.h"
#include "deliver/quota.h"
#include "lookup/lookup.h"

enum {
	RENEW_MS = 15000,
	LINGER_MS = 2000, /* the former connection may still be asked */
	PAUSE_MS = 200,   /* between two tries to connect */
	WRITE_MS = 1000   /* an answer that nobody takes breaks the connection */
};

/* The connection of now and the one before. */
struct lines {
	const struct usage_serve *s;
	struct ipc_conn now, before;
	int64_t renew_at, part_at;
};

static int flush(struct ipc_conn *c)
{
	int64_t deadline = deadline_in(WRITE_MS);
	int rc;

	while ((rc = ipc_flush(c, NULL)) == 1)
		if (io_wait(c->fd, POLLOUT, deadline) < 0)
			return -1;
	return rc;
}

/* Take the place of the present connection, which is heard for a while. */
static void renew(struct lines *l)
{
	struct lookup_usage_server hello = { .version = 1 };
	int fd = ipc_connect(l->s->socket, deadline_in(WRITE_MS), NULL);

	l->renew_at = deadline_in(PAUSE_MS);
	if (fd < 0)
		return;
	ipc_conn_clear(&l->before);
	l->before = l->now;
	l->part_at = deadline_in(LINGER_MS);
	ipc_conn_init(&l->now, fd);
	ipc_queue(&l->now, &lookup_usage_server_type, 0, &hello, -1);
	if (flush(&l->now) < 0)
		ipc_conn_clear(&l->now);
	else
		l->renew_at = deadline_in(l->s->renew > 0 ? l->s->renew : RENEW_MS);
}

static int answer(const struct lines *l, struct ipc_conn *c, struct ipc_frame *f)
{
	struct lookup_usage question;
	struct lookup_usage_told told = { .known = 0 };
	struct err e;

	fd_clear(&f->fd);
	if (f->type != lookup_usage_number || ipc_unpack(f->body, &lookup_usage_type, &question, &e) < 0)
		return -1;
	told.known = quota_usage(l->s->m->quota, l->s->m->root, question.address, &told.bytes) == 0;
	ipc_queue(c, &lookup_usage_told_type, f->id, &told, -1);
	return flush(c);
}

static void hear(const struct lines *l, struct ipc_conn *c)
{
	struct ipc_frame f;
	int rc = ipc_fill(c, NULL);

	while (rc >= 0 && (rc = ipc_next(c, &f, NULL)) == 1)
		rc = answer(l, c, &f);
	if (rc < 0)
		ipc_conn_clear(c);
}

static void one_turn(struct lines *l)
{
	struct pollfd p[2];
	int64_t now = clock_mono();

	if (l->before.fd >= 0 && now >= l->part_at)
		ipc_conn_clear(&l->before);
	if (now >= l->renew_at)
		renew(l);
	p[0] = (struct pollfd){ .fd = l->now.fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = l->before.fd, .events = POLLIN };
	if (poll(p, 2, l->now.fd >= 0 && l->before.fd < 0 ? 1000 : PAUSE_MS) <= 0)
		return;
	if (p[0].revents != 0)
		hear(l, &l->now);
	if (p[1].revents != 0)
		hear(l, &l->before);
	if (l->now.fd < 0)
		l->renew_at = deadline_in(PAUSE_MS);
}

static void *serve(void *arg)
{
	struct lines l = { .s = arg, .now.fd = -1, .before.fd = -1 };

	for (;;)
		one_turn(&l);
	return NULL;
}

int usage_serve_start(const struct usage_serve *s, struct err *e)
{
	static struct usage_serve kept;

	kept = *s;
	kept.socket = mem_dupz(s->socket); /* the configuration may go before the thread does */
	return proc_thread(serve, &kept, 256, e);
}
