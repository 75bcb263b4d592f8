#include "deliver/show.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "deliver/schedule_inside.h"
#include "deliver/why.h"

void shown_clear(struct shown *a)
{
	buf_clear(&a->output);
	buf_clear(&a->message);
	fd_clear(&a->fd);
}

void shown_no(struct shown *out, enum shown_status status, const char *sentence, struct str what)
{
	out->status = status;
	buf_fmt(&out->message, sentence, STR_ARG(what));
}

void json_time(struct json *j, int64_t wall_ms)
{
	BUF(b);
	int64_t seconds = wall_ms / 1000;

	stamp_put_iso(&b, seconds, zone_offset(seconds));
	json_str(j, buf_str(&b));
}

static const char *state_of(const struct item *it, const struct item_rcpt *r)
{
	if (r->state == RCPT_DONE || rcpt_delivered(r))
		return "done";
	if (r->state == RCPT_FAILED || rcpt_failed(r))
		return "failed";
	if (it->held || (r->held && r->state != RCPT_BUSY))
		return "held";
	return r->state == RCPT_BUSY ? "trying" : "waiting";
}

/* Why it waits, when it is tried next, and until when at all. */
static void put_future(const struct show *p, const struct item_rcpt *r, struct picked *x, size_t i)
{
	BUF(sentence);
	struct json *j = p->json;
	const char *word = why_waits(p->schedule, x->it, i, &sentence);
	const struct pause *pause = schedule_paused(p->schedule, x->it, i, clock_wall());
	int64_t next = pause != NULL && pause->until > r->next ? pause->until : r->next;

	json_key(j, "next");
	if (r->state == RCPT_WAITING && next < NEXT_OVER && !r->held && !x->it->held)
		json_time(j, next);
	else
		json_none(j);
	json_key(j, "waits"), json_z(j, word);
	json_key(j, "why"), json_str(j, buf_str(&sentence));
	json_key(j, "until");
	if (rcpt_settled(r) || rcpt_over(r) || r->held || x->it->held)
		json_none(j);
	else
		json_time(j, x->it->born + p->schedule->set.retry.lifetime);
}

/* What the last try ended with, for people. */
static void put_last(struct json *j, const char *report)
{
	BUF(sentence);

	if (report != NULL)
		why_put_report(&sentence, str_of(report));
	json_key(j, "last");
	if (report != NULL)
		json_str(j, buf_str(&sentence));
	else
		json_none(j);
}

static void put_rcpt(const struct show *p, struct picked *x, size_t i)
{
	const struct item_rcpt *r = &x->it->rcpts[i];
	const struct order *o = r->rerouted ? depot_order(x->depot, x->it, i) : NULL;
	struct json *j = p->json;

	json_begin_object(j);
	json_key(j, "index"), json_num(j, (int64_t)i);
	if (i < x->v.nrcpts) {
		json_key(j, "address"), json_str(j, x->v.rcpts[i].final);
		json_key(j, "original"), json_str(j, x->v.rcpts[i].original);
	}
	json_key(j, "channel"), json_z(j, r->channel == CHANNEL_LOCAL ? "local" : "remote");
	json_key(j, "state"), json_z(j, state_of(x->it, r));
	json_key(j, "attempts"), json_num(j, r->attempts);
	json_key(j, "reason"), json_z(j, r->report);
	put_future(p, r, x, i);
	put_last(j, r->report);
	if (o != NULL)
		json_key(j, "host"), json_z(j, o->host);
	json_end_object(j);
}

static bool is_wanted(const struct show *p, struct picked *x, size_t i)
{
	if (p->pick->only != SIZE_MAX)
		return p->pick->only == i;
	return p->pick->filtered ? pick_rcpt(p->pick, x, i) : x->it->rcpts[i].state != RCPT_DONE;
}

static void put_rcpts(const struct show *p, struct picked *x)
{
	size_t shown = 0, omitted = 0;

	json_key(p->json, "recipients"), json_begin_array(p->json);
	for (size_t i = 0; i < x->it->nrcpts; i++) {
		bool wanted = is_wanted(p, x, i);

		if (wanted && shown < p->most && p->json->out->n < SHOW_PAGE_BYTES)
			put_rcpt(p, x, i), shown++;
		else if (wanted)
			omitted++;
	}
	json_end_array(p->json);
	json_key(p->json, "omitted"), json_num(p->json, (int64_t)omitted);
}

void show_item(const struct show *p, struct picked *x)
{
	const struct envelope *v = picked_envelope(x);
	struct json *j = p->json;
	int64_t age = (clock_wall() - x->it->born) / 1000;

	json_begin_object(j);
	json_key(j, "qp"), json_num(j, (int64_t)x->it->qp);
	json_key(j, "time"), json_time(j, x->it->born);
	json_key(j, "age"), json_num(j, age > 0 ? age : 0);
	json_key(j, "size"), json_num(j, (int64_t)x->it->size);
	json_key(j, "sender");
	if (v != NULL)
		json_str(j, v->sender);
	else
		json_none(j);
	if (v == NULL)
		json_key(j, "damage"), json_z(j, "its record cannot be read");
	json_key(j, "held"), json_bool(j, x->it->held);
	put_rcpts(p, x);
	json_end_object(j);
}

struct item *show_named(struct depot *d, const struct pick *p, struct shown *out)
{
	struct item *it = p->named ? depot_find(d, p->qp) : NULL;

	if (!p->named)
		shown_no(out, SHOWN_USAGE, "%.*s is not QP or QP/RECIPIENT", p->destination);
	else if (it == NULL || it->left == 0 || (p->only != SIZE_MAX && p->only >= it->nrcpts))
		shown_no(out, SHOWN_NO, "there is no message %.*s in the queue", p->destination);
	else
		return it;
	return NULL;
}

void show_message(struct schedule *s, const struct pick *p, struct shown *out)
{
	ARENA(mem);
	struct json j = json_to(&out->output);
	struct show show = { s, &j, p, SHOW_RCPTS };
	struct picked x = { .depot = s->set.depot, .mem = &mem };

	x.it = show_named(s->set.depot, p, out);
	if (x.it != NULL)
		show_item(&show, &x);
}
