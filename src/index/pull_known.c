/* What came of the lines of old logs that are read again (trace/known.h). */
#include "base/quick.h"
#include "index/pull.h"
#include "trace/reach.h"

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

		if (x == NULL)
			continue;
		*known_at(p, x) = (struct known_line){ .story = s, .party = party, .attempt = a, .rival = rival };
		if (x->local >= p->known.since)
			pull_await(p, a->to->text);
	}
}

/* ---- deliveries that wait for their next try ---- */

uint64_t pull_hash(struct str name)
{
	static const uint64_t key[2] = { UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9) };

	return hash_keyed(name, key) >> 24;
}

void pull_await(struct pull *p, struct str name)
{
	map_putn(&p->awaited, pull_hash(name) + 1, p);
}

void pull_waiting(struct pull *p, struct family_set *out)
{
	size_t c = 0;

	if (p->awaited.n == p->looked)
		return;
	p->looked = p->awaited.n;
	for (const struct index *x = p->newest; x != NULL; x = x->before, c++)
		for (size_t i = 0; i < x->root.nwaiting; i++)
			if (map_getn(&p->awaited, x->root.waiting[i].to + 1) != NULL)
				set_add(&out[c], x->root.waiting[i].family);
}

/* ---- families of whose calls nothing can come any more ---- */

static bool called_since(const struct story *s, int64_t since)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (p->visit != NULL && party_called(p) != NULL && party_called(p)->local >= since)
			return true;
	return false;
}

/* An acceptance is looked for so long after a refusal, and for another one behind that (trace/reach.h); stamps are
 * local times, between which a clock may have been set. */
bool pull_over(struct pull *p, struct story *const *at, size_t n)
{
	enum { CLOCK_SET = 2 * 3600 };
	int64_t since = p->known.since - REACH_AGAIN - REACH_RIVAL - CLOCK_SET;

	for (size_t i = 0; i < n; i++)
		if (called_since(at[i], since))
			return false;
	for (size_t i = 0; i < n; i++) {
		struct known_over *k = arena_alloc(&p->mem, sizeof(*k));

		*k = (struct known_over){ at[i], p->known.over };
		p->known.over = k;
	}
	return true;
}

/* ---- the story ---- */

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
