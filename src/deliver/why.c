#include "deliver/why.h"

#include "base/clock.h"
#include "deliver/schedule_inside.h"

/* Who is asked about, and what is known of him. */
struct asked {
	struct schedule *s;
	struct item *it;
	size_t rcpt;
	const struct item_rcpt *r;
	int64_t now;
};

void why_put_time(struct buf *b, int64_t wall_ms)
{
	int64_t seconds = wall_ms / 1000;

	stamp_put(b, civil_of_seconds(seconds + zone_offset(seconds)));
}

static void put_order(struct buf *b, const char *what, int64_t since, const char *by, const char *why)
{
	buf_fmt(b, "%s by %s", what, *by != '\0' ? by : "the postmaster");
	if (since > 0)
		buf_adds(b, " since "), why_put_time(b, since);
	if (*why != '\0')
		buf_fmt(b, ": %s", why);
}

static void held(const struct asked *x, struct buf *b)
{
	const struct order *o = depot_order(x->s->set.depot, x->it, x->rcpt);

	if (o != NULL)
		put_order(b, "held", o->since, o->by, o->why);
}

static void bounce_due(const struct asked *x, struct buf *b)
{
	buf_fmt(b, "%s; %s", rcpt_delivered(x->r) ? "delivered" : "failed",
		x->it->open > 0 ? "its sender is told when the message's other recipients were tried"
				: "its sender is told next");
}

static void paused(const struct pause *p, struct buf *b)
{
	buf_fmt(b, "%s is ", p->name);
	put_order(b, "paused", p->since, p->by, p->why);
	buf_adds(b, p->until == PAUSE_OPEN ? "; until it is resumed" : "; until ");
	if (p->until != PAUSE_OPEN)
		why_put_time(b, p->until);
}

static bool is_program(const struct asked *x)
{
	return x->r->destination >= DESTINATION_NUMBERS && destination_way(x->r->destination) == WAY_PROGRAMS;
}

/* Put off after an attempt, or not tried yet, and its time has not come. */
static const char *later(const struct asked *x, struct buf *b)
{
	struct destination_look d;
	const char *domain = x->r->domain != NULL ? x->r->domain : "its destination";

	if (x->r->destination >= DESTINATION_NUMBERS && schedule_destination(x->s, x->r->destination, &d) &&
	    d.down > x->now) {
		buf_fmt(b, "%s did not answer, and is left alone until ", domain);
		why_put_time(b, d.down);
		return "left-alone";
	}
	if (is_program(x) && start_agent(x->s, AGENT_PIPE) == NULL) {
		buf_adds(b, "telltale-pipe is away");
		return "away";
	}
	if (x->r->report == NULL) {
		buf_adds(b, "not tried yet");
		return "new";
	}
	why_put_report(b, str_of(x->r->report));
	return "put-off";
}

static const char *due(const struct asked *x, struct buf *b)
{
	enum channel channel = (enum channel)x->r->channel;
	bool remote = channel == CHANNEL_REMOTE;

	if (start_agent(x->s, (enum agent_kind)channel) == NULL && (!remote || x->s->set.remote)) {
		buf_fmt(b, "telltale-%s is away", remote ? "remote" : "local");
		return "away";
	}
	buf_fmt(b, "its turn has come: it waits for a place (%zu %s deliveries are under way)", x->s->of[channel].busy,
		remote ? "remote" : "local");
	return "no-place";
}

static const char *state(const struct asked *x, struct buf *b)
{
	const struct pause *p;

	if (rcpt_settled(x->r))
		return "done";
	if (x->it->held) {
		buf_adds(b, "its record on disk is damaged: it is kept, and never tried");
		return "damaged";
	}
	if (x->r->state == RCPT_BUSY) {
		buf_fmt(b, "being delivered now, attempt %u", (unsigned)x->r->attempts + 1);
		return "delivering";
	}
	if (rcpt_over(x->r)) {
		bounce_due(x, b);
		return "bounce-due";
	}
	if (x->r->held) {
		held(x, b);
		return "held";
	}
	p = schedule_paused(x->s, x->it, x->rcpt, x->now);
	if (p != NULL) {
		paused(p, b);
		return "paused";
	}
	return x->r->next > x->now ? later(x, b) : due(x, b);
}

const char *why_waits(struct schedule *s, struct item *it, size_t rcpt, struct buf *sentence)
{
	struct asked x = { s, it, rcpt, &it->rcpts[rcpt], clock_wall() };
	const struct order *o = it->rcpts[rcpt].rerouted ? depot_order(s->set.depot, it, rcpt) : NULL;
	const char *word = state(&x, sentence);

	if (o != NULL && !rcpt_settled(x.r))
		buf_fmt(sentence, "; it goes to %s instead, says %s", o->host,
			*o->by != '\0' ? o->by : "the postmaster");
	return word;
}
