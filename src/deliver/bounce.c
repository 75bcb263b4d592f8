/* deliver/bounce.c - when the sender of a message is told about it: all recipients that failed by then go back to him
 * in one bounce; all that were delivered by then stand in one notice, where he asked for it (RFC 3461).
 *
 * By the same way he is told, once, that his message is late: a child that settles nobody.  Its record on disk says
 * that he was told, and the journal does (item->noticed).
 *
 * want: asked for -> answered -> put (notice.c).  What is wanted follows from the depot alone (recipients of a live
 * message whose attempts are over), so nothing of this is on disk: after a crash it is wanted again, and the record
 * of a notice that exists has settled its recipients.
 */
#include "deliver/schedule_inside.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/say.h"
#include "mail/addr.h"

enum {
	PAUSE_FIRST = 1000,          /* until a question is asked again; doubles */
	PAUSE_MOST = 5 * 60 * 1000,  /* up to this */
	TROUBLE_PAUSE = 10 * 1000,   /* until a notice is tried again that could not be written */
	LATE_LEAST = 15 * 60 * 1000, /* no sender is told of less, unless all are (queue { delay-notice }) */
	LATE_MOST = 1000,            /* wants, beside which nobody new is asked for the sake of a delay */
	LATE_NEVER = UINT16_MAX,     /* item->notice_after */
	OVER_QUOTA_TIMES = 2         /* lifetimes of the message; then a full sender's bounce is given up */
};

struct want {
	uint64_t qp;
	int64_t due; /* monotonic ms */
	int64_t pause;
	bool asked;
};

void bounce_clear(struct schedule *s)
{
	struct want *w;

	for (size_t i = 0; (w = map_next(&s->wants, &i, NULL)) != NULL;)
		free(w);
	map_clear(&s->wants);
}

static bool ready(const struct item *it)
{
	return it != NULL && (it->failed > 0 || it->delivered > 0) && it->open == 0 && !it->held;
}

/* After how long its sender is told that it waits, ms; as long as his wish is not known, after how long he is asked. */
static int64_t patience(const struct schedule *s, const struct item *it)
{
	if (it->notice_after == LATE_NEVER)
		return INT64_MAX;
	if (it->notice_after != 0)
		return (int64_t)it->notice_after * 60 * 1000;
	return s->set.delay_notice > 0 && s->set.delay_notice < LATE_LEAST ? s->set.delay_notice : LATE_LEAST;
}

/* Is its sender to be told that it waits?  Once for a message, and not any more when its time is over anyway. */
static bool notice_due(const struct schedule *s, const struct item *it)
{
	int64_t age = it == NULL ? 0 : clock_wall() - it->born;

	if (it == NULL || it->noticed || it->held || age < patience(s, it) || age >= s->set.retry.lifetime)
		return false;
	for (size_t i = 0; i < it->nrcpts; i++)
		if (notice_late(&it->rcpts[i]))
			return true;
	return false;
}

/* What failed is told of first. */
static enum dsn_kind kind_of(const struct item *it)
{
	if (!ready(it))
		return DSN_DELAYED;
	return it->failed > 0 ? DSN_FAILED : DSN_SUCCESS;
}

static bool wanted(const struct schedule *s, const struct item *it)
{
	return ready(it) || notice_due(s, it);
}

static void wait_until(struct schedule *s, struct want *w, int64_t due)
{
	w->due = due;
	if (due < s->bounce_due)
		s->bounce_due = due;
}

static void want(struct schedule *s, const struct item *it)
{
	struct want *w = mem_alloc(sizeof(*w));

	*w = (struct want){ .qp = it->qp };
	map_putn(&s->wants, it->qp, w);
	wait_until(s, w, clock_mono());
}

void schedule_look(struct schedule *s, struct item *it)
{
	if (ready(it) && map_getn(&s->wants, it->qp) == NULL)
		want(s, it);
}

void schedule_late(struct schedule *s, struct item *it)
{
	if (s->wants.n < LATE_MOST && map_getn(&s->wants, it->qp) == NULL && notice_due(s, it))
		want(s, it);
}

void bounce_ask_anew(struct schedule *s)
{
	struct item *it;

	for (size_t i = 0; (it = depot_walk(s->set.depot, &i)) != NULL;)
		it->notice_after = 0;
}

static void forget(struct schedule *s, struct want *w)
{
	map_deln(&s->wants, w->qp);
	free(w);
}

static void later(struct schedule *s, struct want *w)
{
	w->pause = w->pause == 0 ? PAUSE_FIRST : w->pause * 2 < PAUSE_MOST ? w->pause * 2 : PAUSE_MOST;
	wait_until(s, w, clock_mono() + w->pause);
}

