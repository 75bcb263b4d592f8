/* Which stories of a batch are new or changed, and what is new in them.
 *
 * A line knows in which story it was told; so a story is known again whatever
 * else it is joined with by now, and what is new in it are the steps whose lines
 * were not told.  A refusal for now that was told, and an acceptance that it leads
 * to, are one story's change for that reason alone.
 */
#include "trace/follow_parts.h"

#include <stdlib.h>
#include <string.h>

enum { HOLD = 120 }; /* ms: so long a story that says nothing yet may wait for its other log */

/* One story's lines, as they were told. */
struct look {
	struct follow *f;
	uint32_t id; /* of the story that they were told in first; 0: none was */
	size_t fresh;
	uint32_t arrived; /* the latest */
};

static void see_line(void *with, const struct line *x)
{
	struct look *k = with;
	const struct source_place *p = follow_place(k->f, x);

	k->arrived = p->arrived > k->arrived ? p->arrived : k->arrived;
	k->fresh += p->told == 0;
	/* One init may stand before the tries of several messages. */
	if (p->told != 0 && x->kind != LOG_DELIVERY_INIT && (k->id == 0 || p->told < k->id))
		k->id = p->told;
}

static struct follow_state *state_of(const struct follow *f, uint32_t id)
{
	size_t from = 0, to = f->nstates;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (f->states[mid].id < id)
			from = mid + 1;
		else
			to = mid;
	}
	return from < f->nstates && f->states[from].id == id ? &f->states[from] : NULL;
}

static struct follow_state *new_state(struct follow *f)
{
	if (f->nstates == f->states_cap) {
		f->states_cap = f->states_cap > 0 ? f->states_cap * 2 : 64;
		f->states = mem_grow(f->states, f->states_cap * sizeof(*f->states));
	}
	f->states[f->nstates] = (struct follow_state){ .id = ++f->next_id, .seen = f->batch };
	return &f->states[f->nstates++];
}

/* Of stories whose lines are all forgotten. */
static void forget_states(struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nstates; i++)
		if (f->states[i].seen == f->batch)
			f->states[n++] = f->states[i];
	f->nstates = n;
}

static void queue(struct follow *f, const struct story *s, uint32_t id)
{
	if (f->queue == NULL)
		f->queue = mem_alloc((f->answer.tale.n + 1) * sizeof(*f->queue));
	f->queue[f->nqueue++] = (struct follow_item){ s, id };
}

static bool waits(const struct follow *f, const struct story *s)
{
	const struct answer *r = &f->answer;
	ARENA(mem);

	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (scope_party(&r->scope, s, p) &&
		    verdict_of_party(&r->book, s, scope_view(&r->scope, s, p, &mem)) == VERDICT_WAITING)
			return true;
	return s->parties.first == NULL && s->verdict == VERDICT_WAITING;
}

/* Of what stood there when we came. */
static bool worth_telling(const struct follow *f, const struct story *s)
{
	return f->since > 0 ? s->ended >= clock_wall() / 1000 - f->since : waits(f, s);
}

/* It may only be the first log that has its say. */
static bool too_early(struct follow *f, const struct story *s, const struct look *k)
{
	int64_t until = f->opened + (int64_t)(k->arrived - 1) * FOLLOW_TICK + HOLD;

	if (s->verdict != VERDICT_UNKNOWN || k->arrived == 0 || clock_mono() >= until)
		return false;
	f->held = f->held == 0 || until < f->held ? until : f->held;
	return true;
}

static void see_new(struct follow *f, const struct story *s, const struct look *k)
{
	struct answer *r = &f->answer;

	if (f->started ? k->arrived < f->look_from || k->arrived == 0 : !worth_telling(f, s))
		return;
	if (!select_answers(&r->chosen, &r->book, s, &r->question, &r->scope))
		return;
	if (!too_early(f, s, k))
		queue(f, s, 0);
}

