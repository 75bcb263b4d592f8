/* A message that was sent on: what became of the copy. */
#include "trace/tell_parts.h"

/* A message of our own, not the same one on the next server. */
static const struct story *copy_of(const struct story *s, uint64_t qp)
{
	const struct story *c = ties_of(s)->child;

	while (c != NULL && (c->qp != qp || ties_of(c)->hop.key != NULL))
		c = ties_of(c)->sibling;
	return c;
}

/* The copy's own copies are told with it, in the chain. */
static bool was_sent_on(const struct party *p)
{
	struct did d;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (did_of(a->report, &d) && d.forwards > 0)
			return true;
	return false;
}

/* Did it come to nothing?  Then that is the answer, and who must act is who must act for the copy. */
static bool failed(enum verdict v)
{
	return v == VERDICT_RETURNED || v == VERDICT_REFUSED || v == VERDICT_DISCARDED;
}

void tell_copy(struct told *t, struct told_party *out, const struct attempt *a)
{
	struct told u = { .book = t->book, .scope = t->scope, .mem = t->mem, .frame = t->frame };
	struct told_party inner;
	struct did d;

	if (!did_of(a->report, &d) || d.qp == 0)
		return;
	u.story = copy_of(t->story, d.qp);
	if (u.story == NULL || u.story->parties.first == NULL || was_sent_on(u.story->parties.first))
		return;
	tell_client(&u);
	tell_party(&u, &inner, u.story->parties.first);
	out->summary = arena_fmt(t->mem, "%.*s. The copy, message %llu: %.*s", STR_ARG(out->summary),
				 (unsigned long long)d.qp, STR_ARG(inner.summary));
	if (!failed(inner.verdict))
		return;
	out->brief = arena_fmt(t->mem, "the copy: %.*s", STR_ARG(inner.brief));
	out->explanation = arena_fmt(t->mem, "%.*s The copy did not arrive. %.*s", STR_ARG(out->explanation),
				     STR_ARG(inner.explanation));
	for (const struct advice *x = inner.advice; x != NULL; x = x->next)
		tell_advise(t, out, x->who, x->what);
}
