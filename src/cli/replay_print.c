/* What gate replay prints. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/replay.h"
#include "trace/day.h"
#include "trace/tell.h"

struct printer {
	struct buf *out;
	const struct replay *r;
	const struct day_frame *frame;
	bool colour;
};

static void head(struct printer *p, const char *text)
{
	buf_fmt(p->out, p->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void put_time(struct printer *p, int64_t utc)
{
	int offset = day_offset(p->frame, utc);

	stamp_put(p->out, civil_of_seconds(utc + offset));
	buf_addc(p->out, ' ');
	zone_put(p->out, offset);
}

static void put_count(struct printer *p, uint64_t n)
{
	struct arena a = { 0 };

	buf_fmt(p->out, "%10.*s", STR_ARG(tell_count(&a, n)));
	arena_clear(&a);
}

/* "refused DENIED_RBL_MATCH" */
static struct str outcome_words(struct arena *a, const struct outcome_of *o)
{
	return arena_fmt(a, "%s%s%s", replay_ends[o->end], o->why[0] != '\0' ? " " : "", o->why);
}

static int by_count(const void *a, const void *b)
{
	const struct replay_kind *x = *(const struct replay_kind *const *)a;
	const struct replay_kind *y = *(const struct replay_kind *const *)b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : x < y ? -1 : 1;
}

static bool is_changed(const struct replay_kind *k)
{
	return k->would.end != REPLAY_UNSAID && k->was.end != k->would.end;
}

static bool is_renamed(const struct replay_kind *k)
{
	return k->was.end == k->would.end && strcmp(k->was.why, k->would.why) != 0;
}

static bool is_unsaid(const struct replay_kind *k)
{
	return k->would.end == REPLAY_UNSAID;
}

/* The most frequent first. */
static size_t pick(const struct replay *r, bool (*fits)(const struct replay_kind *), const struct replay_kind **out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nkinds; i++)
		if (fits(&r->kinds[i]))
			out[n++] = &r->kinds[i];
	qsort(out, n, sizeof(*out), by_count);
	return n;
}

static void put_kinds(struct printer *p, const char *title, bool (*fits)(const struct replay_kind *))
{
	const struct replay_kind *kinds[REPLAY_KINDS_MAX];
	size_t n = pick(p->r, fits, kinds);
	ARENA(a);

	if (n == 0)
		return;
	head(p, title);
	buf_fmt(p->out, "%10s  %-44s  %s\n", "COUNT", "WAS", "WOULD BE");
	for (size_t i = 0; i < n; i++) {
		put_count(p, kinds[i]->n);
		buf_fmt(p->out, "  %-44.*s  %.*s\n", STR_ARG(outcome_words(&a, &kinds[i]->was)),
			STR_ARG(outcome_words(&a, &kinds[i]->would)));
	}
}

static void put_unsaid(struct printer *p)
{
	const struct replay_kind *kinds[REPLAY_KINDS_MAX];
	size_t n = pick(p->r, is_unsaid, kinds);
	ARENA(a);

	if (n == 0)
		return;
	head(p, "Cannot be said: this is not recorded");
	buf_fmt(p->out, "%10s  %-44s  %s\n", "COUNT", "WAS", "NOT RECORDED");
	for (size_t i = 0; i < n; i++) {
		put_count(p, kinds[i]->n);
		buf_fmt(p->out, "  %-44.*s  %s\n", STR_ARG(outcome_words(&a, &kinds[i]->was)), kinds[i]->would.why);
	}
}

static void put_example(struct printer *p, const struct replay_example *x)
{
	ARENA(a);

	buf_adds(p->out, "  ");
	put_time(p, x->time);
	buf_adds(p->out, "  <");
	utf8_show(p->out, x->from);
	buf_adds(p->out, "> to ");
	utf8_show(p->out, x->to);
	buf_adds(p->out, ", from ");
	utf8_show(p->out, x->ip);
	buf_adds(p->out, " (");
	utf8_show(p->out, x->rdns.n > 0 ? x->rdns : STR("no reverse name"));
	buf_fmt(p->out, ")\n      was %.*s; would be %.*s", STR_ARG(outcome_words(&a, &x->was)),
		STR_ARG(outcome_words(&a, &x->would)));
	buf_adds(p->out, x->seen.n > 0 ? ": " : "");
	utf8_show(p->out, x->seen);
	buf_addc(p->out, '\n');
}

