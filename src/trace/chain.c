#include "trace/chain.h"

enum { CHAIN_DEPTH = 8, CHAIN_ROWS = 40 };

struct walk {
	const struct answer *r;
	void (*see)(void *, const struct told *, const char *relation, int depth);
	void *with;
	size_t rows;
	bool more;
};

static const char *const relations[] = { [TOLD_FAILED] = "bounce",
					 [TOLD_LATE] = "delay notice",
					 [TOLD_ARRIVED] = "success notice",
					 [TOLD_ANSWER] = "automatic answer" };

static const char *relation_of(const struct story *s)
{
	if (ties_of(s)->parent == NULL)
		return NULL;
	if (ties_of(s)->hop.key != NULL)
		return "next server";
	if (s->visit != NULL && s->visit->foreign != NULL)
		return s->from != NULL && s->from->text.n == 0 ? "bounce" : "forward";
	for (const struct bounce *x = ties_of(ties_of(s)->parent)->notices; x != NULL; x = x->beside)
		if (x->qp == s->qp)
			return relations[x->of];
	return ties_of(ties_of(s)->parent)->bounce != NULL && ties_of(ties_of(s)->parent)->bounce->qp == s->qp
		   ? "bounce"
		   : "forward";
}

/* The owner of a mailbox sees its own messages, and where its own forwards went. */
static bool visible(const struct answer *r, const struct story *s)
{
	const struct scope *sc = &r->scope;
	struct did d;
	ARENA(mem);

	if (scope_story(sc, &r->book, s))
		return true;
	for (const struct party *p = ties_of(s)->parent != NULL ? ties_of(s)->parent->parties.first : NULL; p != NULL;
	     p = p->next) {
		const struct party *view =
		    scope_party(sc, ties_of(s)->parent, p) ? scope_view(sc, ties_of(s)->parent, p, &mem) : NULL;

		for (const struct attempt *a = view != NULL ? view->attempts : NULL; a != NULL; a = a->next)
			if (did_of(a->report, &d) && d.qp == s->qp)
				return true;
	}
	return false;
}

static void show(struct walk *w, const struct story *s, int depth)
{
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &w->r->frame };

	tell(&t, &w->r->book, s, &w->r->scope);
	w->see(w->with, &t, relation_of(s), depth);
	w->rows++;
}

static void walk(struct walk *w, const struct story *s, int depth)
{
	if (visible(w->r, s))
		show(w, s, depth);
	w->more = w->more || w->rows == CHAIN_ROWS || (depth == CHAIN_DEPTH && ties_of(s)->child != NULL);
	for (const struct story *c = ties_of(s)->child; c != NULL && !w->more; c = ties_of(c)->sibling)
		walk(w, c, depth + 1);
}

bool chain_walk(const struct answer *r, const struct story *s,
		void (*see)(void *, const struct told *, const char *relation, int depth), void *with)
{
	struct walk w = { .r = r, .see = see, .with = with };

	for (int i = 0; i < CHAIN_DEPTH && ties_of(s)->parent != NULL; i++)
		s = ties_of(s)->parent;
	if (ties_of(s)->child != NULL)
		walk(&w, s, 0);
	return !w.more;
}
