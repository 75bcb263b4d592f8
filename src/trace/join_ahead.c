/* Before attempts are joined: when each was, who waits for one, and how many claim the same.
 *
 * Each walk fetches what it will ask for some steps before it does, for the memory of it is anywhere. */
#include <stdlib.h>

#include "trace/join.h"

/* When it began and ended: known once the clocks are. */
static void time_attempt(const struct book *b, struct attempt *a)
{
	for (const struct line *x = a->lines.first; x != NULL; x = x->next) {
		if (x->kind == LOG_DELIVERY_TRY)
			a->started = moment_joined(b, x);
		else if (x->kind == LOG_DELIVERY_RESULT)
			a->ended = moment_joined(b, x);
	}
}

void join_look_ahead(const struct completer *c, struct ahead *a)
{
	for (; a->n < 2 * JOIN_AHEAD && a->near != NULL; a->n++) {
		if (a->far != NULL) {
			__builtin_prefetch(a->far->to);
			__builtin_prefetch(a->far->lines.first);
			a->far = a->far->later;
		}
		if (a->n < JOIN_AHEAD)
			continue;
		a->look(c, a->near);
		a->near = a->near->later;
		if (a->again == NULL || a->n < JOIN_AHEAD + JOIN_AHEAD / 2)
			continue;
		a->again(c, a->half);
		a->half = a->half->later;
	}
	a->n--;
}

static void before_count(const struct completer *c, struct attempt *a)
{
	time_attempt(c->b, a);
	slot_soon(&c->recipients, slot_key(NULL, a->to, a->started));
	slot_soon(&c->queued, slot_key(NULL, a->to, JOIN_ANY_SECOND));
}

static void count_attempts(struct completer *c)
{
	struct ahead ahead = { .near = c->b->attempts, .far = c->b->attempts, .look = before_count };

	for (const struct attempt *a = c->b->attempts; a != NULL; a = a->later) {
		join_look_ahead(c, &ahead);
		if (a->qp > 0)
			continue;
		slot_need(&c->queued, slot_key(NULL, a->to, JOIN_ANY_SECOND))->rivals++;
		slot_need(&c->recipients, slot_key(NULL, a->to, a->started))->rivals++;
	}
}

/* A party that awaits its first attempt, and since when. */
struct waiting {
	int64_t since;
	struct party *party;
	size_t order;
};

struct all_waiting {
	struct waiting *at;
	size_t n;
	bool disordered;
};

static int by_time(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool of_old_log(const struct visit *v)
{
	return v->connection == 0 && v->foreign == NULL;
}

static void gather_waiting(const struct completer *c, struct visit *v, struct all_waiting *all)
{
	for (struct party *p = v->parties.first; p != NULL; p = p->next) {
		p->gate_queue = NULL;
		if (!join_accepted(p))
			continue;
		all->at[all->n] = (struct waiting){ moment_of(c->b, v->final), p, all->n };
		all->disordered = all->disordered || (all->n > 0 && all->at[all->n].since < all->at[all->n - 1].since);
		all->n++;
	}
}

static void push_waiting(struct completer *c, const struct all_waiting *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (i + JOIN_AHEAD < all->n)
			slot_soon(&c->queued, slot_key(NULL, all->at[i + JOIN_AHEAD].party->name, JOIN_ANY_SECOND));
		slot_push_gate(slot_need(&c->queued, slot_key(NULL, all->at[i].party->name, JOIN_ANY_SECOND)),
			       all->at[i].party);
	}
}

/* The gate is done with its queue links: they now hold the waiting parties of each recipient, by time, whatever the
 * port's log that they stand in. */
static void index_late(struct completer *c)
{
	struct all_waiting all = { 0 };
	size_t n = 0;

	for (const struct visit *v = c->b->visits; v != NULL; v = v->later)
		n += of_old_log(v) ? v->parties.n : 0;
	if (n == 0)
		return;
	all.at = arena_alloc(&c->mem, n * sizeof(*all.at));
	for (struct visit *v = c->b->visits; v != NULL; v = v->later)
		if (of_old_log(v))
			gather_waiting(c, v, &all);
	if (all.disordered)
		qsort(all.at, all.n, sizeof(*all.at), by_time);
	push_waiting(c, &all);
}

void join_index_attempts(struct completer *c)
{
	index_late(c);
	count_attempts(c);
}
