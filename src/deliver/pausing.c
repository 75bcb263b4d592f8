#include "deliver/pausing.h"

#include "base/clock.h"
#include "base/json.h"
#include "deliver/schedule_inside.h"
#include "deliver/why.h"

enum { LOOK_AGAIN = 60 * 60 * 1000 /* ms, of a pause without an end */, NAME_MAX_BYTES = 255 };

static bool any(const struct depot *d)
{
	size_t i = 0;

	return depot_pauses(d, &i) != NULL;
}

const struct pause *schedule_pause_of(struct schedule *s, struct str domain, enum channel channel, int64_t now)
{
	struct depot *d = s->set.depot;
	const struct pause *p = depot_paused(d, STR("all"), now);

	if (p == NULL)
		p = depot_paused(d, channel == CHANNEL_LOCAL ? STR("local") : STR("remote"), now);
	return p != NULL ? p : depot_paused(d, domain, now);
}

const struct pause *schedule_paused(struct schedule *s, struct item *it, size_t rcpt, int64_t now)
{
	const char *domain = any(s->set.depot) ? depot_domain(s->set.depot, it, rcpt, NULL) : NULL;

	return domain == NULL ? NULL : schedule_pause_of(s, str_of(domain), (enum channel)it->rcpts[rcpt].channel, now);
}

bool start_paused(struct schedule *s, struct item *it, size_t rcpt, int64_t now)
{
	const struct pause *p = schedule_paused(s, it, rcpt, now);

	if (p == NULL)
		return false;
	depot_release_paused(s->set.depot, it, rcpt, p->until == PAUSE_OPEN ? now + LOOK_AGAIN : p->until);
	schedule_look(s, it);
	return true;
}

static bool is_name(struct str name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '@' || name.p[i] == '/' || name.p[i] == '*')
			return false;
	return true;
}

static void say_until(struct buf *b, int64_t until)
{
	if (until == PAUSE_OPEN) {
		buf_adds(b, "until it is resumed");
		return;
	}
	buf_adds(b, "until ");
	why_put_time(b, until);
}

void pausing_begin(struct schedule *s, const struct pick *p, struct shown *out)
{
	ARENA(mem);
	struct json j = json_to(&out->output);
	struct pause x = { .name = arena_z(&mem, p->destination),
			   .since = clock_wall(),
			   .until = PAUSE_OPEN,
			   .by = arena_z(&mem, p->by),
			   .why = arena_z(&mem, p->why) };

	if (!is_name(p->destination)) {
		shown_no(out, SHOWN_USAGE, "pause wants a domain, or all, local or remote; not '%.*s'", p->destination);
		return;
	}
	if (p->lasting > 0)
		x.until = x.since + p->lasting;
	else if (p->until > 0)
		x.until = p->until;
	if (x.until <= x.since) {
		shown_no(out, SHOWN_USAGE, "a pause of %.*s ends in the future", p->destination);
		return;
	}
	depot_pause(s->set.depot, &x);
	if (depot_paused(s->set.depot, p->destination, x.since) == NULL) {
		shown_no(out, SHOWN_NO, "%.*s is not paused: there are too many pauses", p->destination);
		return;
	}
	json_begin_object(&j);
	json_key(&j, "paused"), json_z(&j, x.name);
	json_end_object(&j);
	buf_fmt(&out->message, "%s is paused ", x.name);
	say_until(&out->message, x.until);
}

bool pausing_end(struct schedule *s, struct pick *p, struct shown *out)
{
	struct pause over = { .by = "", .why = "" };
	const struct pause *x = depot_paused(s->set.depot, p->destination, clock_wall());

	if (x == NULL) {
		shown_no(out, SHOWN_NO, "%.*s is not paused", p->destination);
		return false;
	}
	over.name = x->name;
	depot_pause(s->set.depot, &over);
	p->named = false;
	p->filtered = p->paused = true;
	if (str_eqz(p->destination, "local") || str_eqz(p->destination, "remote"))
		p->channel = p->destination;
	else if (!str_eqz(p->destination, "all"))
		p->domain = p->destination;
	return true;
}

static void put_pause(struct json *j, const struct pause *p)
{
	json_begin_object(j);
	json_key(j, "destination"), json_z(j, p->name);
	json_key(j, "since"), json_time(j, p->since);
	json_key(j, "until");
	if (p->until == PAUSE_OPEN)
		json_none(j);
	else
		json_time(j, p->until);
	json_key(j, "by"), json_z(j, p->by);
	json_key(j, "why"), json_z(j, p->why);
	json_end_object(j);
}

void pausing_list(struct schedule *s, struct shown *out)
{
	struct json j = json_to(&out->output);
	const struct pause *p;
	int64_t now = clock_wall();
	size_t shown = 0, more = 0;

	json_begin_object(&j);
	json_key(&j, "paused"), json_begin_array(&j);
	for (size_t i = 0; (p = depot_pauses(s->set.depot, &i)) != NULL;) {
		if (p->until <= now)
			continue;
		if (out->output.n < SHOW_PAGE_BYTES)
			put_pause(&j, p), shown++;
		else
			more++;
	}
	json_end_array(&j);
	json_key(&j, "more"), json_num(&j, (int64_t)more);
	json_key(&j, "messages"), json_num(&j, (int64_t)depot_state(s->set.depot).messages);
	json_key(&j, "recipients"), json_num(&j, (int64_t)depot_state(s->set.depot).recipients);
	json_end_object(&j);
	if (shown == 0)
		buf_adds(&out->message, "nothing is paused");
}
