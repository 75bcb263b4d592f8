#include "trace/story.h"

static void each(struct line *first, void (*see)(void *, const struct line *), void *with)
{
	for (const struct line *x = first; x != NULL; x = x->next)
		see(with, x);
}

void story_each_line(const struct story *s, void (*see)(void *, const struct line *), void *with)
{
	for (const struct story *first = s->first_tries; first != NULL; first = first->next_try)
		story_each_line(first, see, with);
	if (s->visit != NULL)
		each(s->visit->lines.first, see, with);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		party_each_line(p, see, with);
	if (s->bounce != NULL)
		see(with, s->bounce->line);
}

static void see_gate(const struct gate *g, void (*see)(void *, const struct line *), void *with)
{
	see(with, g->line);
	if (g->repeat != NULL && g->repeat->line != NULL)
		see(with, g->repeat->line);
}

void party_each_line(const struct party *p, void (*see)(void *, const struct line *), void *with)
{
	const struct line *init = NULL;

	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		see_gate(g, see, with);
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
		if (a->init != NULL && a->init != init)
			see(with, a->init);
		init = a->init;
		each(a->lines.first, see, with);
	}
}
