#include "deliver/act.h"

#include "base/clock.h"
#include "base/json.h"
#include "deliver/schedule_inside.h"

enum { DONE = 0, NO = 1, USAGE = 2, ONE_TURN = 1000000 };

/* How many recipients were meant: changed, as they were wanted already, busy with an attempt. */
struct tally {
	uint64_t changed, same, busy;
};

struct action {
	const char *name;
	const char *changed; /* "%llu recipients ..." */
	void (*act)(struct schedule *s, struct item *it, size_t rcpt, struct tally *n);
};

static void hold(struct schedule *s, struct item *it, size_t rcpt, struct tally *n)
{
	const struct item_rcpt *r = &it->rcpts[rcpt];

	if (r->held || rcpt_over(r)) {
		n->same++;
		return;
	}
	depot_hold(s->set.depot, it, rcpt, true);
	n->changed++;
	n->busy += r->state == RCPT_BUSY;
}

static void release(struct schedule *s, struct item *it, size_t rcpt, struct tally *n)
{
	if (!it->rcpts[rcpt].held) {
		n->same++;
		return;
	}
	depot_hold(s->set.depot, it, rcpt, false);
	n->changed++;
}

static void retry(struct schedule *s, struct item *it, size_t rcpt, struct tally *n)
{
	const struct item_rcpt *r = &it->rcpts[rcpt];

	if (r->state == RCPT_BUSY) {
		n->busy++;
		return;
	}
	if (r->held || it->held || rcpt_delivered(r)) {
		n->same++;
		return;
	}
	depot_retry(s->set.depot, it, rcpt, clock_wall());
	schedule_revive(s);
	n->changed++;
}

static void delete (struct schedule *s, struct item *it, size_t rcpt, struct tally *n)
{
	struct err e = { 0 };

	if (it->rcpts[rcpt].state == RCPT_BUSY) {
		n->busy++;
		return;
	}
	if (rcpt_delivered(&it->rcpts[rcpt])) /* only its notice is left */
		depot_settle(s->set.depot, it, rcpt, true);
	/* One whose record cannot be read has nothing that could be logged. */
	else if (attempt_refuse(s, it, rcpt, "deleted by the postmaster", true, &e) < 0)
		depot_settle(s->set.depot, it, rcpt, false);
	n->changed++;
}

static const struct action actions[] = {
	{ "hold", "held", hold },
	{ "release", "released", release },
	{ "retry", "to be tried now", retry },
	{ "delete", "deleted", delete },
};

static void say_no(struct shown *out, int status, const char *fmt, struct str what)
{
	out->status = status;
	buf_fmt(&out->message, fmt, STR_ARG(what));
}

static void tell(struct shown *out, const struct action *a, struct tally n)
{
	struct json j = json_to(&out->output);

	json_begin_object(&j);
	json_key(&j, "changed"), json_num(&j, (int64_t)n.changed);
	json_key(&j, "unchanged"), json_num(&j, (int64_t)n.same);
	json_key(&j, "busy"), json_num(&j, (int64_t)n.busy);
	json_end_object(&j);
	buf_fmt(&out->message, "%llu recipient%s %s", (unsigned long long)n.changed, n.changed == 1 ? "" : "s",
		a->changed);
	if (n.busy > 0)
		buf_fmt(&out->message, "; %llu %s being tried right now", (unsigned long long)n.busy,
			n.busy == 1 ? "is" : "are");
	out->status = n.changed > 0 ? DONE : NO;
}

/* What "QP" or "QP/RECIPIENT" names; NULL after a sentence.  *only is SIZE_MAX for all of them. */
static struct item *named(struct schedule *s, struct str what, size_t *only, struct shown *out)
{
	struct str qp, rcpt;
	uint64_t number, index = SIZE_MAX;
	bool one = str_cut(what, STR("/"), &qp, &rcpt);
	struct item *it;

	if (!str_u64(qp, INT64_MAX, &number) || (one && !str_u64(rcpt, UINT32_MAX, &index))) {
		say_no(out, USAGE, "%.*s is not QP or QP/RECIPIENT", what);
		return NULL;
	}
	it = depot_find(s->set.depot, number);
	if (it == NULL || it->left == 0 || (one && (index >= it->nrcpts || rcpt_settled(&it->rcpts[index])))) {
		say_no(out, NO, "there is no message %.*s in the queue", what);
		return NULL;
	}
	*only = one ? (size_t)index : SIZE_MAX;
	return it;
}

static void act_on(struct schedule *s, const struct action *a, struct str what, struct shown *out)
{
	struct tally n = { 0 };
	size_t only;
	struct item *it = named(s, what, &only, out);

	if (it == NULL)
		return;
	for (size_t i = 0; i < it->nrcpts; i++)
		if ((only == SIZE_MAX || only == i) && !rcpt_settled(&it->rcpts[i]))
			a->act(s, it, i, &n);
	schedule_look(s, it);
	tell(out, a, n);
}

/* All that waits for its next try; what has failed stays so. */
static void retry_all(struct schedule *s, struct shown *out)
{
	struct tally n = { 0 };
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(s->set.depot, &i)) != NULL && n.changed < ONE_TURN;)
		for (size_t k = 0; k < it->nrcpts; k++)
			if (it->rcpts[k].state == RCPT_WAITING && !rcpt_over(&it->rcpts[k]))
				retry(s, it, k, &n);
	tell(out, &actions[2], n);
	out->status = DONE;
}

static void export(struct schedule *s, struct str what, struct shown *out)
{
	struct json j = json_to(&out->output);
	struct message msg;
	struct err e = { 0 };
	size_t only;
	struct item *it = named(s, what, &only, out);

	if (it == NULL)
		return;
	if (depot_read(s->set.depot, it, &msg, &e) < 0) {
		say_no(out, NO, "%.*s", str_of(e.text));
		return;
	}
	out->fd = msg.fd;
	json_begin_object(&j);
	json_key(&j, "offset"), json_num(&j, (int64_t)msg.offset);
	json_key(&j, "size"), json_num(&j, (int64_t)msg.size);
	json_end_object(&j);
}

bool act_answer(struct schedule *s, struct str words, struct shown *out)
{
	struct str verb, what;
	bool more = str_cut(words, STR("\0"), &verb, &what);

	if (str_eqz(verb, "retry") && !more) {
		retry_all(s, out);
		return true;
	}
	if (str_eqz(verb, "export") && more) {
		export(s, what, out);
		return true;
	}
	for (size_t i = 0; more && i < COUNT(actions); i++) {
		if (!str_eqz(verb, actions[i].name))
			continue;
		act_on(s, &actions[i], what, out);
		return true;
	}
	return false;
}
