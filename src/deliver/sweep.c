#include "deliver/sweep.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "deliver/act.h"
#include "deliver/pausing.h"
#include "deliver/schedule_inside.h"
#include "deliver/summary.h"

enum {
	STEP_US = 8000,         /* of one step */
	LOOK_EVERY = 16,        /* messages between two looks at the clock */
	ANSWER_TIME = 30 * 1000 /* ms that telltale-lookup's word is waited for */
};

enum kind { SWEEP_ACT, SWEEP_LIST, SWEEP_SUMMARY };

struct sweep {
	struct schedule *schedule;
	enum kind kind;
	const struct act *act;
	struct pick pick;
	struct deed deed;
	struct summary *summary;
	struct arena mem, one; /* of the command; of the message in hand */
	uint64_t next;         /* messages below this number were looked at */
	uint64_t end;          /* and none from this one on is: the sweep may have made it */
	uint64_t looked, of, found;
	struct buf output; /* of a list */
	struct json json;
	size_t listed;
	bool full;    /* the limit or the page is reached */
	bool waiting; /* for telltale-lookup */
	uint64_t asked;
	int64_t answer_by;
	char refused[200]; /* telltale-lookup's word was no */
};

/* ---- what is asked for ---- */

bool sweep_of_page(struct str words)
{
	static const char *const verbs[] = { "list", "summary", "paused", "retry", "hold", "release", "delete" };
	struct str verb;

	(void)str_cut(words, str_mem("", 1), &verb, &words);
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_eqz(verb, verbs[i]))
			return true;
	return false;
}

static int usage(struct shown *out, const char *sentence, struct str what)
{
	shown_no(out, SHOWN_USAGE, sentence, what);
	return -1;
}

static int begin_act(struct sweep *w, struct str verb, struct shown *out)
{
	bool bare = !w->pick.named && !w->pick.filtered;

	if (str_eqz(verb, "resume"))
		return pausing_end(w->schedule, &w->pick, out) ? 0 : -1;
	if (w->pick.destination.n > 0 && !w->pick.named)
		return usage(out, "%.*s is not QP or QP/RECIPIENT", w->pick.destination);
	if (bare && !str_eqz(verb, "retry"))
		return usage(out, "%.*s wants QP, QP/RECIPIENT, a filter, or --all", verb);
	if (str_eqz(verb, "reroute"))
		return act_reroute_check(w->schedule, &w->pick, out);
	return w->pick.named && show_named(w->schedule->set.depot, &w->pick, out) == NULL ? -1 : 0;
}

/* True when the answer is there already. */
static bool at_once(struct sweep *w, struct str verb, struct shown *out)
{
	if (str_eqz(verb, "show"))
		show_message(w->schedule, &w->pick, out);
	else if (str_eqz(verb, "export"))
		act_export(w->schedule, &w->pick, out);
	else if (str_eqz(verb, "pause"))
		pausing_begin(w->schedule, &w->pick, out);
	else if (str_eqz(verb, "paused"))
		pausing_list(w->schedule, out);
	else
		return false;
	return true;
}

static int begin(struct sweep *w, struct str verb, struct shown *out)
{
	w->act = act_of(verb);
	if (str_eqz(verb, "list")) {
		w->kind = SWEEP_LIST;
		if (w->pick.destination.n > 0 && !w->pick.named)
			return usage(out, "list takes filters, not '%.*s'", w->pick.destination);
		w->next = w->pick.named ? w->pick.qp + 1 : w->pick.after + 1;
		w->pick.named = false;
		w->json = json_to(&w->output);
		json_begin_object(&w->json);
		json_key(&w->json, "messages"), json_begin_array(&w->json);
		return 0;
	}
	if (str_eqz(verb, "summary")) {
		w->kind = SWEEP_SUMMARY;
		w->summary = summary_new(w->schedule);
		return 0;
	}
	if (w->act == NULL)
		return usage(out, "telltale-queue does not know how to %.*s that", verb);
	return begin_act(w, verb, out);
}

struct sweep *sweep_new(struct schedule *s, struct str words, struct shown *out)
{
	struct sweep *w = mem_alloc(sizeof(*w));
	struct str verb, rest;
	struct err e = { 0 };

