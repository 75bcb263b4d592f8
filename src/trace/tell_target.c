/* An alias leads elsewhere: which address an attempt was for, and what became of the others. */
#include "trace/tell.h"

struct str tell_target(struct told *t, const struct party *p, const struct attempt *a)
{
	if (a->to == p->name)
		return STR("");
	return arena_fmt(t->mem, " (%.*s stands for %.*s)", STR_ARG(p->name->text), STR_ARG(a->to->text));
}

/* The latest attempt for the target of `a`. */
static bool is_latest(const struct attempt *a)
{
	for (const struct attempt *o = a->next; o != NULL; o = o->next)
		if (o->to == a->to)
			return false;
	return true;
}

struct str tell_other_targets(struct told *t, const struct party *p, const struct attempt *told)
{
	BUF(b);

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->to != told->to && is_latest(a))
			buf_fmt(&b, "; %.*s: %s", STR_ARG(a->to->text),
				verdict_words[verdict_of_attempt(t->book, t->story, a)]);
	return arena_str(t->mem, buf_str(&b));
}
