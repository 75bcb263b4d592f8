/* One message in full, in the order of INTERFACE.md 4: headline, timeline, why, next, evidence, confidence, limits. */
#include "trace/page.h"
#include "trace/tell_foreign.h"

/* More than a ticket can bear; --json has all. */
enum { EVENTS_MAX = 200, PARTIES_MAX = 100 };

static void put_from(struct page *g, const struct story *s)
{
	if (s->from == NULL)
		page_fmt(g, "(no sender was named)");
	else if (s->from->text.n == 0)
		page_fmt(g, "<> (a bounce or notice)");
	else
		page_put(g, s->from->text);
}

static void put_day(struct page *g, int64_t utc)
{
	static const char *const names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					     "Thursday", "Friday", "Saturday" };
	int64_t local = utc + day_offset(&g->r->frame, utc);
	int64_t days = (local - ((local % 86400) + 86400) % 86400) / 86400;

	page_fmt(g, "%s ", names[civil_weekday(days)]);
	page_time(g, utc);
}

/* "queue id 4DsZWm29b7zh6cp of Postfix on mx1" */
static void put_foreign(struct page *g, const struct told *t)
{
	const struct foreign *f = tell_is_foreign(t->story);

	page_fmt(g, ", ");
	if (f->id.n > 0) {
		page_fmt(g, "queue id ");
		page_put(g, f->id);
		page_fmt(g, " of ");
	}
	page_fmt(g, "%s", foreign_servers[f->server]);
	if (f->host.n > 0) {
		page_fmt(g, " on ");
		page_put(g, f->host);
	}
}

static void put_size(struct page *g, const struct told *t)
{
	if (t->story->visit != NULL && t->story->visit->sized)
		page_fmt(g, ", %.*s bytes", STR_ARG(tell_count(t->mem, t->story->visit->size)));
	if (t->story->qp > 0)
		page_fmt(g, ", message %llu", (unsigned long long)t->story->qp);
	if (tell_is_foreign(t->story) != NULL)
		put_foreign(g, t);
	if (answer_connection(t) > 0)
		page_fmt(g, ", connection %llu", (unsigned long long)answer_connection(t));
}

/* A full stop behind a link would be copied with it. */
static bool ends_in_link(struct str s)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != ' ')
		at--;
	return str_find(str_skip(s, at), STR("://")) >= 0;
}

static void put_summary(struct page *g, const struct told_party *p)
{
	page_put(g, p->summary);
	page_fmt(g, str_ends(p->summary, STR(".")) || ends_in_link(p->summary) ? "\n" : ".\n");
}

static void put_headline(struct page *g, const struct told *t)
{
	page_upper(g, t->verdict);
	page_fmt(g, "  from ");
	put_from(g, t->story);
	if (t->nparties == 1) {
		page_fmt(g, " to ");
		page_put(g, t->parties[0].address);
	}
	page_fmt(g, "\n  ");
	put_day(g, t->story->time);
	put_size(g, t);
	buf_addc(g->out, '\n');
	if (t->story->parties.n == 0) {
		page_fmt(g, "  ");
		put_summary(g, &t->lost);
	}
	for (size_t i = 0; i < t->nparties && i < PARTIES_MAX; i++) {
		const struct told_party *p = &t->parties[i];

		page_fmt(g, "  ");
		if (t->nparties > 1) {
			page_put(g, p->address);
			page_fmt(g, ": ");
		}
		put_summary(g, p);
	}
	if (t->nparties > PARTIES_MAX)
		page_fmt(g, "  and %zu more recipients (--json has them)\n", t->nparties - PARTIES_MAX);
	page_chain(g, t);
}

static void put_timeline(struct page *g, const struct told *t)
{
	page_head(g, "Timeline");
	for (size_t i = 0; i < t->nevents && i < EVENTS_MAX; i++) {
		const struct event *e = &t->events[i];

		page_fmt(g, "  ");
		page_time(g, e->time);
		page_fmt(g, "  %-8s  ", e->station);
		if (t->nparties > 1 && e->party != NULL) {
			page_put(g, e->party->name->text);
			page_fmt(g, ": ");
		}
		page_put(g, e->what);
		buf_addc(g->out, '\n');
	}
	if (t->nevents > EVENTS_MAX)
		page_fmt(g, "  and %zu more events (--json has them)\n", t->nevents - EVENTS_MAX);
}

static bool went_well(const struct told_party *p)
{
	return page_verdict(p->verdict) == PAINT_GOOD;
}

static bool any_trouble(const struct told *t)
{
	for (size_t i = 0; i < t->nparties; i++)
		if (!went_well(&t->parties[i]))
			return true;
	return false;
}

/* Only those in trouble are expanded, and the same explanation is given once. */
static bool expanded(const struct told *t, size_t i)
{
	if (any_trouble(t) && went_well(&t->parties[i]))
		return false;
	for (size_t j = 0; j < i && j < 100; j++)
		if (str_eq(t->parties[j].explanation, t->parties[i].explanation))
			return false;
	return true;
}

