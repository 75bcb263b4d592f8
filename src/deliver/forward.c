/* deliver/forward.c - an alias of ours leads to another server: the copy that goes there is a message of its own.
 *
 * It has the sender of the message, or an address of ours that stands for him
 * (leaves.c), one recipient, and a Delivered-To line with our address in front,
 * by which a loop is found when it comes back.
 */
#include "deliver/schedule_inside.h"

#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "deliver/head.h"

bool forward_due(const struct attempt *a, const struct envelope *v)
{
	const struct recipient *r = &v->rcpts[a->rcpt];

	return r->channel == CHANNEL_REMOTE && !str_ieq(r->final, r->original);
}

/* Does a line of the header say that it was here? */
bool forward_was_here(struct str message, struct str address)
{
	struct str line, name = STR("Delivered-To:");

	while (str_cut(message, STR("\r\n"), &line, &message) && line.n > 0)
		if (str_istarts(line, name) && str_ieq(str_trim(str_skip(line, name.n)), address))
			return true;
	return false;
}

void forward_put_line(struct buf *b, struct str address)
{
	buf_adds(b, "Delivered-To: ");
	head_put_address(b, address);
	buf_adds(b, "\r\n");
}

/* What its sender knows it by, where the copy fails: he has not heard of the address that it goes to. */
struct str forward_known_as(const struct recipient *r, struct arena *mem)
{
	for (size_t i = 0; i < r->original.n; i++)
		if (!ascii_isprint(r->original.p[i]))
			return r->orcpt;
	return r->orcpt.n > 0 || r->original.n > ENVELOPE_ORCPT_MAX / 3
		   ? r->orcpt
		   : arena_fmt(mem, "rfc822;%.*s", STR_ARG(r->original));
}

struct envelope forward_envelope(const struct attempt *a, const struct envelope *v, const struct recipient *to,
				 size_t n)
{
	return (struct envelope){ .time = clock_wall(),
				  .sender = v->sender,
				  .parent_qp = a->it->qp,
				  .parent_rcpt = a->rcpt,
				  .forward = 1,
				  .envid = v->envid,
				  .ret = v->ret,
				  .requiretls = v->requiretls,
				  .rcpts = to,
				  .nrcpts = n };
}

/* 0: it is in the queue as *qp; 1: it loops; -1. */
static int put_copy(struct schedule *s, const struct attempt *a, const struct envelope *v, struct str whole,
		    uint64_t *qp, struct err *e)
{
	ARENA(mem);
	BUF(head);
	const struct recipient *r = &v->rcpts[a->rcpt];
	struct recipient to = { .final = r->final,
				.original = r->final,
				.channel = CHANNEL_REMOTE,
				.notify = r->notify,
				.orcpt = forward_known_as(r, &mem) };
	struct envelope child = forward_envelope(a, v, &to, 1);

	if (forward_was_here(whole, r->original))
		return 1;
	if (depot_number(s->set.depot, NUMBER_MESSAGE, &child.qp, e) < 0)
		return -1;
	forward_put_line(&head, r->original);
	if (schedule_put(s, &child, buf_str(&head), whole, e) < 0)
		return -1;
	*qp = child.qp;
	s->copied += whole.n;
	return 0;
}

int forward_map(struct schedule *s, struct item *it, struct mapped *out, struct err *e)
{
	struct message msg;
	size_t skip;
	int rc;

	if (depot_read(s->set.depot, it, &msg, e) < 0)
		return -1;
	skip = (size_t)(msg.offset % (uint64_t)sysconf(_SC_PAGESIZE));
	out->length = skip + msg.size;
	out->at = mmap(NULL, out->length, PROT_READ, MAP_PRIVATE, msg.fd, (off_t)(msg.offset - skip));
	rc = out->at == MAP_FAILED ? err_sys(e, "map the message") : 0;
	close(msg.fd);
	if (rc == 0)
		out->whole = str_mem((const char *)out->at + skip, msg.size);
	return rc;
}

void forward_unmap(const struct mapped *m)
{
	munmap(m->at, m->length);
}

static int copy(struct schedule *s, const struct attempt *a, const struct envelope *v, uint64_t *qp, struct err *e)
{
	struct mapped m;
	int rc;

	if (forward_map(s, a->it, &m, e) < 0)
		return -1;
	rc = put_copy(s, a, v, m.whole, qp, e);
	forward_unmap(&m);
	return rc;
}

struct dlog_result forward_result(int rc, uint64_t qp, const struct err *e, struct arena *mem)
{
	struct dlog_result r = { .kind = OUTCOME_SUCCESS };

	if (rc == 0) {
		r.report = arena_fmt(mem, "did 0+1+0\nqp %llu", (unsigned long long)qp);
	} else if (rc > 0) {
		r.kind = OUTCOME_FAILURE;
		r.report = STR("This message is looping: it already has my Delivered-To line. (#5.4.6)");
	} else {
		r.kind = OUTCOME_DEFERRAL;
		r.report = arena_fmt(mem, "Unable to forward message: %s.", e->text);
	}
	return r;
}

struct dlog_result forward(struct schedule *s, const struct attempt *a, const struct envelope *v, struct arena *mem)
{
	struct err e = { 0 };
	uint64_t qp = 0;
	int rc = copy(s, a, v, &qp, &e);

	return forward_result(rc, qp, &e, mem);
}
