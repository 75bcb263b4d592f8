/* Old delivery logs: an init says the sender, a try the recipient, and what stands between them may be another's. */
#include "trace/join.h"

enum { PARTIES = 64 }; /* of one message, looked at to find one whose recipient was rewritten */

static struct visit *awaiting(const struct completer *c, const struct init *x)
{
	static const int order[] = { 0, -1, -2, 1, -3 };

	for (size_t i = 0; i < COUNT(order); i++) {
		struct slot *s = slot_get(&c->begun, slot_key(x->from, NULL, x->at + order[i]));
		struct visit *v = s != NULL ? s->visits : NULL;

		while (v != NULL && v->init != NULL)
			v = v->init_queue;
		if (v == NULL)
			continue;
		s->visits = v->init_queue;
		v->init = x->line;
		return v;
	}
	return NULL;
}

void join_inits(struct completer *c)
{
	struct init *ahead = c->b->inits;
	int n = 0;

	join_known_inits(c);
	for (struct init *x = c->b->inits; x != NULL; x = x->later, n--) {
		for (; n < JOIN_AHEAD && ahead != NULL; n++, ahead = ahead->later) {
			ahead->at = moment_joined(c->b, ahead->line);
			slot_soon(&c->begun, slot_key(ahead->from, NULL, ahead->at));
		}
		if (c->b->known == NULL || x->line->local >= c->b->known->since)
			x->visit = awaiting(c, x);
	}
}

void init_near(const struct attempt *a, struct inits *out)
{
	out->n = out->strange = 0; /* what stands behind them is not looked at */
	for (struct init *x = a->latest; x != NULL && out->n < INITS_MAX; x = x->before) {
		if (x->at < a->started - INIT_GAP || x->at > a->started + 1)
			return;
		out->at[out->n++] = x;
		out->strange += x->visit == NULL;
	}
}

void init_senders(const struct completer *c, const struct attempt *a, struct senders *out)
{
	out->n = 0;
	out->more = false;
	for (int d = -JOIN_NEAR; d <= JOIN_NEAR; d++) {
		const struct slot *s = slot_get(&c->recipients, slot_key(NULL, a->to, a->started + d));

		if (s == NULL || s->some == NULL)
			continue;
		out->at[out->n++] = s->some->visit->from;
		if (s->other != NULL)
			out->at[out->n++] = s->other->visit->from;
		out->more = out->more || s->parties > 2;
	}
}

bool init_may_be(const struct senders *s, const struct name *from)
{
	bool found = s->more;

	for (size_t i = 0; i < s->n && !found; i++)
		found = s->at[i] == from;
	return found;
}

/* From when on somebody depends on nobody ever trying to deliver to that recipient. */
static void rely(struct completer *c, const struct name *x, int64_t at)
{
	struct relied **known;

	if (c->relied == NULL)
		c->relied = arena_alloc(&c->mem, c->b->nnames * sizeof(struct relied *));
	known = &c->relied[x->id];
	if (*known == NULL) {
		*known = arena_alloc(&c->b->mem, sizeof(**known));
		**known = (struct relied){ x, at, c->b->relied };
		c->b->relied = *known;
	} else if (at < (*known)->at) {
		(*known)->at = at;
	}
}

/* An alias stands in no try line, ever: its targets do. */
static bool never_tried(struct completer *c, const struct visit *v, const struct name *x)
{
	const struct slot *s = slot_get(&c->queued, slot_key(NULL, x, JOIN_ANY_SECOND));
	const struct known *k = c->b->known;

	if ((s != NULL && s->rivals > 0) || (k != NULL && k->tried(k->with, x->text)))
		return false;
	rely(c, x, v->final->local);
	return true;
}

static struct party *rewritten_of(struct completer *c, const struct visit *v)
{
	int i = 0;

	for (struct party *p = v->parties.first; p != NULL && i < PARTIES; p = p->next, i++)
		if (p->attempts == NULL && join_accepted(p) && never_tried(c, v, p->name))
			return p;
	return NULL;
}

struct party *init_rewritten(struct completer *c, const struct inits *in, size_t *n)
{
	struct party *found = NULL;

	*n = 0;
	for (size_t i = 0; i < in->n; i++) {
		struct party *p = in->at[i]->visit != NULL ? rewritten_of(c, in->at[i]->visit) : NULL;

		if (p == NULL)
			continue;
		if ((*n)++ == 0)
			found = p;
	}
	return found;
}
