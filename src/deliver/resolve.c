#include "deliver/resolve.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "lookup/told.h"

enum { OPEN_MOST = 64, ANSWER_TIME = 10 * 1000 };

struct question {
	uint64_t id;
	int64_t deadline;
	char *address;
	bool reply; /* an automatic answer to that address, else where its mail goes */
};

struct resolve {
	char *path;
	int epoll; /* holds the connection, which comes and goes */
	struct ipc_conn conn;
	struct map open; /* by id */
};

struct resolve *resolve_new(const char *path, struct err *e)
{
	struct resolve *r = mem_alloc(sizeof(*r));

	*r = (struct resolve){ .path = mem_dupz(path), .epoll = epoll_create1(EPOLL_CLOEXEC), .conn.fd = -1 };
	if (r->epoll >= 0)
		return r;
	err_sys(e, "epoll");
	free(r->path);
	free(r);
	return NULL;
}

static void question_free(struct question *q)
{
	free(q->address);
	free(q);
}

void resolve_free(struct resolve *r)
{
	struct question *q;

	for (size_t i = 0; (q = map_next(&r->open, &i, NULL)) != NULL;)
		question_free(q);
	map_clear(&r->open);
	ipc_conn_clear(&r->conn);
	fd_clear(&r->epoll);
	free(r->path);
	free(r);
}

int resolve_fd(const struct resolve *r)
{
	return r->epoll;
}

bool resolve_busy(const struct resolve *r)
{
	return r->open.n > 0;
}

static void hang_up(struct resolve *r)
{
	ipc_conn_clear(&r->conn);
	r->conn.fd = -1;
}

/* A Unix socket connects at once or not at all. */
static bool reach(struct resolve *r)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct err e = { 0 };
	int fd;

	if (r->conn.fd >= 0)
		return true;
	fd = ipc_connect(r->path, clock_mono(), &e);
	if (fd < 0)
		return false;
	ipc_conn_init(&r->conn, fd);
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return true;
	hang_up(r);
	return false;
}

/* False: too many are open. */
static bool begin(struct resolve *r, uint64_t id, struct str address, bool reply)
{
	struct question *q;

	if (r->open.n >= OPEN_MOST || map_getn(&r->open, id) != NULL || !reach(r))
		return false;
	q = mem_alloc(sizeof(*q));
	*q = (struct question){
		.id = id, .deadline = deadline_in(ANSWER_TIME), .address = mem_dup(address), .reply = reply
	};
	map_putn(&r->open, id, q);
	return true;
}

static void flush(struct resolve *r)
{
	struct err e = { 0 };

	if (ipc_flush(&r->conn, &e) < 0)
		hang_up(r);
}

bool resolve_ask(struct resolve *r, uint64_t id, struct str address)
{
	struct lookup_resolve m = { .address = address };

	if (!begin(r, id, address, false))
		return false;
	ipc_queue(&r->conn, &lookup_resolve_type, id, &m, -1);
	flush(r);
	return true;
}

bool resolve_reply(struct resolve *r, uint64_t id, struct str address, struct str sender)
{
	struct lookup_reply m = { address, sender };

	if (!begin(r, id, sender, true))
		return false;
	ipc_queue(&r->conn, &lookup_reply_type, id, &m, -1);
	flush(r);
	return true;
}

/* A frame that came: whose answer is it?  NULL: it makes no sense. */
static struct question *read_frame(struct resolve *r, struct ipc_frame *f, struct arena *a, struct lookup_answer *out)
{
	struct question *q = map_getn(&r->open, f->id);
	struct lookup_resolved told;
	struct lookup_reply_told reply;
	struct err e = { 0 };

	fd_clear(&f->fd);
	if (q == NULL || f->type != (q->reply ? lookup_reply_told_number : lookup_resolved_number))
		return NULL;
	if (q->reply && ipc_unpack(f->body, &lookup_reply_told_type, &reply, &e) == 0)
		(void)lookup_told_reply(&reply, arena_str(a, str_of(q->address)), a, out, &e);
	else if (!q->reply && ipc_unpack(f->body, &lookup_resolved_type, &told, &e) == 0)
		(void)lookup_told_read(&told, arena_str(a, str_of(q->address)), a, out, &e);
	else
		return NULL;
	return q;
}

static struct question *next_told(struct resolve *r, struct arena *a, struct lookup_answer *out)
{
	struct ipc_frame f = { .fd = -1 };
	struct question *q = NULL;
	struct err e = { 0 };
	int rc, filled;

	if (r->conn.fd < 0)
		return NULL;
	rc = ipc_next(&r->conn, &f, &e);
	if (rc == 0) {
		filled = ipc_fill(&r->conn, &e);
		rc = filled < 0 ? -1 : ipc_next(&r->conn, &f, &e);
	}
	if (rc > 0)
		q = read_frame(r, &f, a, out);
	if (rc < 0 || (rc > 0 && q == NULL) || ipc_flush(&r->conn, &e) < 0)
		hang_up(r);
	return q;
}

/* One that will not be answered: too late, or the connection it was asked on is gone. */
static struct question *next_lost(struct resolve *r)
{
	struct question *q;

	for (size_t i = 0; (q = map_next(&r->open, &i, NULL)) != NULL;)
		if (r->conn.fd < 0 || clock_mono() > q->deadline)
			return q;
	return NULL;
}

bool resolve_next(struct resolve *r, struct arena *a, uint64_t *id, struct lookup_answer *out)
{
	struct question *q;

	*out = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	q = next_told(r, a, out);
	if (q == NULL)
		q = next_lost(r);
	if (q == NULL)
		return false;
	*id = q->id;
	map_deln(&r->open, q->id);
	question_free(q);
	return true;
}
