/* Old delivery logs: an init says the sender, a try the recipient, and what stands between them may be another's. */
#include "trace/join.h"

enum { PARTIES = 64 }; /* of one message, looked at to find one whose recipient was rewritten */

static struct visit *awaiting(const struct completer *c, const struct init *x)
{
	static const int order[] = { 0, -1, -2, 1, -3 };

	for (size_t i = 0; i < COUNT(order); i++) {
		struct slot *s = slot_get(&c->begun, slot_key(x->from, NULL, x->at + order[i]));
		struct visit *v = s != NULL ? s->visits : NULL;

		if (v == NULL)
			continue;
		s->visits = v->init_queue;
		return v;
	}
	return NULL;
}

void join_inits(struct completer *c)
{
	struct init *ahead = c->b->inits;
	int n = 0;

	for (struct init *x = c->b->inits; x != NULL; x = x->later, n--) {
		for (; n < JOIN_AHEAD && ahead != NULL; n++, ahead = ahead->later) {
			ahead->at = moment_joined(c->b, ahead->line);
			slot_soon(&c->begun, slot_key(ahead->from, NULL, ahead->at));
		}
		x->visit = awaiting(c, x);
	}
}

void init_near(const struct attempt *a, struct inits *out)
{
	*out = (struct inits){ 0 };
	for (struct init *x = a->latest; x != NULL && out->n < INITS_MAX; x = x->before) {
		if (x->at < a->started - INIT_GAP || x->at > a->started + 1)
			return;
		out->at[out->n++] = x;
		out->strange += x->visit == NULL;
	}
}

/* An alias stands in no try line, ever: its targets do. */
static bool never_tried(const struct completer *c, const struct name *x)
{
	const struct slot *s = slot_get(&c->tried, slot_key(NULL, x, JOIN_ANY_SECOND));

	return s == NULL || s->rivals == 0;
}

static struct party *rewritten_of(const struct completer *c, const struct visit *v)
{
	int i = 0;

	for (struct party *p = v->parties.first; p != NULL && i < PARTIES; p = p->next, i++)
		if (p->attempts == NULL && join_accepted(p) && never_tried(c, p->name))
			return p;
	return NULL;
}

struct party *init_rewritten(const struct completer *c, const struct inits *in, size_t *n)
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
