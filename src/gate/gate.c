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

/* Why this filter does not run now, or NULL. */
static const char *idle(const struct filter *x, const struct facts *f, const struct standing *s)
{
	if (x->off != NULL && x->off(f) != NULL)
		return x->off(f);
	if (f->authenticated && !x->always)
		return "authenticated";
	if (s->refused && !x->allows)
		return "already-refused";
	if (s->allowed && !x->always)
		return "whitelisted";
	return NULL;
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

static void decide(const struct filter *x, const struct bench *b, struct finding *to)
{
	static const enum found of[] = { [PASS] = FOUND_PASSED, [REFUSE] = FOUND_REFUSED, [ALLOW] = FOUND_ALLOWED };
	struct verdict v = { .mem = b->mem };
	enum vote vote = x->decide(b->facts, &v);

	to->found = of[vote];
	to->seen = v.seen;
	to->reason = v.reason;
	to->hit = v.hit;
	take_effects(b->out, &v, vote == REFUSE || (vote == ALLOW && b->out->standing.refused));
}

static void judge_one(const struct filter *x, const struct bench *b, struct finding *to)
{
	const char *why = idle(x, b->facts, &b->out->standing);
	const struct fact_state *hole = missing(x, b->facts);

	*to = (struct finding){ .filter = x };
	if (why != NULL) {
		to->found = FOUND_SKIPPED;
		to->seen = str_of(why);
		return;
	}
	to->ms = cost(x, b->facts);
	if (hole != NULL) {
		to->found = FOUND_ERROR;
		to->seen = hole->why.n > 0 ? hole->why : STR("not known");
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
		if ((*x)->at == b->out->at && (*x)->last == last && idle(*x, b->facts, &b->out->standing) == NULL)
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

void gate_judge(const struct filter *const *filters, struct facts *f, struct ruling *out, struct arena *a)
{
	struct bench b = { filters, f, out, a };

	out->n = 0;
	out->effects = NULL;
	for (size_t i = 0; filters[i] != NULL; i++)
		out->n += filters[i]->at == out->at;
	out->findings = arena_alloc(a, (out->n + 1) * sizeof(*out->findings));
	for (int last = 0; last < 2; last++) {
		wave(&b, last, false);
		facts_gather(f, wanted(&b, last));
		wave(&b, last, true);
	}
}