static void put_why(struct page *g, const struct told *t)
{
	page_head(g, "Why");
	if (t->story->parties.n == 0)
		page_wrap(g, t->lost.explanation);
	for (size_t i = 0; i < t->nparties; i++)
		if (expanded(t, i) && t->parties[i].explanation.n > 0)
			page_wrap(g, t->parties[i].explanation);
}

static void put_advice(struct page *g, const struct told *t, const struct told_party *p)
{
	for (const struct advice *a = p->advice; a != NULL; a = a->next) {
		if (a->who == WHO_NOBODY)
			page_wrap(g, a->what);
		else
			page_wrap(g, arena_fmt(t->mem, "%s: %.*s", answer_who(a->who), STR_ARG(a->what)));
	}
	if (p->passes.n > 0)
		page_wrap(g, arena_fmt(t->mem, "What would have let it through: %.*s", STR_ARG(p->passes)));
}

static void put_next(struct page *g, const struct told *t)
{
	page_head(g, "Next");
	if (t->story->parties.n == 0)
		put_advice(g, t, &t->lost);
	for (size_t i = 0; i < t->nparties; i++)
		if (expanded(t, i))
			put_advice(g, t, &t->parties[i]);
}

static void put_join(struct page *g, const char *what, struct join j)
{
	page_fmt(g, "  %s: %s, by %s\n", what, grade_words[j.grade], j.key);
}

static const char *const grade_meanings[] = {
	[GRADE_EXACT] = "the lines belong together without doubt",
	[GRADE_STRONG] = "the lines fit together, and no other message of these logs fits",
	[GRADE_GUESS] = "the lines fit together, but another message may fit as well",
};

/* By what another server's log keeps one message together. */
static const char *group_key(const struct foreign *f)
{
	if (f == NULL)
		return "";
	return f->id.n > 0 ? ", by its queue id" : ", by its connection";
}

enum { HOPS_SHOWN = 10 };

struct hops {
	struct page *g;
	struct arena *mem;
	int n;
};

static void put_hop(void *with, const struct story *hop)
{
	struct hops *x = with;

	if (!scope_story(&x->g->r->scope, &x->g->r->book, hop) || x->n++ >= HOPS_SHOWN)
		return;
	page_fmt(x->g, "  next server, ");
	page_put(x->g, tell_called(x->mem, hop));
	page_fmt(x->g, ": %s, by %s\n", grade_words[ties_of(hop)->hop.grade], ties_of(hop)->hop.key);
}

static void put_hops(struct page *g, const struct told *t)
{
	struct hops x = { .g = g, .mem = t->mem };

	story_each_hop(t->story, put_hop, &x);
	if (x.n > HOPS_SHOWN)
		page_fmt(g, "  and %d more servers\n", x.n - HOPS_SHOWN);
}

/* The weakest join of each kind. */
static void put_confidence(struct page *g, const struct told *t)
{
	const struct gate *gate = NULL;
	const struct attempt *attempt = NULL;

	page_head(g, "Confidence");
	page_fmt(g, "  %s: %s\n", grade_words[t->story->confidence], grade_meanings[t->story->confidence]);
	for (size_t i = 0; i < t->nparties; i++) {
		for (const struct gate *x = t->parties[i].party->gates; x != NULL; x = x->next)
			gate = gate == NULL || x->join.grade < gate->join.grade ? x : gate;
		for (const struct attempt *x = t->parties[i].party->attempts; x != NULL; x = x->next)
			attempt = attempt == NULL || x->join.grade < attempt->join.grade ? x : attempt;
	}
	if (gate != NULL)
		put_join(g, "gate line", gate->join);
	if (attempt != NULL)
		put_join(g, "delivery", attempt->join);
	if (ties_of(t->story)->first_tries != NULL)
		put_join(g, "first try", ties_of(ties_of(t->story)->first_tries)->again);
	put_hops(g, t);
	if (gate == NULL && attempt == NULL && ties_of(t->story)->first_tries == NULL)
		page_fmt(g, "  all of it stands together in one log%s\n", group_key(tell_is_foreign(t->story)));
	for (const struct note *n = t->notes; n != NULL; n = n->next) {
		page_fmt(g, "  ");
		page_paint(g, PAINT_WAIT, "warning: ");
		page_put(g, n->text);
		buf_addc(g->out, '\n');
	}
}

void page_story(struct page *g, const struct story *s)
{
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &g->r->frame, .tale = &g->r->tale };

	tell(&t, &g->r->book, s, &g->r->scope);
	put_headline(g, &t);
	put_timeline(g, &t);
	put_why(g, &t);
	put_next(g, &t);
	page_similar(g);
	page_evidence(g, s);
	put_confidence(g, &t);
	page_limits(g);
}

void answer_text(struct buf *out, struct answer *r, bool colour, size_t width)
{
	struct page g = { .out = out, .r = r, .colour = colour, .width = width };

	if (!r->asked)
		page_no_question(&g);
	else if (r->chosen.n == 0)
		page_not_found(&g);
	else if (answer_one(r) != NULL)
		page_story(&g, answer_one(r));
	else
		page_table(&g);
}
