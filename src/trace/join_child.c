/* Messages that were made here: forwards and bounces.
 *
 * On our own logs both numbers are in the log.  An old log names none that occurs again: a bounce goes to the sender
 * of a message that failed in that second, a forward's copy keeps its sender.
 */
#include "trace/join.h"

enum { CHAIN_MAX = 64 }; /* messages out of messages */

bool join_child(struct book *b, struct story *parent, struct story *child)
{
	const struct story *up = parent;
	struct ties *above;

	if (parent == NULL || child == NULL || ties_of(child)->parent != NULL)
		return false;
	/* Numbers of a forged log may bite their tail. */
	for (int i = 0; i < CHAIN_MAX && up != NULL && up != child; i++)
		up = ties_of(up)->parent;
	if (up != NULL)
		return false;
	ties_need(b, child)->parent = parent;
	above = ties_need(b, parent);
	if (above->last_child != NULL)
		ties_need(b, above->last_child)->sibling = child;
	else
		above->child = child;
	above->last_child = child;
	return true;
}

static void link_child(struct completer *c, struct story *parent, struct story *child, const struct line *x)
{
	if (!join_child(c->b, parent, child))
		return;
	child->ties->parent_line = x;
	child->ties->parent_join = (struct join){ GRADE_EXACT, "message number (qp)", NULL };
}

static void link_forwards(struct completer *c, struct story *s)
{
	struct did did;

	for (struct party *p = s->parties.first; p != NULL; p = p->next)
		for (struct attempt *a = p->attempts; a != NULL; a = a->next)
			if (a->qp > 0 && a->resulted && (attempt_did(a) & DID_QP) != 0 && did_of(a->report, &did))
				link_child(c, s, map_getn(&c->by_qp, did.qp), attempt_result(a));
}

/* Old logs: who makes a message, by what it has in common with it and the second. */

struct maker {
	struct story *story;
	const struct attempt *attempt;
};

struct makers {
	struct slot_key key;
	struct maker first, last; /* the same story's latest, another story's */
	unsigned stories, children;
};

enum { CHILD_BOUNCE = 1, CHILD_FORWARD };

/* A bounce goes to the failed message's sender; a forward's copy has it. */
static struct slot_key maker_key(int kind, const struct name *who, int64_t second)
{
	struct slot_key k = slot_key(who, NULL, second);

	k.to = (uint32_t)kind;
	return k;
}

static struct makers *makers_at(struct completer *c, struct slot_key k, bool need)
{
	struct makers *m = map_get(&c->makers, str_mem(&k, sizeof(k)));

	if (m != NULL || !need)
		return m;
	m = arena_alloc(&c->mem, sizeof(*m));
	m->key = k;
	map_put(&c->makers, str_mem(&m->key, sizeof(m->key)), m);
	return m;
}

static int makes(const struct attempt *a)
{
	if (a->qp > 0 || !a->resulted)
		return 0;
	if (a->outcome == OUTCOME_FAILURE)
		return CHILD_BOUNCE;
	return a->outcome == OUTCOME_SUCCESS && (attempt_did(a) & DID_FORWARDS) != 0 ? CHILD_FORWARD : 0;
}

static void note_maker(struct completer *c, struct story *s, const struct attempt *a)
{
	/* Another server's log names both ids (join_foreign.c). */
	bool old = s->from != NULL && (s->visit == NULL || s->visit->foreign == NULL);
	int kind = old ? makes(a) : 0;
	struct makers *m;

	if (kind == 0 || (kind == CHILD_BOUNCE && s->from->text.n == 0))
		return;
	m = makers_at(c, maker_key(kind, s->from, a->ended), true);
	if (m->stories == 0 || m->first.story == s) {
		m->stories += m->stories == 0;
		m->first = (struct maker){ s, a };
	} else {
		m->stories++;
		m->last = (struct maker){ s, a };
	}
}

/* Only a story that came by no door can have been made here. */
static bool made_here(const struct story *s)
{
	const struct party *p = s->parties.first;

	return s->visit == NULL && s->qp == 0 && s->from != NULL && p != NULL && p->gates == NULL &&
	       p->attempts != NULL;
}

/* The copy is queued before the forward's result is logged; a bounce is made after the last failure's. */
static const struct {
	int kind, second;
} looks[] = {
	{ CHILD_BOUNCE, 0 },   { CHILD_BOUNCE, -1 },  { CHILD_BOUNCE, -2 }, { CHILD_FORWARD, 0 },
	{ CHILD_FORWARD, -1 }, { CHILD_FORWARD, -2 }, { CHILD_FORWARD, 1 }, { CHILD_FORWARD, 2 },
};

static struct makers *look(struct completer *c, const struct story *s, size_t i)
{
	const struct attempt *a = s->parties.first->attempts;