	w->schedule = s;
	(void)str_cut(words, STR("\0"), &verb, &rest);
	if (pick_parse(rest, &w->mem, &w->pick, &e) < 0)
		shown_no(out, SHOWN_USAGE, "%.*s", str_of(e.text));
	else if (!at_once(w, verb, out) && begin(w, verb, out) == 0) {
		w->end = depot_next_number(s->set.depot);
		w->of = w->pick.named ? 1 : depot_state(s->set.depot).messages;
		if (w->pick.named)
			w->next = w->pick.qp;
		w->deed = (struct deed){ .schedule = s, .pick = &w->pick };
		w->answer_by = deadline_in(ANSWER_TIME);
		w->waiting = w->kind == SWEEP_ACT && w->pick.address.n > 0 && !w->pick.dry;
		return w;
	}
	sweep_free(w);
	return NULL;
}

void sweep_free(struct sweep *w)
{
	summary_free(w->summary);
	buf_clear(&w->output);
	arena_clear(&w->one);
	arena_clear(&w->mem);
	free(w);
}

/* ---- one message ---- */

static void act_on(struct sweep *w, struct picked *x, size_t rcpt)
{
	if (w->kind == SWEEP_SUMMARY)
		summary_add(w->summary, x->it, rcpt);
	else if (w->pick.dry)
		w->deed.n.changed++;
	else {
		w->deed.at = x;
		w->act->act(&w->deed, x->it, rcpt);
	}
}

static bool acts(struct sweep *w, struct picked *x)
{
	uint64_t before = w->found, changed = w->deed.n.changed;

	for (size_t i = 0; i < x->it->nrcpts && !w->full; i++) {
		if (!pick_rcpt(&w->pick, x, i))
			continue;
		w->found++;
		act_on(w, x, i);
		w->full = w->kind == SWEEP_ACT && w->pick.limit > 0 && w->found >= w->pick.limit;
	}
	if (w->deed.n.changed > changed && !w->pick.dry)
		schedule_look(w->schedule, x->it);
	return w->found > before;
}

static bool any(struct sweep *w, struct picked *x)
{
	if (!w->pick.filtered)
		return true;
	for (size_t i = 0; i < x->it->nrcpts; i++)
		if (pick_rcpt(&w->pick, x, i))
			return true;
	return false;
}

static bool lists(struct sweep *w, struct picked *x)
{
	struct show show = { w->schedule, &w->json, &w->pick, SHOW_LIST_RCPTS };

	if (!any(w, x))
		return false;
	w->full = w->listed == SHOW_PAGE_MESSAGES || w->output.n >= SHOW_PAGE_BYTES ||
		  (w->pick.limit > 0 && w->listed == w->pick.limit);
	if (w->full)
		return false;
	show_item(&show, x);
	w->listed++;
	return true;
}

static void look_at(struct sweep *w, struct item *it)
{
	struct picked x = { .depot = w->schedule->set.depot, .it = it, .mem = &w->one };

	w->looked++;
	if (!pick_item(&w->pick, it, clock_wall()))
		return;
	if (w->kind == SWEEP_LIST ? lists(w, &x) : acts(w, &x))
		w->deed.n.messages++;
	arena_reset(&w->one);
}

/* ---- the answer ---- */

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void tell_act(struct sweep *w, struct shown *out)
{
	const struct tally *n = &w->deed.n;
	struct json j = json_to(&out->output);

	json_begin_object(&j);
	json_key(&j, "changed"), json_num(&j, (int64_t)n->changed);
	json_key(&j, "unchanged"), json_num(&j, (int64_t)n->same);
	json_key(&j, "busy"), json_num(&j, (int64_t)n->busy);
	if (w->pick.filtered) {
		json_key(&j, "messages"), json_num(&j, (int64_t)n->messages);
		json_key(&j, "dry-run"), json_bool(&j, w->pick.dry);
	}
	json_end_object(&j);
	buf_fmt(&out->message, "%llu recipient%s", (unsigned long long)n->changed, plural(n->changed));
	if (w->pick.filtered)
		buf_fmt(&out->message, " of %llu message%s", (unsigned long long)n->messages, plural(n->messages));
	buf_fmt(&out->message, " %s", w->pick.dry ? w->act->would : w->act->changed);
	if (n->busy > 0)
		buf_fmt(&out->message, "; %llu %s being tried right now", (unsigned long long)n->busy,
			n->busy == 1 ? "is" : "are");
	if (n->same > 0 && w->pick.filtered)
		buf_fmt(&out->message, "; %llu left as they were", (unsigned long long)n->same);
	if (w->full)
		buf_adds(&out->message, "; the limit was reached");
	out->status = n->changed > 0 || w->pick.dry || (!w->pick.named && !w->pick.filtered) ? SHOWN_DONE : SHOWN_NO;
	if (w->pick.destination.n > 0 && !w->pick.named)
		out->status = SHOWN_DONE; /* resumed, though nobody waited */
}