void replay_text(struct buf *out, const struct replay *r, const struct day_frame *frame, bool colour)
{
	struct printer p = { out, r, frame, colour };
	ARENA(a);

	if (r->total == 0) {
		buf_adds(out, "No decision of a gate is in these logs");
		buf_adds(out, r->since == INT64_MIN ? ".\n" : ", or none since then.\n");
		return;
	}
	buf_fmt(out, "%.*s decisions, from ", STR_ARG(tell_count(&a, r->total)));
	put_time(&p, r->first);
	buf_adds(out, " to ");
	put_time(&p, r->last);
	buf_fmt(out, ", under %.*s\n", STR_ARG(r->conf->file));
	put_count(&p, r->same), buf_adds(out, "  would be as they were\n");
	put_count(&p, r->changed), buf_adds(out, "  would change\n");
	put_count(&p, r->renamed), buf_adds(out, "  would be refused all the same, for another reason\n");
	put_count(&p, r->unsaid), buf_adds(out, "  cannot be said\n");
	if (r->left_out > 0)
		put_count(&p, r->left_out), buf_adds(out, "  left out: the gate did not, or does not run there\n");
	put_kinds(&p, "Would change", is_changed);
	put_kinds(&p, "Would be refused all the same, for another reason", is_renamed);
	put_unsaid(&p);
	if (r->nexamples > 0)
		head(&p, "Examples");
	for (size_t i = 0; i < r->nexamples; i++)
		put_example(&p, &r->examples[i]);
}

/* ---- for programs ---- */

static void json_outcome(struct json *j, const char *key, const struct outcome_of *o)
{
	json_key(j, key), json_begin_object(j);
	json_key(j, "outcome"), json_z(j, replay_ends[o->end]);
	json_key(j, o->end == REPLAY_UNSAID ? "missing" : "code");
	json_z(j, o->why[0] != '\0' ? o->why : NULL);
	json_end_object(j);
}

static void json_kinds(struct json *j, const struct replay *r, const char *key,
		       bool (*fits)(const struct replay_kind *))
{
	const struct replay_kind *kinds[REPLAY_KINDS_MAX];
	size_t n = pick(r, fits, kinds);

	json_key(j, key), json_begin_array(j);
	for (size_t i = 0; i < n; i++) {
		json_begin_object(j);
		json_key(j, "count"), json_num(j, (int64_t)kinds[i]->n);
		json_outcome(j, "was", &kinds[i]->was);
		json_outcome(j, "would_be", &kinds[i]->would);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_time(struct json *j, const char *key, const struct day_frame *frame, int64_t utc, bool known)
{
	BUF(b);

	json_key(j, key);
	if (!known) {
		json_none(j);
		return;
	}
	stamp_put_iso(&b, utc, day_offset(frame, utc));
	json_str(j, buf_str(&b));
}

static void json_example(struct json *j, const struct replay_example *x, const struct day_frame *frame)
{
	json_begin_object(j);
	json_time(j, "time", frame, x->time, true);
	json_key(j, "from"), json_str(j, x->from);
	json_key(j, "to"), json_str(j, x->to);
	json_key(j, "ip"), json_str(j, x->ip);
	json_key(j, "rdns"), json_str(j, x->rdns);
	json_outcome(j, "was", &x->was);
	json_outcome(j, "would_be", &x->would);
	json_key(j, "seen"), json_str(j, x->seen);
	json_end_object(j);
}

void replay_json(struct buf *out, const struct replay *r, const struct day_frame *frame)
{
	struct json j = json_to(out);

	json_begin_object(&j);
	json_key(&j, "config"), json_str(&j, r->conf->file);
	json_key(&j, "decisions"), json_num(&j, (int64_t)r->total);
	json_time(&j, "from", frame, r->first, r->total > 0);
	json_time(&j, "to", frame, r->last, r->total > 0);
	json_key(&j, "same"), json_num(&j, (int64_t)r->same);
	json_key(&j, "changed"), json_num(&j, (int64_t)r->changed);
	json_key(&j, "other_reason"), json_num(&j, (int64_t)r->renamed);
	json_key(&j, "unsaid"), json_num(&j, (int64_t)r->unsaid);
	json_key(&j, "left_out"), json_num(&j, (int64_t)r->left_out);
	json_kinds(&j, r, "changes", is_changed);
	json_kinds(&j, r, "other_reasons", is_renamed);
	json_kinds(&j, r, "cannot_be_said", is_unsaid);
	json_key(&j, "examples"), json_begin_array(&j);
	for (size_t i = 0; i < r->nexamples; i++)
		json_example(&j, &r->examples[i], frame);
	json_end_array(&j);
	json_end_object(&j);
	buf_addc(out, '\n');
}
