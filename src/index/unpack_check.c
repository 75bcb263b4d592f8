/* What came to life is sound: nothing that is walked goes in a circle. */
#include "index/unpack_inside.h"

/* It reaches its last line, and ends.  A line stands in two lists at most. */
static void check_list(struct family *k, struct lines l)
{
	bool reached = l.last == NULL;

	for (const struct line *x = l.first; x != NULL; x = x->next) {
		reached = reached || x == l.last;
		if (++k->walked > 2 * k->nlines) {
			cur_fail(k->c, "lists that go in circles");
			return;
		}
	}
	if (!reached)
		cur_fail(k->c, "a list that does not reach its end");
}

/* Ancestry ends, children know their parents, and each is listed once. */
static void check_tree(struct family *k, const struct story *s)
{
	const struct story *up = s;
	size_t n = 0;

	for (size_t i = 0; i <= k->nstories && up != NULL; i++)
		up = ties_of(up)->parent;
	for (const struct story *c = ties_of(s)->child; c != NULL && n <= k->nstories; c = ties_of(c)->sibling, n++)
		if (ties_of(c)->parent != s || (ties_of(c)->sibling == NULL && ties_of(s)->last_child != c))
			n = k->nstories + 1;
	if (up != NULL || n > k->nstories)
		cur_fail(k->c, "a family tree that is none");
	n = 0;
	for (const struct story *c = ties_of(s)->first_tries; c != NULL && n <= k->nstories;
	     c = ties_of(c)->next_try, n++)
		if (ties_of(c)->part_of != s || (ties_of(c)->next_try == NULL && ties_of(s)->last_try != c))
			n = k->nstories + 1;
	up = ties_of(s)->part_of;
	for (size_t i = 0; i <= k->nstories && up != NULL; i++)
		up = ties_of(up)->part_of;
	if (up != NULL || n > k->nstories)
		cur_fail(k->c, "tries of tries");
}

void unpack_check(struct family *k, const struct story *s)
{
	check_tree(k, s);
	if (s->visit != NULL)
		check_list(k, s->visit->lines);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		if (p->name == NULL)
			cur_fail(k->c, "a recipient without a name");
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
			check_list(k, a->lines);
			if (a->to == NULL || (a->onward != NULL && ties_of(a->onward)->parent != s))
				cur_fail(k->c, "a delivery to nobody");
		}
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			if (g->line == NULL || g->to == NULL)
				cur_fail(k->c, "a verdict without a line");
	}
}
