/* deliver/digest.c - telltale-digest has a letter for a mailbox of ours: what was refused for it (mail/digest.h).  From
 * nobody, so that nothing ever comes back about it. */
#include "deliver/schedule_inside.h"

#include "base/clock.h"
#include "lookup/told.h"
#include "mail/digest.h"

/* Where it goes, as telltale-lookup told who wrote it. */
static int targets_of(const struct queue_digest *m, struct arena *a, struct lookup_answer *out, struct err *e)
{
	struct lookup_resolved told = {
		.result = RESOLVED_MAILBOX, .targets = m->targets, .channels = m->channels, .routes = m->routes
	};

	if (lookup_told_read(&told, m->rcpt, a, out, e) < 0)
		return -1;
	return out->n > 0 ? 0 : err_set(e, "that mailbox leads nowhere");
}

static int put(struct schedule *s, const struct queue_digest *m, struct err *e)
{
	ARENA(mem);
	struct envelope v = { .time = clock_wall() };
	struct lookup_answer to = { 0 };
	int rc = -1;

	if (m->head.n + m->body.n > DIGEST_MOST)
		err_set(e, "that letter is too long");
	else if (targets_of(m, &mem, &to, e) == 0 && depot_number(s->set.depot, NUMBER_MESSAGE, &v.qp, e) == 0) {
		v.rcpts = to.targets;
		v.nrcpts = to.n;
		rc = schedule_put(s, &v, m->head, m->body, e);
	}
	return rc;
}

int schedule_hear_digest(struct schedule *s, struct ipc_conn *conn, const struct ipc_frame *f, struct err *e)
{
	struct queue_digest m;
	struct queue_done done = { 0 };
	struct err why = { 0 };

	if (f->type != queue_digest_number)
		return err_set(e, "message %u is no letter", f->type);
	if (ipc_unpack(f->body, &queue_digest_type, &m, e) < 0)
		return -1;
	done.status = put(s, &m, &why) < 0;
	done.message = str_of(why.text);
	ipc_queue(conn, &queue_done_type, f->id, &done, -1);
	return 0;
}
