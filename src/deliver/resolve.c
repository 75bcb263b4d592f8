#include "deliver/resolve.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "lookup/told.h"

enum { OPEN_MOST = 64, ANSWER_TIME = 10 * 1000, UNSENT_MOST = 256 * 1024 };

struct question {
	uint64_t id;
	int64_t deadline;
	enum { ASKED_ADDRESS, ASKED_REPLY, ASKED_LEAVES, ASKED_LIST } kind;
	char *address; /* of the first two kinds: whose mail goes where */
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

static bool ask(struct resolve *r, struct question q, const struct ipc_type *type, const void *m)
{
	struct question *kept;
	struct err e = { 0 };

	if (r->open.n >= OPEN_MOST || map_getn(&r->open, q.id) != NULL || !reach(r)) {
		free(q.address);
		return false;
	}
	kept = mem_alloc(sizeof(*kept));
	*kept = q;
	kept->deadline = deadline_in(ANSWER_TIME);
	map_putn(&r->open, q.id, kept);
	ipc_queue(&r->conn, type, q.id, m, -1);
	if (ipc_flush(&r->conn, &e) < 0)
		hang_up(r);
	return true;
}

bool resolve_ask(struct resolve *r, uint64_t id, struct str address)
{
	return ask(r, (struct question){ .id = id, .address = mem_dup(address) }, &lookup_resolve_type,
		   &(struct lookup_resolve){ .address = address });
}

bool resolve_reply(struct resolve *r, uint64_t id, struct str address, struct str sender)
{
	return ask(r, (struct question){ .id = id, .kind = ASKED_REPLY, .address = mem_dup(sender) },
		   &lookup_reply_type, &(struct lookup_reply){ address, sender });
}

bool resolve_leaves(struct resolve *r, uint64_t id, struct str sender, struct str alias)
{
	return ask(r, (struct question){ .id = id, .kind = ASKED_LEAVES }, &lookup_leaves_type,
		   &(struct lookup_leaves){ .sender = sender, .alias = alias });
}

bool resolve_list(struct resolve *r, uint64_t id, struct str list, struct str after)
{
	return ask(r, (struct question){ .id = id, .kind = ASKED_LIST }, &lookup_list_type,
		   &(struct lookup_list){ list, after });
}

/* False: the frame is no such answer. */
static bool is_told(const struct ipc_frame *f, const struct ipc_type *type, void *told)
{
	struct err e = { 0 };

	return f->type == type->number && ipc_unpack(f->body, type, told, &e) == 0;
}

static bool read_list(const struct ipc_frame *f, struct arena *a, struct resolve_told *out)
{
	struct lookup_list_told told;
	struct err e = { 0 };

	if (!is_told(f, &lookup_list_told_type, &told))
		return false;
	(void)lookup_told_list(&told, a, &out->answer, &e);
	return true;
}

void resolve_suppress(struct resolve *r, struct str mailbox, struct str address, struct str reason)
{
	struct err e = { 0 };

	if (!reach(r) || r->conn.out.n > UNSENT_MOST)
		return;
	ipc_queue(&r->conn, &lookup_suppress_type, 0, &(struct lookup_suppress){ mailbox, address, reason }, -1);
	if (ipc_flush(&r->conn, &e) < 0)
		hang_up(r);
}

static bool read_leaves(const struct ipc_frame *f, struct arena *a, struct resolve_told *out)
{
	struct lookup_leaves_told told;
	struct err e = { 0 };

	if (!is_told(f, &lookup_leaves_told_type, &told))
		return false;
	(void)lookup_told_leaves(&told, a, &out->sender, &e);
	return true;
}

static bool read_address(const struct ipc_frame *f, const char *address, struct arena *a, struct resolve_told *out)
{
	struct lookup_resolved told;
	struct err e = { 0 };

	if (!is_told(f, &lookup_resolved_type, &told))
		return false;
	(void)lookup_told_read(&told, arena_str(a, str_of(address)), a, &out->answer, &e);
	return true;
}

static bool read_reply(const struct ipc_frame *f, const char *sender, struct arena *a, struct resolve_told *out)
{
	struct lookup_reply_told told;
	struct err e = { 0 };

	if (!is_told(f, &lookup_reply_told_type, &told))
		return false;
	(void)lookup_told_reply(&told, arena_str(a, str_of(sender)), a, &out->answer, &e);
	return true;
}

static bool read_any(const struct question *q, const struct ipc_frame *f, struct arena *a, struct resolve_told *out)
{
	switch (q->kind) {
	case ASKED_REPLY:
		return read_reply(f, q->address, a, out);
	case ASKED_LEAVES:
		return read_leaves(f, a, out);
	case ASKED_LIST:
		return read_list(f, a, out);
	case ASKED_ADDRESS:
		break;
	}
	return read_address(f, q->address, a, out);
}

/* A frame that came: whose answer is it?  NULL: it makes no sense. */
static struct question *read_frame(struct resolve *r, struct ipc_frame *f, struct arena *a, struct resolve_told *out)
{
	struct question *q = map_getn(&r->open, f->id);

	fd_clear(&f->fd);
	return q != NULL && read_any(q, f, a, out) ? q : NULL;
}

static struct question *next_told(struct resolve *r, struct arena *a, struct resolve_told *out)
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

bool resolve_next(struct resolve *r, struct arena *a, struct resolve_told *out)
{
	struct question *q;

	*out = (struct resolve_told){ .answer.result = RESOLVED_TEMPORARY, .sender.result = LEAVES_LATER };
	q = next_told(r, a, out);
	if (q == NULL)
		q = next_lost(r);
	if (q == NULL)
		return false;
	out->id = q->id;
	out->leaves = q->kind == ASKED_LEAVES;
	map_deln(&r->open, q->id);
	question_free(q);
	return true;
}
