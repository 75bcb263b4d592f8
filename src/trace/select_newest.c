/* Of a question that many answer, as the page asks it: how many, and the newest of them. */
#include "trace/select.h"
#include "trace/wish.h"

/* So many answer it that the rows were asked who: the span is narrowed to the newest of them. */
static bool narrow(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc,
		   size_t most, struct newest *all)
{
	struct wish few = select_wish(c, q, sc);

	few.most = most;
	if (wish(t, few) || !t->store->newest(t->store, q, c->span, most, all))
		return false;
	if (all->since > c->span.from)
		c->span.from = all->since;
	return true;
}

void select_newest(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc,
		   size_t most, bool by_rows)
{
	struct span asked = c->span;
	struct newest all;
	bool narrowed = by_rows && narrow(c, t, q, sc, most, &all);

	select_stories(c, t, q, sc);
	c->span = asked;
	if (narrowed)
		c->found = all.found;
	if (c->n > most)
		c->n = most;
}
