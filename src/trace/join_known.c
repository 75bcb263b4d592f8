/* What was joined before is attached as it was. */
#include <string.h>

#include "trace/join.h"

/* Whom several were taken for is known of messages that were accepted so long before anything is joined anew. */
enum { SETTLED = 20 };

static const struct known_line *known_of(const struct completer *c, const struct line *x)
{
	const struct known *k = c->b->known;

	return k != NULL && x != NULL ? map_getn(&k->at, known_key(x->file, line_number(c->b, x))) : NULL;
}

/* The same, of a line that is not joined anew. */
static const struct known_line *known_before(const struct completer *c, const struct line *x)
{
	return x != NULL && c->b->known != NULL && x->local < c->b->known->since ? known_of(c, x) : NULL;
}

struct story *join_twin(const struct completer *c, const struct story *known)
{
	return map_getn(&c->twins, (uintptr_t)known);
}

static void pair(struct completer *c, void *known, void *now)
{
	map_putn(&c->twins, (uintptr_t)known, now);
}

/* It may have been a rival before, of which nothing was known but its number. */
static struct line *learn(struct line *x, const struct line *known)
{
	struct line was = *x;

	if (x->length > 0 || known->length == 0)
		return x;
	*x = *known;
	x->next = was.next;
	x->number = was.number;
	x->at = was.at;
	return x;
}

struct line *join_known_line(struct completer *c, const struct line *known)
{
	const struct source_kept *k = known != NULL ? c->b->source->files[known->file].kept : NULL;
	size_t low = 0, high = k != NULL ? k->counted : 0;
	struct line *x = known != NULL ? map_getn(&c->again, known_key(known->file, known->number)) : NULL;

	if (x != NULL)
		return learn(x, known);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->at[middle].number < known->number)
			low = middle + 1;
		else
			high = middle;
	}
	if (k == NULL || low == k->counted || k->at[low].number != known->number)
		return NULL;
	x = line_new(c->b, known);
	x->number = (uint32_t)low + 1;
	x->at = k->at[low].at;
	map_putn(&c->again, known_key(known->file, known->number), x);
	return x;
}

void join_known_visit(struct completer *c, struct visit *v)
{
	const struct known_line *k = known_of(c, v->lines.first);
	struct party *now = v->parties.first;

	if (k == NULL)
		return;
	pair(c, k->story, v->story);
	for (struct party *p = k->story->parties.first; p != NULL && now != NULL; p = p->next, now = now->next) {
		pair(c, p, now);
		if (v->final != NULL && v->final->local < c->b->known->since + SETTLED)
			now->contested = p->contested;
	}
}

static void unknown(struct completer *c)
{
	c->b->unsteady = "what was joined before does not stand there any more";
}

bool join_known_gate(struct completer *c, struct gate *g)
{
	const struct known_line *k = known_before(c, g->line);
	struct join j;
	struct story *s;
	struct party *p;

	if (k == NULL || k->gate == NULL)
		return false;
	s = join_twin(c, k->story);
	p = map_getn(&c->twins, (uintptr_t)k->party);
	if (s == NULL)
		pair(c, k->story, s = join_gate_story(c, g));
	if (p == NULL) {
		if (s->visit != NULL)
			unknown(c);
		pair(c, k->party, p = join_add_party(c, s, g->to));
	}
	j = k->gate->join;
	j.rival = join_known_line(c, k->rival);
	if (s->visit != NULL) {
		join_attach_gate(c, p, g, j);
		return true;
	}
	s->ended = moment_joined(c->b, g->line);
	p->gates = p->last_gate = g;
	g->next = NULL;
	g->join = j;
	return true;
}

void join_known_inits(struct completer *c)
{
	for (struct init *x = c->b->known != NULL ? c->b->inits : NULL; x != NULL; x = x->later) {
		const struct known_line *k = known_before(c, x->line);
		const struct story *s = k != NULL ? join_twin(c, k->story) : NULL;

		map_putn(&c->again, known_key(x->line->file, line_number(c->b, x->line)), x->line);
		if (s == NULL || s->visit == NULL)
			continue;
		x->visit = s->visit;
		x->visit->init = x->line;
	}
}

/* The init by which it was found is its story's. */
static void claim(const struct attempt *a, struct story *s)
{
	for (struct init *x = a->latest; x != NULL && x->at >= a->started - INIT_GAP; x = x->before)
		if (x->line->file == a->init->file && x->line->number == a->init->number) {
			x->story = s;
			return;
		}
}

static bool same_line(const struct completer *c, const struct line *now, const struct line *known)
{
	return now->file == known->file && line_number(c->b, now) == known->number;
}

/* As it was read when all that stood around it was. */
static void take_known(struct completer *c, struct attempt *a, const struct attempt *known)
{
	a->init = join_known_line(c, known->init);
	a->from = known->from != NULL ? book_spelling(c->b, known->from->text) : NULL;
	a->restarted = known->restarted;
	a->opens = known->opens;
	a->claims = known->claims;
	a->join = known->join;
}

bool join_known_attempt(struct completer *c, struct attempt *a)
{
	const struct known_line *k = known_before(c, attempt_try(a));
	struct story *s;
	struct party *p;

	if (k == NULL || k->attempt == NULL)
		return false;
	if (k->attempt->resulted && !same_line(c, a->lines.last, k->attempt->lines.last))
		unknown(c);
	(void)wait_nobody(c, a); /* who was served leaves the list */
	take_known(c, a, k->attempt);
	a->join.rival = join_known_line(c, k->rival);
	s = join_twin(c, k->story);
	p = map_getn(&c->twins, (uintptr_t)k->party);
	if (s == NULL) {
		pair(c, k->story, s = join_new_story(c, a->init != NULL ? a->init : a->lines.first));
		s->from = a->from;
	}
	if (p == NULL) {
		if (s->visit != NULL)
			unknown(c);
		pair(c, k->party, p = join_add_party(c, s, a->to));
	}
	if (a->claims && a->init != NULL)
		claim(a, s);
	if (a->join.key != NULL && strcmp(a->join.key, join_retry_key) == 0)
		join_attach_retry(c, p, a, a->join.grade == GRADE_STRONG);
	else
		join_attach(c, p, a);
	return true;
}

const struct story *join_known_child(struct completer *c, const struct story *s)
{
	const struct known_line *k = known_before(c, attempt_try(s->parties.first->attempts));

	return k != NULL ? k->story : NULL;
}

static struct party *party_twin(const struct completer *c, const struct party *known)
{
	return known != NULL ? map_getn(&c->twins, (uintptr_t)known) : NULL;
}

void join_known_tries(struct completer *c)
{
	for (const struct known_over *k = c->b->known != NULL ? c->b->known->over : NULL; k != NULL; k = k->next)
		for (const struct party *p = k->story->parties.first; p != NULL; p = p->next) {
			struct party *now = party_twin(c, p);

			if (now == NULL)
				continue;
			now->story->over = true;
			now->first_try = party_twin(c, p->first_try);
			now->seen_again = party_twin(c, p->seen_again);
			if ((p->first_try != NULL && now->first_try == NULL) ||
			    (p->seen_again != NULL && now->seen_again == NULL))
				unknown(c);
		}
}