static void tell(struct sweep *w, struct shown *out)
{
	struct json j = json_to(&out->output);

	if (w->refused[0] != '\0') {
		shown_no(out, SHOWN_NO, "%.*s", str_of(w->refused));
	} else if (w->kind == SWEEP_ACT) {
		tell_act(w, out);
	} else if (w->kind == SWEEP_SUMMARY) {
		summary_put(w->summary, &j, (size_t)w->pick.limit);
	} else {
		json_end_array(&w->json);
		json_key(&w->json, "more"), json_bool(&w->json, w->full);
		json_key(&w->json, "total"), json_num(&w->json, (int64_t)depot_state(w->schedule->set.depot).messages);
		json_end_object(&w->json);
		out->output = w->output;
		w->output = (struct buf)BUF_INIT;
	}
}

static void refuse(struct sweep *w, const char *why)
{
	snprintf(w->refused, sizeof(w->refused), "%.*s: %s", STR_ARG(str_take(w->pick.address, 100)), why);
	w->waiting = false;
}

/* True as long as telltale-lookup's word is waited for. */
static bool waits(struct sweep *w)
{
	if (w->waiting && clock_mono() > w->answer_by)
		refuse(w, "telltale-lookup does not answer");
	else if (w->waiting && w->asked == 0)
		w->asked = schedule_ask(w->schedule, w->pick.address);
	return w->waiting;
}

bool sweep_step(struct sweep *w, struct shown *out)
{
	int64_t end = clock_mono_us() + STEP_US;
	uint64_t changed = w->deed.n.changed;
	struct item *it = NULL;
	bool over;

	if (waits(w))
		return false;
	over = w->refused[0] != '\0';
	for (size_t n = 1; !over && !w->full; n++) {
		it = depot_walk(w->schedule->set.depot, &w->next);
		if (it == NULL || it->qp >= w->end || (w->pick.named && it->qp != w->pick.qp)) {
			over = true;
			break;
		}
		look_at(w, it);
		over = w->pick.named;
		if (n % LOOK_EVERY == 0 && clock_mono_us() > end)
			break;
	}
	if (w->deed.n.changed > changed && w->act != NULL && str_eqz(str_of(w->act->name), "retry"))
		schedule_revive(w->schedule);
	if (!over && !w->full)
		return false;
	tell(w, out);
	return true;
}

bool sweep_waits(const struct sweep *w)
{
	return w->waiting;
}

/* Why nothing can be sent to that address; NULL: it can. */
static const char *refusal(enum resolved result)
{
	switch (result) {
	case RESOLVED_NO_MAILBOX:
		return "no mailbox here by that name";
	case RESOLVED_LOOP:
		return "that alias leads in a circle";
	case RESOLVED_OVER_QUOTA:
		return "that mailbox is full";
	case RESOLVED_TEMPORARY:
		return "telltale-lookup does not answer";
	default:
		return NULL;
	}
}

bool sweep_answer(struct sweep *w, uint64_t id, const struct lookup_answer *answer)
{
	const char *no = refusal(answer->result);
	struct str to = w->pick.address;
	size_t n = answer->result == RESOLVED_NOT_OURS ? 1 : answer->n;
	struct recipient *r;

	if (!w->waiting || w->asked != id)
		return false;
	if (no != NULL || n == 0) {
		refuse(w, no != NULL ? no : "nobody is behind it");
		return true;
	}
	w->waiting = false;
	r = arena_alloc(&w->mem, n * sizeof(*r));
	if (answer->result == RESOLVED_NOT_OURS)
		r[0] = (struct recipient){ .final = to, .original = to, .channel = CHANNEL_REMOTE };
	for (size_t i = 0; answer->result != RESOLVED_NOT_OURS && i < n; i++)
		r[i] = (struct recipient){ .final = arena_str(&w->mem, answer->targets[i].final),
					   .original = to,
					   .channel = answer->targets[i].channel,
					   .led = answer->targets[i].led,
					   .replies = answer->targets[i].replies };
	w->deed.targets = r;
	w->deed.ntargets = n;
	return true;
}

struct sweep_progress sweep_progress(const struct sweep *w)
{
	return (struct sweep_progress){ w->looked, w->of, w->kind == SWEEP_LIST ? w->listed : w->found };
}
