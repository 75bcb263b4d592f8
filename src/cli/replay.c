#include "cli/replay.h"

#include <stdlib.h>
#include <string.h>

const char *const replay_ends[REPLAY_ENDS] = {
	[REPLAY_TAKEN] = "taken",     [REPLAY_LET_THROUGH] = "let through", [REPLAY_PUT_OFF] = "put off",
	[REPLAY_REFUSED] = "refused", [REPLAY_UNSAID] = "cannot be said",
};

enum replay_end replay_end(int code)
{
	return code < 400 ? REPLAY_TAKEN : code < 500 ? REPLAY_PUT_OFF : REPLAY_REFUSED;
}

static bool same(const struct outcome_of *a, const struct outcome_of *b)
{
	return a->end == b->end && strcmp(a->why, b->why) == 0;
}

static struct replay_kind *count(struct replay *r, const struct outcome_of *was, const struct outcome_of *would)
{
	size_t i = 0;

	while (i < r->nkinds && !(same(&r->kinds[i].was, was) && same(&r->kinds[i].would, would)))
		i++;
	if (i == REPLAY_KINDS_MAX)
		return NULL;
	if (i == r->nkinds)
		r->kinds[r->nkinds++] = (struct replay_kind){ .was = *was, .would = *would };
	r->kinds[i].n++;
	return &r->kinds[i];
}

/* Some of each kind that comes out differently. */
static bool may_show(const struct replay *r, struct replay_kind *k)
{
	return k != NULL && k->was.end != k->would.end && r->nexamples < r->limit && k->shown++ <= r->limit / 4;
}

static void meet(struct replay *r, const struct recorded_rcpt *x)
{
	int64_t *met;

	if (x->was.end != REPLAY_TAKEN || map_getn(&r->met, x->pair) != NULL)
		return;
	met = arena_alloc(&r->mem, sizeof(*met));
	*met = x->when;
	map_putn(&r->met, x->pair, met);
}

void replay_add(struct replay *r, const struct recorded *m, const struct recorded_rcpt *x, struct outcome_of would,
		struct str seen)
{
	struct replay_kind *kind;

	if (x->was.assumed && strcmp(x->was.why, would.why) == 0)
		would.end = x->was.end;
	r->first = r->total == 0 || x->when < r->first ? x->when : r->first;
	r->last = x->when > r->last ? x->when : r->last;
	r->total++;
	kind = count(r, &x->was, &would);
	meet(r, x);
	if (would.end == REPLAY_UNSAID) {
		r->unsaid++;
	} else if (same(&x->was, &would)) {
		r->same++;
	} else {
		*(x->was.end == would.end ? &r->renamed : &r->changed) += 1;
		if (!may_show(r, kind))
			return;
		if (r->examples == NULL)
			r->examples = mem_alloc(r->limit * sizeof(*r->examples));
		r->examples[r->nexamples++] = (struct replay_example){ .time = x->when,
								       .from = arena_str(&r->mem, m->sender),
								       .to = arena_str(&r->mem, x->address),
								       .ip = arena_str(&r->mem, m->ip),
								       .rdns = arena_str(&r->mem, m->rdns),
								       .was = x->was,
								       .would = would,
								       .seen = arena_str(&r->mem, seen) };
	}
}

void replay_clear(struct replay *r)
{
	if (r->gate != NULL)
		replay_gate_free(r->gate);
	map_clear(&r->met);
	arena_clear(&r->message);
	arena_clear(&r->mem);
	free(r->examples);
}
