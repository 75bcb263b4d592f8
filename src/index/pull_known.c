/* What came of the lines of old logs that are read again (trace/known.h). */
#include "index/pull.h"

static struct known_line *known_at(struct pull *p, const struct line *x)
{
	struct known_line *k = arena_alloc(&p->mem, sizeof(*k));

	map_putn(&p->known.at, known_key(x->file, x->number), k);
	return k;
}

/* Of it nothing is known but where it stands. */
static const struct line *take_rival(struct pull *p, struct join *j)
{
	const struct line *rival = j->rival;
	struct pulled_line x;

	if (rival == NULL)
		return NULL;
	j->rival = NULL;
	x = pulled_of(p, rival);
	x.mute = true;
	pull_line(p, x);
	return rival;
}

static void take_party(struct pull *p, struct story *s, struct party *party)
{
	for (struct gate *g = party->gates; g != NULL; g = g->next)
		*known_at(p, g->line) =
		    (struct known_line){ .story = s, .party = party, .gate = g, .rival = take_rival(p, &g->join) };
	for (struct attempt *a = party->attempts; a != NULL; a = a->next) {
		const struct line *x = attempt_try(a);
		const struct line *rival = take_rival(p, &a->join);

		if (x != NULL)
			*known_at(p, x) =
			    (struct known_line){ .story = s, .party = party, .attempt = a, .rival = rival };
	}
}

void pull_known(struct pull *p, struct story *s)
{
	const struct line *rival = s->ties != NULL ? take_rival(p, &s->ties->parent_join) : NULL;
	struct visit *v = s->visit;

	if (rival != NULL)
		map_putn(&p->known.rivals, (uintptr_t)s, (void *)(uintptr_t)rival);
	if (v != NULL && v->lines.first != NULL) {
		pull_begin_line(p, v->lines.first);
		known_at(p, v->lines.first)->story = s;
	}
	if (v != NULL && v->init != NULL)
		known_at(p, v->init)->story = s;
	for (struct party *party = s->parties.first; party != NULL; party = party->next)
		take_party(p, s, party);
}
