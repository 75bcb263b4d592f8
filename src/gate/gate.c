#include "gate/gate.h"

#include "base/clock.h"

#define FILTER(f) &f,
const struct filter *const gate_filters[] = {
#include "gate/filters.def"
	NULL
};
#undef FILTER

/* One judging of one stage. */
struct bench {
	const struct filter *const *filters;
	struct facts *facts;
	struct ruling *out;
	struct arena *mem;
};

static const struct str stages[STAGES] = {
	[AT_CONNECT] = STR_INIT("connect"),
	[AT_SENDER] = STR_INIT("sender"),
	[AT_RECIPIENT] = STR_INIT("recipient"),
	[AT_DATA] = STR_INIT("data"),
};

static const struct str words[] = {
	[FOUND_PASSED] = STR_INIT("passed"),   [FOUND_REFUSED] = STR_INIT("refused"),
	[FOUND_ALLOWED] = STR_INIT("allowed"), [FOUND_ERROR] = STR_INIT("error"),
	[FOUND_SKIPPED] = STR_INIT("skipped"),
};

struct str stage_name(enum stage at)
{
	return stages[at];
}

struct str found_word(enum found f)
{
	return words[f];
}

enum vote gate_refuse(struct verdict *v, enum reason why, struct str seen)
{
	v->reason = why;
	v->seen = seen;
	return REFUSE;
}

enum vote gate_allow(struct verdict *v, struct str seen)
{
	v->seen = seen;
	return ALLOW;
}

void gate_effect(struct verdict *v, const char *what, struct str key)
{
	struct effect *x = arena_alloc(v->mem, sizeof(*x));

	*x = (struct effect){ .next = v->effects, .what = what, .key = arena_str(v->mem, key) };
	v->effects = x;
}

/* Why a filter does not run now. */
enum idle { BUSY, IDLE_OFF, IDLE_AUTHENTICATED, IDLE_REFUSED, IDLE_ALLOWED };

static enum idle idle(const struct filter *x, const struct facts *f, const struct standing *s)
{
	if (x->off != NULL && x->off(f) != NULL)
		return IDLE_OFF;
	if (f->authenticated && !x->always)
		return IDLE_AUTHENTICATED;
	if (s->refused && !x->allows)
		return IDLE_REFUSED;
	if (s->allowed && !x->always)
		return IDLE_ALLOWED;
	return BUSY;
}

/* The same in words. */
static struct str idle_words(enum idle why, const struct filter *x, const struct bench *b)
{
	const struct finding *by = &b->out->standing.by;
	struct str entry = by->hit.entry;

	switch (why) {
	case IDLE_OFF:
		return str_of(x->off(b->facts));
	case IDLE_AUTHENTICATED:
		return STR("authenticated");
	case IDLE_REFUSED:
		return arena_fmt(b->mem, "already refused by %s", by->filter->name);
	case IDLE_ALLOWED:
		return entry.n == 0 ? by->seen
				    : arena_fmt(b->mem, "whitelisted by %s %.*s", by->filter->name, STR_ARG(entry));
	case BUSY:
		break;
	}
	BUG("a filter that runs is not skipped");
}

/* The need of x that could not be had, or NULL. */
static const struct fact_state *missing(const struct filter *x, const struct facts *f)
{
	for (int i = 0; i < FACTS; i++)
		if ((x->needs & NEEDS(i)) && f->at[i].status != FACT_KNOWN)
			return &f->at[i];
	return NULL;
}

static int64_t cost(const struct filter *x, const struct facts *f)
{
	int64_t ms = 0;

	for (int i = 0; i < FACTS; i++)
		if ((x->needs & NEEDS(i)) && f->at[i].ms > ms)
			ms = f->at[i].ms;
	return ms;
}

static void count(struct standing *s, const struct finding *x)
{
	if (x->found == FOUND_REFUSED && !s->refused) {
		s->refused = true;
		s->by = *x;
	} else if (x->found == FOUND_ALLOWED) {
		s->refused = false;
		s->allowed = true;
		s->by = *x;
	}
}