/* Nobody can be told: how they ended is final, and that is all. */
static void settle_all(struct schedule *s, struct item *it)
{
	for (size_t i = 0; i < it->nrcpts; i++)
		if (rcpt_over(&it->rcpts[i]))
			depot_settle(s->set.depot, it, i, rcpt_delivered(&it->rcpts[i]));
}

static void trouble(struct schedule *s, struct want *w, const struct err *e)
{
	say(SAY_WARNING, "the notice about message %llu: %s; trying again", (unsigned long long)w->qp, e->text);
	wait_until(s, w, clock_mono() + TROUBLE_PAUSE);
}

/* False: nothing more can be asked now. */
static bool ask(struct schedule *s, struct want *w)
{
	ARENA(mem);
	struct item *it = depot_find(s->set.depot, w->qp);
	struct envelope v;
	struct err e = { 0 };

	if (!wanted(s, it)) {
		forget(s, w);
		return true;
	}
	if (depot_envelope(s->set.depot, it, &mem, &v, &e) < 0) {
		if (it->held)
			forget(s, w);
		else
			trouble(s, w, &e);
		return true;
	}
	if (addr_is_nobody(v.sender)) { /* failed ones are of a former version: new ones never get here */
		settle_all(s, it);
		depot_noticed(s->set.depot, it);
		forget(s, w);
		return true;
	}
	if (!ready(it) && !notice_any_late(&v)) {
		depot_noticed(s->set.depot, it);
		forget(s, w);
		return true;
	}
	w->asked = s->set.lookup.ask(s->set.lookup.asker, question_of(ASKER_BOUNCE, w->qp), v.sender);
	if (!w->asked)
		wait_until(s, w, clock_mono() + PAUSE_FIRST);
	return w->asked;
}

void schedule_bounces(struct schedule *s)
{
	int64_t now = clock_mono();
	struct want *w;
	bool more = true;

	if (s->stopped || s->bounce_due > now)
		return;
	s->bounce_due = INT64_MAX;
	autoreply_ask_all(s, now);
	for (size_t i = 0; (w = map_next(&s->wants, &i, NULL)) != NULL;) {
		if (w->asked)
			continue;
		if (more && w->due <= now)
			more = ask(s, w);
		else
			wait_until(s, w, w->due > now ? w->due : now + PAUSE_FIRST);
	}
}

int64_t schedule_bounces_next(const struct schedule *s)
{
	return s->stopped ? INT64_MAX : s->bounce_due;
}

/* A sender whose mailbox is full gets the bounce when there is room, or never. */
static void over_quota(struct schedule *s, struct want *w, struct item *it)
{
	if (clock_wall() - it->born < OVER_QUOTA_TIMES * s->set.retry.lifetime) {
		later(s, w);
		return;
	}
	say(SAY_WARNING, "the sender of message %llu cannot be told what became of it: his mailbox stays full",
	    (unsigned long long)w->qp);
	settle_all(s, it);
	forget(s, w);
}

/* What he has set, or his domain, counts before what is set for all. */
static bool too_early(const struct schedule *s, struct item *it, const struct lookup_answer *answer)
{
	int64_t after = answer->delay_notice != 0 ? answer->delay_notice : s->set.delay_notice;
	int64_t minutes = (after + 60 * 1000 - 1) / (60 * 1000);

	it->notice_after = after <= 0 || minutes >= LATE_NEVER ? LATE_NEVER : (uint16_t)minutes;
	return after <= 0 || clock_wall() - it->born < after;
}

void bounce_answer(struct schedule *s, uint64_t qp, const struct lookup_answer *answer)
{
	struct want *w = map_getn(&s->wants, qp);
	struct item *it = depot_find(s->set.depot, qp);
	struct err e = { 0 };

	if (w == NULL || !w->asked)
		return;
	w->asked = false;
	if (!wanted(s, it)) {
		forget(s, w);
	} else if (answer->result == RESOLVED_TEMPORARY) {
		later(s, w);
	} else if (!ready(it) && too_early(s, it, answer)) {
		forget(s, w);
	} else if (answer->result == RESOLVED_OVER_QUOTA && !ready(it)) {
		depot_noticed(s->set.depot, it); /* no news is worth the wait for room */
		forget(s, w);
	} else if (answer->result == RESOLVED_OVER_QUOTA) {
		over_quota(s, w, it);
	} else if (notice_put(s, it, kind_of(it), answer, &e) < 0) {
		trouble(s, w, &e);
	} else {
		forget(s, w);
		schedule_look(s, it); /* those that did not fit */
	}
}
