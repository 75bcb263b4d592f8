#include "trace/join.h"

struct visit *join_replied(const struct completer *c, uint64_t epoch, uint64_t qp)
{
	const struct slot *s = slot_get(&c->replied, slot_reply_key(epoch, qp));

	return s != NULL ? s->visits : NULL;
}

void join_attach_gate(struct completer *c, struct party *p, struct gate *g, struct join j)
{
	struct story *s = p->story;

	if (p->last_gate != NULL)
		p->last_gate->next = g;
	else
		p->gates = g;
	p->last_gate = g;
	g->next = NULL;
	g->join = j;
	join_widen(s, moment_joined(c->b, g->line));
	story_join(s, j);
}

static bool join_by_reply(struct completer *c, struct gate *g)
{
	struct visit *v = g->qp > 0 ? join_replied(c, g->epoch, g->qp) : NULL;
	struct party *p;

	/* One process may serve twice within a second: then the sender tells which. */
	for (int i = 0; v != NULL && v->same_reply != NULL && v->from != g->from && i < 16; i++)
		v = v->same_reply;
	p = v != NULL ? join_find_party(c, v->story, g->to) : NULL;
	if (p == NULL)
		return false;
	join_attach_gate(c, p, g, (struct join){ GRADE_EXACT, "epoch and qp of the reply", NULL });
	return true;
}

/* Within the time of the visit, or so near that the clock's second explains it. */
static bool within(const struct completer *c, const struct visit *v, int64_t at)
{
	return at >= moment_of(c->b, v->lines.first) - JOIN_NEAR && at <= moment_of(c->b, v->lines.last) + JOIN_NEAR;
}

static bool join_by_connection(struct completer *c, struct gate *g)
{
	struct visit *v = g->connection > 0 ? map_getn(&c->by_connection, g->connection) : NULL;
	int64_t at = moment_joined(c->b, g->line);

	for (int i = 0; v != NULL && i < 64; v = v->same_connection, i++) {
		struct party *p = within(c, v, at) ? join_find_party(c, v->story, g->to) : NULL;

		if (p == NULL || p->gates != NULL)
			continue;
		join_attach_gate(c, p, g, (struct join){ GRADE_EXACT, "connection number", NULL });
		return true;
	}
	return false;
}

static bool join_by_second(struct completer *c, struct gate *g)
{
	static const int order[] = { 0, 1, -1, 2, -2 };
	const struct slots *m = g->allowed ? &c->accepted : &c->refused;
	int64_t at = moment_joined(c->b, g->line);
	bool sure = slot_alone(m, g->from, g->to, at);

	for (size_t i = 0; i < COUNT(order); i++) {
		struct party *p = slot_pop_ungated(slot_get(m, slot_key(g->from, g->to, at + order[i])));
		struct join j = { sure ? GRADE_STRONG : GRADE_GUESS, "sender, recipient and second", NULL };
		const struct party *rival;

		if (p == NULL)
			continue;
		rival = sure ? NULL : slot_rival(m, slot_key(g->from, g->to, at), p);
		j.rival = rival != NULL ? rival->to : NULL;
		join_attach_gate(c, p, g, j);
		return true;
	}
	return false;
}

struct story *join_gate_story(struct completer *c, struct gate *g)
{
	struct story *s = join_new_story(c, g->line);

	s->from = g->from;
	s->qp = g->qp;
	map_putn(&c->loose_gates, g->connection + 1, s);
	return s;
}

/* The SMTP log of that port or time is missing: the gate's line is all there is. */
static void gate_alone(struct completer *c, struct gate *g)
{
	struct story *s = map_getn(&c->loose_gates, g->connection + 1);
	int64_t at = moment_joined(c->b, g->line);
	struct party *p;

	if (s == NULL || s->from != g->from || s->qp != g->qp || at - s->ended > REACH_GATE || at < s->began)
		s = join_gate_story(c, g);
	s->ended = at;
	p = join_add_party(c, s, g->to);
	p->gates = p->last_gate = g;
	g->next = NULL;
	g->join = (struct join){ GRADE_EXACT, "one line", NULL };
}

/* Gate lines that will be looked at soon: first their names are fetched, then the slots under these. */
struct gates_ahead {
	const struct gate *far, *near, *half;
	int n;
};

static struct slot_key key_of(const struct completer *c, const struct gate *g)
{
	return slot_key(g->from, g->to, moment_joined(c->b, g->line));
}

static void look_ahead(const struct completer *c, struct gates_ahead *a)
{
	for (; a->n < 2 * JOIN_AHEAD && a->far != NULL; a->n++, a->far = a->far->next) {
		const struct gate *g = a->near;

		__builtin_prefetch(a->far->from);
		__builtin_prefetch(a->far->to);
		__builtin_prefetch(a->far->line);
		if (a->n < JOIN_AHEAD)
			continue;
		a->near = g->next;
		if (g->qp > 0)
			slot_soon(&c->replied, slot_reply_key(g->epoch, g->qp));
		slot_soon(g->allowed ? &c->accepted : &c->refused, key_of(c, g));
		if (a->n < JOIN_AHEAD + JOIN_AHEAD / 2)
			continue;
		g = a->half;
		a->half = g->next;
		if (g->qp > 0)
			slot_sooner(&c->replied, slot_reply_key(g->epoch, g->qp));
		else
			slot_sooner(g->allowed ? &c->accepted : &c->refused, key_of(c, g));
	}
	a->n--;
}

static void count_gate_rivals(struct completer *c)
{
	struct gates_ahead ahead = { c->b->gates, c->b->gates, c->b->gates, 0 };

	for (const struct gate *g = c->b->gates; g != NULL; g = g->next) {
		struct slot *s;

		look_ahead(c, &ahead);
		s = slot_get(g->allowed ? &c->accepted : &c->refused, key_of(c, g));
		if (s != NULL)
			s->rivals++;
	}
}

void join_gates(struct completer *c)
{
	struct gates_ahead ahead = { c->b->gates, c->b->gates, c->b->gates, 0 };
	struct gate *next;

	count_gate_rivals(c);
	for (struct gate *g = c->b->gates; g != NULL; g = next) {
		look_ahead(c, &ahead);
		next = g->next;
		if (!join_known_gate(c, g) && !join_by_reply(c, g) && !join_by_connection(c, g) &&
		    !join_by_second(c, g))
			gate_alone(c, g);
	}
	c->b->gates = c->b->last_gate = NULL;
}