/* A refusal makes void what others would have done, and a whitelist what the refusal would have. */
static void take_effects(struct ruling *out, const struct verdict *v, bool anew)
{
	if (anew)
		out->effects = NULL;
	for (const struct effect *x = v->effects; x != NULL; x = x->next) {
		struct effect *copy = arena_alloc(v->mem, sizeof(*copy));

		*copy = *x;
		copy->next = out->effects;
		out->effects = copy;
	}
}

static bool junks(const struct effect *x)
{
	for (; x != NULL; x = x->next)
		if (str_eqz(STR(EFFECT_JUNK), x->what))
			return true;
	return false;
}

static void decide(const struct filter *x, const struct bench *b, struct finding *to)
{
	static const enum found of[] = { [PASS] = FOUND_PASSED, [REFUSE] = FOUND_REFUSED, [ALLOW] = FOUND_ALLOWED };
	struct verdict v = { .mem = b->mem };
	enum vote vote = x->decide(b->facts, &v);

	to->found = of[vote];
	to->seen = v.seen;
	to->reason = v.reason;
	to->hit = v.hit;
	to->about = v.about;
	to->more = v.more;
	to->noted = vote == PASS && (v.noted || junks(v.effects));
	take_effects(b->out, &v, vote == REFUSE || (vote == ALLOW && b->out->standing.refused));
}

static void judge_one(const struct filter *x, const struct bench *b, struct finding *to)
{
	enum idle why = idle(x, b->facts, &b->out->standing);
	const struct fact_state *hole = missing(x, b->facts);

	*to = (struct finding){ .filter = x };
	if (why != BUSY) {
		to->found = FOUND_SKIPPED;
		to->seen = idle_words(why, x, b);
		return;
	}
	to->ms = cost(x, b->facts);
	if (hole != NULL) {
		to->found = FOUND_ERROR;
		to->seen = hole->why.n > 0 ? arena_str(b->mem, hole->why) : STR("not known");
	} else {
		decide(x, b, to);
	}
	count(&b->out->standing, to);
}

/* What is still needed for filters that have something left to decide. */
static unsigned wanted(const struct bench *b, bool last)
{
	unsigned needs = 0;

	for (const struct filter *const *x = b->filters; *x != NULL; x++)
		if ((*x)->at == b->out->at && (*x)->last == last && idle(*x, b->facts, &b->out->standing) == BUSY)
			needs |= (*x)->needs;
	return needs;
}

/* Judge those filters not yet judged whose facts are known, or (all) whatever is known. */
static void wave(const struct bench *b, bool last, bool all)
{
	struct finding *to = b->out->findings;

	for (const struct filter *const *x = b->filters; *x != NULL; x++) {
		if ((*x)->at != b->out->at)
			continue;
		if (to->filter == NULL && (*x)->last == last && (all || facts_known(b->facts, (*x)->needs)))
			judge_one(*x, b, to);
		to++;
	}
}

static void begin(const struct bench *b)
{
	struct ruling *out = b->out;

	out->n = 0;
	out->effects = NULL;
	for (size_t i = 0; b->filters[i] != NULL; i++)
		out->n += b->filters[i]->at == out->at;
	out->findings = arena_alloc(b->mem, (out->n + 1) * sizeof(*out->findings));
}

/* A stranger's name is asked for in any case: every log tells it, and most filters stand behind those that need it.
 * All that the cheap filters leave undecided is asked together with it. */
static void ask_with_the_name(const struct bench *b)
{
	struct ruling trial = *b->out;
	struct bench t = { b->filters, b->facts, &trial, b->mem };

	if (b->out->at != AT_CONNECT || b->facts->authenticated || facts_known(b->facts, NEEDS(FACT_RDNS)))
		return;
	begin(&t);
	wave(&t, false, false);
	facts_gather(b->facts, wanted(&t, false) | NEEDS(FACT_RDNS));
}

void gate_judge(const struct filter *const *filters, struct facts *f, struct ruling *out, struct arena *a)
{
	struct bench b = { filters, f, out, a };

	facts_settle(f);
	ask_with_the_name(&b);
	begin(&b);
	for (int last = 0; last < 2; last++) {
		wave(&b, last, false);
		facts_gather(f, wanted(&b, last));
		wave(&b, last, true);
	}
}