	if (looks[i].kind == CHILD_BOUNCE && s->from->text.n > 0)
		return NULL;
	return makers_at(
	    c, maker_key(looks[i].kind, looks[i].kind == CHILD_BOUNCE ? a->to : s->from, a->started + looks[i].second),
	    false);
}

/* What is a guess cannot bear more than a guess. */
static bool sure(const struct story *s)
{
	return !s->joined || s->confidence > GRADE_GUESS;
}

static void note_child(struct completer *c, const struct story *s)
{
	for (size_t i = 0; i < COUNT(looks); i++) {
		struct makers *m = look(c, s, i);

		if (m != NULL)
			m->children++;
	}
}

/* What makes it, if anything does, and what else may. */
struct making {
	const struct makers *by;
	const struct line *rival;
	unsigned stories;
};

static struct making making_of(struct completer *c, struct story *s)
{
	struct making x = { 0 };

	for (size_t i = 0; i < COUNT(looks); i++) {
		const struct makers *m = look(c, s, i);

		if (m == NULL || m->first.story == s)
			continue;
		if (x.by == NULL || x.by->first.story != m->first.story || m->stories > 1)
			x.stories += m->stories;
		if (x.by != NULL && x.by->first.story != m->first.story)
			x.rival = attempt_result(m->first.attempt);
		if (x.by == NULL)
			x.by = m;
		if (m->stories > 1)
			x.rival = attempt_result(m->last.attempt);
	}
	return x;
}

static void link_as(struct completer *c, struct story *parent, struct story *s, const struct line *x,
		    const struct line *rival)
{
	link_child(c, parent, s, x);
	if (ties_of(s)->parent == parent)
		s->ties->parent_join = (struct join){ s->lone && sure(s) && sure(parent) ? GRADE_STRONG : GRADE_GUESS,
						      "the sender and second of its result", rival };
}

/* As it was, while who made it is there as it was, too. */
static void link_known(struct completer *c, struct story *s, const struct story *known)
{
	struct story *parent = join_twin(c, known->ties->parent);

	if (parent == NULL)
		c->b->unsteady = "what made a message is joined anew";
	else
		link_as(c, parent, s, join_known_line(c, known->ties->parent_line),
			join_known_line(c, map_getn(&c->b->known->rivals, (uintptr_t)known)));
}

static void link_made(struct completer *c, struct story *s)
{
	const struct story *known = join_known_child(c, s);
	struct making x;

	if (known != NULL) {
		s->lone = known->lone;
		if (ties_of(known)->parent != NULL)
			link_known(c, s, known);
		return;
	}
	x = making_of(c, s);
	if (x.by == NULL)
		return;
	s->lone = x.stories == 1 && x.by->children == 1;
	link_as(c, x.by->first.story, s, attempt_result(x.by->first.attempt), x.rival);
}

static void each_attempt(struct completer *c, struct story *s,
			 void (*see)(struct completer *, struct story *, const struct attempt *))
{
	for (struct party *p = s->parties.first; p != NULL; p = p->next)
		for (struct attempt *a = p->attempts; a != NULL; a = a->next)
			see(c, s, a);
}

/* Those that were made here are few: what makes them is found for all, then they are looked at. */
static void join_made(struct completer *c)
{
	struct story **made = arena_alloc(&c->mem, (c->tale->n + 1) * sizeof(struct story *));
	size_t n = 0;

	for (struct story *s = c->tale->stories; s != NULL; s = s->later) {
		link_forwards(c, s);
		each_attempt(c, s, note_maker);
		if (made_here(s))
			made[n++] = s;
	}
	for (size_t i = 0; i < n; i++)
		note_child(c, made[i]);
	for (size_t i = 0; i < n; i++)
		link_made(c, made[i]);
}

/* They stand the last one first. */
static void join_orders(struct completer *c)
{
	for (struct order *x = c->b->orders, *later; x != NULL; x = later) {
		struct story *s = map_getn(&c->by_qp, x->qp);

		later = x->later;
		x->later = s != NULL ? ties_of(s)->orders : NULL;
		if (s != NULL)
			ties_need(c->b, s)->orders = x;
	}
	c->b->orders = NULL;
}

void join_children(struct completer *c)
{
	join_orders(c);
	for (struct bounce *x = c->b->bounces; x != NULL; x = x->later) {
		struct story *parent = map_getn(&c->by_qp, x->parent), *child = map_getn(&c->by_qp, x->qp);

		if (parent != NULL && x->of != TOLD_FAILED)
			x->beside = ties_of(parent)->notices, ties_need(c->b, parent)->notices = x;
		else if (parent != NULL && ties_of(parent)->bounce == NULL)
			ties_need(c->b, parent)->bounce = x;
		link_child(c, parent, child, x->line);
	}
	if (c->b->attempts != NULL)
		join_made(c);
}
