#include "supervise/control.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "supervise/proto.h"

enum { PATIENCE = 5000 /* ms for a whole question, and again for taking the answer */ };

int control_open(struct control *t, const char *path, struct err *e)
{
	*t = (struct control){ .listening = ipc_listen(path, 0600, e) };
	return t->listening < 0 ? -1 : 0;
}

static void leave(struct control_visitor *v)
{
	ipc_conn_clear(&v->conn);
	v->here = v->waits = false;
}

void control_close(struct control *t)
{
	for (size_t i = 0; i < CONTROL_VISITORS; i++)
		if (t->at[i].here)
			leave(&t->at[i]);
	fd_clear(&t->listening);
}

static struct control_visitor *vacant(struct control *t)
{
	for (size_t i = 0; i < CONTROL_VISITORS; i++)
		if (!t->at[i].here)
			return &t->at[i];
	return NULL;
}

size_t control_watch(const struct control *t, struct pollfd *at)
{
	size_t n = 0;

	for (size_t i = 0; i < CONTROL_VISITORS; i++) {
		const struct control_visitor *v = &t->at[i];

		if (v->here)
			at[n++] = (struct pollfd){ .fd = v->conn.fd,
						   .events = (short)(POLLIN | (v->conn.out.n > 0 ? POLLOUT : 0)) };
	}
	if (n < CONTROL_VISITORS)
		at[n++] = (struct pollfd){ .fd = t->listening, .events = POLLIN };
	return n;
}

static void take_newcomers(struct control *t)
{
	struct control_visitor *v;

	while ((v = vacant(t)) != NULL) {
		int fd = accept4(t->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		if (!proc_peer_may_command(fd)) {
			fd_clear(&fd);
			continue;
		}
		*v = (struct control_visitor){ .here = true, .deadline = deadline_in(PATIENCE) };
		ipc_conn_init(&v->conn, fd);
	}
}

static enum control_ask question(struct control_visitor *v, struct ipc_frame *f)
{
	static const struct {
		const struct ipc_type *type;
		enum control_ask ask;
	} known[] = {
		{ &control_status_type, CONTROL_STATUS },
		{ &control_reload_type, CONTROL_RELOAD },
		{ &control_stop_type, CONTROL_STOP },
	};
	struct control_status any; /* all questions look alike */
	struct err e;

	fd_clear(&f->fd);
	for (size_t i = 0; i < COUNT(known); i++)
		if (f->type == known[i].type->number && ipc_unpack(f->body, known[i].type, &any, &e) == 0) {
			v->id = f->id;
			v->waits = true;
			return known[i].ask;
		}
	leave(v);
	return CONTROL_NOTHING;
}

/* One visitor's turn.  Who waits for an answer is not listened to, but seen to leave. */
static enum control_ask hear(struct control_visitor *v)
{
	struct ipc_frame f;
	struct err e;
	int rc;

	if (ipc_flush(&v->conn, &e) < 0 || ipc_fill(&v->conn, &e) < 0 || (!v->waits && clock_mono() >= v->deadline)) {
		leave(v);
		return CONTROL_NOTHING;
	}
	if (v->waits || v->conn.out.n > 0)
		return CONTROL_NOTHING;
	rc = ipc_next(&v->conn, &f, &e);
	if (rc > 0)
		return question(v, &f);
	if (rc < 0)
		leave(v);
	return CONTROL_NOTHING;
}

enum control_ask control_next(struct control *t, struct control_visitor **from)
{
	take_newcomers(t);
	for (size_t i = 0; i < CONTROL_VISITORS; i++) {
		enum control_ask ask = t->at[i].here ? hear(&t->at[i]) : CONTROL_NOTHING;

		if (ask == CONTROL_NOTHING)
			continue;
		*from = &t->at[i];
		return ask;
	}
	return CONTROL_NOTHING;
}

void control_tell(struct control_visitor *v, int status, struct str output, const char *message, int fd)
{
	struct control_told told = { (uint64_t)status, output, str_of(message) };
	struct err e;

	v->waits = false;
	v->deadline = deadline_in(PATIENCE);
	ipc_queue(&v->conn, &control_told_type, v->id, &told, fd);
	if (ipc_flush(&v->conn, &e) < 0)
		leave(v);
}

int64_t control_due(const struct control *t)
{
	int64_t now = clock_mono(), due = -1;

	for (size_t i = 0; i < CONTROL_VISITORS; i++) {
		const struct control_visitor *v = &t->at[i];
		int64_t left = v->deadline > now ? v->deadline - now : 0;

		if (v->here && !v->waits && (due < 0 || left < due))
			due = left;
	}
	return due;
}
