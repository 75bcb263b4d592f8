/* deliver/notice.c - what is told to the sender of a message becomes a message of its own, for bounce.c. */
#include "deliver/schedule_inside.h"

#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "mail/dsn.h"

enum { RCPTS_MOST = 5000 /* of one notice */ };

/* One that is being put together. */
struct making {
	struct schedule *s;
	struct item *it;
	struct envelope v; /* of the message that it is about */
	enum dsn_kind kind;
	struct arena mem;
};

bool notice_late(const struct item_rcpt *r)
{
	return r->state == RCPT_WAITING && !rcpt_over(r) && (r->report != NULL || r->alone) && !r->held;
}

/* Does his sender want to hear that it takes long? */
static bool may_tell_late(const struct recipient *r)
{
	return r->notify == 0 || (r->notify & NOTIFY_DELAY) != 0;
}

bool notice_any_late(const struct envelope *v)
{
	for (size_t i = 0; i < v->nrcpts; i++)
		if (may_tell_late(&v->rcpts[i]))
			return true;
	return false;
}

/* As much of the message as the notice may quote. */
int notice_original(struct schedule *s, struct item *it, size_t most, struct buf *out, struct err *e)
{
	struct message msg;
	size_t n;
	int rc;

	if (depot_read(s->set.depot, it, &msg, e) < 0)
		return -1;
	n = msg.size < most ? (size_t)msg.size : most;
	buf_need(out, n);
	rc = io_pread_all(msg.fd, out->p, n, (off_t)msg.offset);
	close(msg.fd);
	if (rc < 0)
		return err_sys(e, "read the message");
	out->n = n;
	return 0;
}

static bool belongs(const struct making *m, size_t i)
{
	const struct item_rcpt *r = &m->it->rcpts[i];

	switch (m->kind) {
	case DSN_FAILED:
		return rcpt_failed(r);
	case DSN_SUCCESS:
		return rcpt_delivered(r);
	case DSN_DELAYED:
		break;
	}
	return notice_late(r) && may_tell_late(&m->v.rcpts[i]);
}

static enum dsn_action action_of(const struct making *m, const struct recipient *r)
{
	if (m->kind == DSN_FAILED)
		return DSN_IS_FAILED;
	if (m->kind == DSN_DELAYED)
		return DSN_IS_DELAYED;
	if ((r->notify & NOTIFY_EXPANDED) != 0 || r->led == LED_LIST)
		return DSN_IS_EXPANDED;
	return r->channel == CHANNEL_LOCAL ? DSN_IS_DELIVERED : DSN_IS_RELAYED;
}

/* A forward's copy knows the alias by what it was told. */
static struct str asked_name(const struct recipient *r)
{
	struct str type, address;

	return str_cut(r->orcpt, STR(";"), &type, &address) ? address : r->original;
}

static struct dsn_rcpt tell(const struct making *m, size_t i)
{
	const struct recipient *r = &m->v.rcpts[i];
	const struct item_rcpt *x = &m->it->rcpts[i];
	struct dsn_rcpt out = { .final = r->final,
				.original = r->original,
				.orcpt = r->orcpt,
				.report = x->report == NULL && x->alone ? STR(LEFT_ALONE) : str_of(x->report),
				.action = action_of(m, r),
				.attempts = x->attempts,
				.last = rcpt_ended(x) };

	/* Who stands behind a list is nobody's business. */
	if (out.action == DSN_IS_EXPANDED) {
		out.final = out.original = m->it->parent_qp != 0 ? asked_name(r) : r->original;
		out.report = str_of(NULL);
	}
	return out;
}

/* The recipients that it tells of: for the text, and for the child's envelope. */
static void collect(const struct making *m, struct dsn_rcpt *at, struct dsn *d, struct buf *list)
{
	for (size_t i = 0; i < m->it->nrcpts && i < m->v.nrcpts && d->n < RCPTS_MOST; i++) {
		if (!belongs(m, i))
			continue;
		at[d->n++] = tell(m, i);
		envelope_add_index(list, i);
	}
	d->rcpts = at;
}

static void log_it(const struct making *m, uint64_t qp)
{
	static const enum dlog_notice verbs[] = {
		[DSN_FAILED] = DLOG_BOUNCE,
		[DSN_DELAYED] = DLOG_DELAY_NOTICE,
		[DSN_SUCCESS] = DLOG_SUCCESS_NOTICE,
	};

	dlog_notice(m->s->set.log, verbs[m->kind], m->it->qp, qp);
}