static void see_story(struct follow *f, const struct story *s)
{
	struct look k = { .f = f };
	struct follow_state *was;

	follow_each_line(f, s, see_line, &k);
	was = k.id != 0 ? state_of(f, k.id) : NULL;
	if (was == NULL || was->seen == f->batch) {
		see_new(f, s, &k);
		return;
	}
	was->seen = f->batch;
	if (k.fresh > 0 || (was->verdict == VERDICT_UNKNOWN && s->verdict != VERDICT_UNKNOWN))
		queue(f, s, k.id);
}

static int by_end(const void *a, const void *b)
{
	const struct story *x = ((const struct follow_item *)a)->story, *y = ((const struct follow_item *)b)->story;

	if (x->ended != y->ended)
		return x->ended < y->ended ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void follow_scan(struct follow *f)
{
	const struct answer *r = &f->answer;
	uint32_t now = follow_tick(f);

	f->held = 0;
	for (const struct story *s = r->tale.stories; s != NULL; s = s->later)
		if (select_row(&r->book, s, &r->scope))
			see_story(f, s);
	forget_states(f);
	/* What is held came within the last ticks. */
	f->look_from = f->held > 0 && now > HOLD / FOLLOW_TICK + 2 ? now - HOLD / FOLLOW_TICK - 2 : now;
	if (f->nqueue > 0)
		qsort(f->queue, f->nqueue, sizeof(*f->queue), by_end);
}

static uint64_t digest_of(const struct told *t)
{
	uint64_t h = t->nparties;

	for (size_t i = 0; i < t->nparties; i++)
		h = h * 31 + (uint64_t)t->parties[i].verdict + 1;
	return h;
}

/* The recipients of each verdict, and of those how many more than at the last time. */
static void count_verdicts(const struct told *t, uint16_t count[VERDICT_COUNT], uint16_t more[VERDICT_COUNT])
{
	uint16_t now[VERDICT_COUNT] = { 0 };

	for (size_t i = 0; i < t->nparties; i++)
		now[t->parties[i].verdict] += now[t->parties[i].verdict] < UINT16_MAX;
	for (int v = 0; v < VERDICT_COUNT; v++)
		more[v] = now[v] > count[v] ? (uint16_t)(now[v] - count[v]) : 0;
	memcpy(count, now, sizeof(now));
}

struct marker {
	struct follow *f;
	uint32_t id;
	bool all; /* those that were told in another story too */
};

static void mark_line(void *with, const struct line *x)
{
	const struct marker *m = with;
	struct source_place *p = follow_place(m->f, x);

	if (p->told == 0 || m->all)
		p->told = m->id;
}

static void fill(struct follow *f, const struct follow_item *x, struct follow_event *out)
{
	struct told *t = &f->told;
	bool *fresh;

	arena_reset(&f->event_mem);
	*t = (struct told){ .mem = &f->event_mem, .frame = &f->answer.frame };
	tell(t, &f->answer.book, x->story, &f->answer.scope);
	fresh = arena_alloc(t->mem, t->nevents + 1);
	*out = (struct follow_event){ .kind = x->id == 0 ? FOLLOW_NEW : FOLLOW_CHANGED, .told = t, .fresh = fresh };
	for (size_t i = 0; i < t->nevents; i++) {
		fresh[i] = x->id == 0 || follow_place(f, t->events[i].line)->told == 0;
		out->nfresh += fresh[i];
	}
}

bool follow_next(struct follow *f, struct follow_event *out)
{
	while (f->at_queue < f->nqueue) {
		const struct follow_item *x = &f->queue[f->at_queue++];
		struct follow_state *s = x->id != 0 ? state_of(f, x->id) : new_state(f);
		struct marker m = { f, s->id, x->id == 0 };

		fill(f, x, out);
		out->was = s->verdict;
		out->turned = x->id != 0 && (s->verdict != f->told.verdict || s->digest != digest_of(&f->told));
		s->verdict = f->told.verdict;
		s->digest = digest_of(&f->told);
		count_verdicts(&f->told, s->count, out->more);
		follow_each_line(f, x->story, mark_line, &m);
		if (x->id != 0 && out->nfresh == 0 && !out->turned)
			continue;
		f->counts.told_new += x->id == 0;
		f->counts.told_changed += x->id != 0;
		return true;
	}
	return false;
}
