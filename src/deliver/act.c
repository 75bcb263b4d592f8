#include "deliver/act.h"

#include "base/clock.h"
#include "base/json.h"
#include "deliver/schedule_inside.h"
#include "deliver/show.h"

static const struct item_rcpt *rcpt_of(const struct item *it, size_t rcpt)
{
	return &it->rcpts[rcpt];
}

void act_log(struct deed *d, const struct item *it, size_t rcpt, const char *action)
{
	struct dlog_order o = { .qp = it->qp,
				.rcpt = rcpt,
				.action = str_of(action),
				.by = d->pick->by.n > 0 ? d->pick->by : STR("postmaster"),
				.detail = d->pick->why };

	if (d->pick->host.n > 0)
		o.detail = d->pick->host;
	if (d->pick->address.n > 0)
		o.detail = d->pick->address;
	dlog_order(d->schedule->set.log, &o);
}

struct order act_order(const struct deed *d, const struct item *it, size_t rcpt, struct arena *mem)
{
	const struct order *known = depot_order(d->schedule->set.depot, it, rcpt);
	struct order o = { .rcpt = (uint32_t)rcpt, .since = clock_wall(), .host = "" };

	if (known != NULL)
		o.held = known->held, o.host = known->host;
	o.by = arena_z(mem, d->pick->by);
	o.why = arena_z(mem, d->pick->why);
	return o;
}

static void set_held(struct deed *d, struct item *it, size_t rcpt, bool held)
{
	ARENA(mem);
	struct order o = act_order(d, it, rcpt, &mem);

	o.held = held;
	depot_order_set(d->schedule->set.depot, it, &o);
	act_log(d, it, rcpt, held ? "held" : "released");
	d->n.changed++;
}

static void hold(struct deed *d, struct item *it, size_t rcpt)
{
	const struct item_rcpt *r = rcpt_of(it, rcpt);

	if (r->held || rcpt_over(r)) {
		d->n.same++;
		return;
	}
	d->n.busy += r->state == RCPT_BUSY;
	set_held(d, it, rcpt, true);
}

static void release(struct deed *d, struct item *it, size_t rcpt)
{
	if (rcpt_of(it, rcpt)->held)
		set_held(d, it, rcpt, false);
	else
		d->n.same++;
}

static void retry(struct deed *d, struct item *it, size_t rcpt)
{
	const struct item_rcpt *r = rcpt_of(it, rcpt);

	if (r->state == RCPT_BUSY) {
		d->n.busy++;
		return;
	}
	if (r->held || it->held || rcpt_delivered(r) || (rcpt_over(r) && !d->pick->named && !d->pick->failed)) {
		d->n.same++;
		return;
	}
	depot_retry(d->schedule->set.depot, it, rcpt, clock_wall());
	act_log(d, it, rcpt, "retried");
	d->n.changed++;
}

static void delete (struct deed *d, struct item *it, size_t rcpt)
{
	struct schedule *s = d->schedule;
	struct err e = { 0 };

	if (rcpt_of(it, rcpt)->state == RCPT_BUSY) {
		d->n.busy++;
		return;
	}
	act_log(d, it, rcpt, "deleted");
	if (rcpt_delivered(rcpt_of(it, rcpt))) /* only its notice is left */
		depot_settle(s->set.depot, it, rcpt, true);
	/* One whose record cannot be read has nothing that could be logged. */
	else if (attempt_refuse(s, it, rcpt, "deleted by the postmaster", true, &e) < 0)
		depot_settle(s->set.depot, it, rcpt, false);
	d->n.changed++;
}

/* Due again because its destination was resumed. */
static void resume(struct deed *d, struct item *it, size_t rcpt)
{
	const struct item_rcpt *r = rcpt_of(it, rcpt);

	if (!r->paused || r->state != RCPT_WAITING || rcpt_over(r))
		return;
	depot_release(d->schedule->set.depot, it, rcpt, clock_wall());
	d->n.changed++;
}

static const struct act acts[] = {
	{ "hold", "held", "would be held", hold },
	{ "release", "released", "would be released", release },
	{ "retry", "to be tried now", "would be tried now", retry },
	{ "delete", "deleted", "would be deleted", delete },
	{ "resume", "due again", "would be due again", resume },
	{ "reroute", "rerouted", "would be rerouted", act_reroute },
};

const struct act *act_of(struct str verb)
{
	for (size_t i = 0; i < COUNT(acts); i++)
		if (str_eqz(verb, acts[i].name))
			return &acts[i];
	return NULL;
}

void act_export(struct schedule *s, const struct pick *p, struct shown *out)
{
	struct json j = json_to(&out->output);
	struct message msg;
	struct err e = { 0 };
	struct item *it = show_named(s->set.depot, p, out);

	if (it == NULL)
		return;
	if (depot_read(s->set.depot, it, &msg, &e) < 0) {
		shown_no(out, SHOWN_NO, "%.*s", str_of(e.text));
		return;
	}
	out->fd = msg.fd;
	json_begin_object(&j);
	json_key(&j, "offset"), json_num(&j, (int64_t)msg.offset);
	json_key(&j, "size"), json_num(&j, (int64_t)msg.size);
	json_end_object(&j);
}