static struct dsn about(const struct making *m, uint64_t qp)
{
	const struct schedule_set *set = &m->s->set;

	return (struct dsn){ .kind = m->kind,
			     .hostname = set->hostname,
			     .contact = set->contact,
			     .sender = m->v.sender,
			     .envid = m->v.envid,
			     .full = m->kind == DSN_FAILED && m->v.ret == RET_FULL && !m->v.requiretls,
			     .qp = qp,
			     .parent = m->it->qp,
			     .now = clock_wall(),
			     .arrival = m->it->born,
			     .until = m->it->born + set->retry.lifetime,
			     .size = m->it->size };
}

/* child: its recipients and its number are set.  1: it is in the queue; 0: there is nothing to tell now. */
static int put(struct making *m, struct envelope *child, struct err *e)
{
	BUF(list);
	BUF(head);
	BUF(body);
	BUF(message);
	size_t room = m->it->nrcpts < RCPTS_MOST ? m->it->nrcpts : RCPTS_MOST;
	struct dsn d = about(m, child->qp);

	collect(m, arena_alloc(&m->mem, room * sizeof(struct dsn_rcpt)), &d, &list);
	if (d.n == 0)
		return 0;
	if (notice_original(m->s, m->it, d.full ? DSN_FULL_MAX : DSN_HEADERS_MAX, &message, e) < 0)
		return -1;
	d.message = buf_str(&message);
	dsn_put(&head, &body, &d);
	child->time = d.now;
	child->requiretls = m->v.requiretls; /* RFC 8689, 5 */
	child->parent_qp = m->it->qp;
	child->parent_rcpts = child->delay ? STR("") : buf_str(&list);
	child->parent_rcpt = child->delay ? ENVELOPE_NOBODY : envelope_settled(child, 0);
	if (schedule_put(m->s, child, buf_str(&head), buf_str(&body), e) < 0)
		return -1;
	log_it(m, child->qp);
	return 1;
}

/* Whom does it go to?  No server may write about it in its turn (RFC 3461, 6.1).  False: nobody of that name is
 * here. */
static bool addressee(struct making *m, const struct lookup_answer *answer, struct envelope *child)
{
	bool ours = answer->result <= RESOLVED_CATCHALL;
	size_t n = ours ? answer->n : 1;
	struct recipient *to = arena_alloc(&m->mem, n * sizeof(*to));

	to[0] = (struct recipient){ .final = m->v.sender, .original = m->v.sender, .channel = CHANNEL_REMOTE };
	for (size_t i = 0; i < n; i++) {
		to[i] = ours ? answer->targets[i] : to[0];
		to[i].notify = NOTIFY_NEVER;
	}
	child->rcpts = to;
	child->nrcpts = n;
	if (answer->result != RESOLVED_NO_MAILBOX && answer->result != RESOLVED_LOOP)
		return true;
	to[0].channel = CHANNEL_LOCAL;
	return false;
}

/* There is nobody who could be told: only a bounce exists all the same, and fails at once. */
static int nobody(struct making *m, struct envelope *child, struct err *e)
{
	struct depot *depot = m->s->set.depot;
	int rc;

	if (m->kind == DSN_DELAYED)
		depot_noticed(depot, m->it);
	for (size_t i = 0; m->kind == DSN_SUCCESS && i < m->it->nrcpts; i++)
		if (rcpt_delivered(&m->it->rcpts[i]))
			depot_settle(depot, m->it, i, true);
	if (m->kind != DSN_FAILED)
		return 0;
	rc = put(m, child, e);
	if (rc <= 0)
		return rc;
	return attempt_refuse(m->s, depot_find(depot, child->qp), 0, "Sorry, no mailbox here by that name. (#5.1.1)",
			      false, e);
}

int notice_put(struct schedule *s, struct item *it, enum dsn_kind kind, const struct lookup_answer *answer,
	       struct err *e)
{
	struct making m = { .s = s, .it = it, .kind = kind };
	struct envelope child = { .delay = kind == DSN_DELAYED, .success = kind == DSN_SUCCESS };
	int rc = depot_envelope(s->set.depot, it, &m.mem, &m.v, e);

	if (rc == 0)
		rc = depot_number(s->set.depot, NUMBER_MESSAGE, &child.qp, e);
	if (rc == 0)
		rc = addressee(&m, answer, &child) ? put(&m, &child, e) : nobody(&m, &child, e);
	arena_clear(&m.mem);
	return rc < 0 ? -1 : 0;
}
