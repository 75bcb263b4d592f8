#include "deliver/schedule_inside.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "mail/addr.h"

enum { UNREADABLE_PAUSE = 10 * 1000 /* until a message is tried again whose bytes could not be had */ };

/* As the log says it. */
static const char *const routes[LED_COUNT] = {
	[LED_ALIAS] = "alias", [LED_CATCHALL] = "catch-all", [LED_FORWARD] = "forward",
	[LED_LIST] = "list",   [LED_PROGRAM] = "alias",      [LED_MEMBER] = "list",
};

const struct item_rcpt *attempt_rcpt(const struct attempt *a)
{
	return &a->it->rcpts[a->rcpt];
}

/* A last attempt's deferral is a failure; whom the postmaster holds is not given up meanwhile. */
static void give_up(struct schedule *s, const struct attempt *a, struct dlog_result *r, struct arena *mem, int64_t now)
{
	if (r->kind != OUTCOME_DEFERRAL || attempt_rcpt(a)->held || !retry_over(&s->set.retry, a->it->born, now))
		return;
	r->kind = OUTCOME_FAILURE;
	r->gave_up = true;
	r->report = arena_fmt(mem, "%.*s\nI'm not going to try again; this message has been in the queue too long.",
			      STR_ARG(r->report));
}

/* Its sender wants to hear of no failure (RFC 3461). */
static bool unwanted(const struct attempt *a)
{
	return a->notify != 0 && (a->notify & NOTIFY_FAILURE) == 0;
}

/* It is settled by the notice that its sender asked for.  What was handed on with his wishes is another server's to
 * tell, and a forward's copy has taken them along. */
static void keep_success(struct schedule *s, const struct attempt *a, const struct dlog_result *r)
{
	bool ours = !r->handed_on || (a->notify & NOTIFY_EXPANDED) != 0;

	if (rcpt_over(attempt_rcpt(a)))
		return; /* a list's copy did that */
	if ((a->notify & NOTIFY_SUCCESS) != 0 && !a->nobody && ours)
		depot_defer(s->set.depot, a->it, a->rcpt, next_over(clock_wall(), true), r->report);
	else
		depot_settle(s->set.depot, a->it, a->rcpt, true);
}

/* What a deferral or failure means for the recipient: `next` 0 asks for the schedule's own time. */
static void keep(struct schedule *s, const struct attempt *a, struct dlog_result *r, struct arena *mem)
{
	int64_t now = clock_wall();

	give_up(s, a, r, mem, now);
	if (r->kind == OUTCOME_DEFERRAL && r->next == 0)
		r->next = retry_next(&s->set.retry, a->channel, a->it->born, now);
	if (r->kind == OUTCOME_DEFERRAL) {
		depot_defer(s->set.depot, a->it, a->rcpt, r->next, r->report);
		return;
	}
	r->next = 0;
	if (!r->gave_up)
		suppress_look(s, a, r->report);
	if (a->nobody && !a->deleted)
		r->report = arena_fmt(mem, "%.*s\nThis message has no sender: nobody is told.", STR_ARG(r->report));
	else if (unwanted(a) && !a->deleted)
		r->report = arena_fmt(mem, "%.*s\nThe sender asked not to be told of failures: nobody is told.",
				      STR_ARG(r->report));
	if (a->nobody || a->deleted || unwanted(a))
		depot_settle(s->set.depot, a->it, a->rcpt, false);
	else
		depot_defer(s->set.depot, a->it, a->rcpt, next_over(now, false), r->report);
}

void attempt_end(struct schedule *s, const struct attempt *a, struct dlog_result r)
{
	ARENA(mem);

	r.delivery = a->delivery;
	r.millis = clock_mono() - a->started;
	if (a->led != LED_PLAIN && r.at.path.n > 0)
		r.at.rule = arena_fmt(&mem, "%s; %.*s", routes[a->led], STR_ARG(r.at.rule));
	if (r.kind == OUTCOME_SUCCESS && a->replies && !a->nobody)
		autoreply_want(s, a);
	if (r.kind == OUTCOME_SUCCESS)
		keep_success(s, a, &r);
	else
		keep(s, a, &r, &mem);
	if (a->auth)
		r.report = arena_fmt(&mem, "smtp_auth\n%.*s", STR_ARG(r.report));
	dlog_result(s->set.log, &r);
	if (r.kind == OUTCOME_DEFERRAL)
		schedule_late(s, a->it);
	schedule_look(s, a->it);
}

static int number(struct schedule *s, struct attempt *a, const struct envelope *v, struct err *e)
{
	if (a->rcpt >= v->nrcpts)
		return err_set(e, "its envelope lacks recipient %zu", a->rcpt);
	if (depot_number(s->set.depot, NUMBER_DELIVERY, &a->delivery, e) < 0)
		return -1;
	a->channel = (enum channel)attempt_rcpt(a)->channel;
	a->auth = (a->channel == CHANNEL_LOCAL || v->rcpts[a->rcpt].led == LED_PROGRAM) && v->auth.n > 0;
	a->led = v->rcpts[a->rcpt].led;
	a->replies = a->channel == CHANNEL_LOCAL && v->rcpts[a->rcpt].replies && !envelope_junk(v, a->rcpt);
	a->nobody = addr_is_nobody(v->sender);
	a->notify = v->rcpts[a->rcpt].notify;
	a->started = clock_mono();
	return 0;
}

int attempt_begin(struct schedule *s, struct attempt *a, struct arena *mem, struct envelope *v, struct err *e)
{
	return depot_envelope(s->set.depot, a->it, mem, v, e) < 0 ? -1 : number(s, a, v, e);
}

int attempt_begin_loaded(struct schedule *s, struct attempt *a, struct arena *mem, struct loaded *out, struct err *e)
{
	if (depot_load(s->set.depot, a->it, mem, out, e) < 0)
		return -1;
	if (number(s, a, &out->v, e) == 0)
		return 0;
	fd_clear(&out->m.fd);
	return -1;
}

void attempt_log(struct schedule *s, const struct attempt *a, const struct envelope *v)
{
	struct dlog_try t = {
		.delivery = a->delivery,
		.qp = a->it->qp,
		.attempt = (uint64_t)attempt_rcpt(a)->attempts + 1,
		.bytes = a->it->size,
		.sender = v->sender,
		.rcpt = &v->rcpts[a->rcpt],
	};

	dlog_try(s->set.log, &t);
}

int attempt_refuse(struct schedule *s, struct item *it, size_t rcpt, const char *report, bool deleted, struct err *e)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt, .deleted = deleted };
	struct envelope v;

	if (attempt_begin(s, &a, &mem, &v, e) < 0)
		return -1;
	a.auth = false; /* nothing was delivered that a login could explain */
	attempt_log(s, &a, &v);
	attempt_end(s, &a, (struct dlog_result){ .kind = OUTCOME_FAILURE, .report = str_of(report) });
	return 0;
}

void attempt_put_back(struct schedule *s, struct item *it, size_t rcpt, const struct err *e)
{
	if (it->held)
		return; /* the depot has said so, and keeps it */
	say(SAY_WARNING, "message %llu: %s; trying again", (unsigned long long)it->qp, e->text);
	depot_release(s->set.depot, it, rcpt, clock_wall() + UNREADABLE_PAUSE);
}

bool attempt_open(struct schedule *s, struct attempt *a, struct arena *mem, struct envelope *v)
{
	struct err e = { 0 };

	if (attempt_begin(s, a, mem, v, &e) < 0) {
		attempt_put_back(s, a->it, a->rcpt, &e);
		return false;
	}
	attempt_log(s, a, v);
	return true;
}
