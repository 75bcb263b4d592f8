/* What the end of another server's log leaves open: families that may go on though no key of a new line says so. */
#include "index/tail_inside.h"

static void mark(struct family_set *set, const struct writing *w, const struct story *s)
{
	if (s != NULL)
		set_add(set, w->kin.family[s->order]);
}

void tail_open(struct tail *t, const struct writing *w, struct index_root *r)
{
	struct family_set set = set_new(&t->mem, w->kin.families);

	for (const struct open_end *x = t->book.ends; x != NULL; x = x->next)
		mark(&set, w, x->visit != NULL ? x->visit->story : NULL);
	for (const struct story *s = t->tale.stories; s != NULL; s = s->later)
		if (s->visit != NULL && s->visit->foreign != NULL && verdict_unsettled(&t->book, s->visit))
			mark(&set, w, s);
	r->open = arena_alloc(&t->mem, (w->kin.families + 1) * sizeof(*r->open));
	r->until = arena_alloc(&t->mem, (w->kin.families + 1) * sizeof(*r->until));
	for (uint32_t f = 0; f < w->kin.families; f++)
		if (set_has(set.bits, f))
			r->open[r->nopen++] = f;
}
