#include "trace/join.h"

enum { GATE_GAP = 60 }; /* lines of one connection further apart are not one message */

static struct visit *visit_by_reply(const struct completer *c, uint64_t epoch, uint64_t qp)
{
	uint64_t k[2] = { epoch, qp };

	return map_get(&c->by_reply, str_mem(k, sizeof(k)));
}

static void attach_gate(struct party *p, struct gate *g, struct join j)
{
	struct story *s = p->story;

	if (p->last_gate != NULL)
		p->last_gate->next = g;
	else
		p->gates = g;
	p->last_gate = g;
	g->next = NULL;
	g->join = j;
	if (g->line->local > s->span_last)
		s->span_last = g->line->local;
	story_join(s, j);
}

static bool allowed(const struct gate *g)
{
	return str_eqz(g->code, "ALLOWED");
}

static bool join_by_reply(struct completer *c, struct gate *g)
{
	struct visit *v = g->qp > 0 ? visit_by_reply(c, g->epoch, g->qp) : NULL;
	struct party *p = v != NULL ? join_find_party(&v->parties, g->to) : NULL;

	if (p == NULL)
		return false;
	attach_gate(p, g, (struct join){ GRADE_EXACT, "epoch and qp of the reply" });
	return true;
}

/* Within the time of the visit, or so near that the clock's second explains it. */
static bool within(const struct visit *v, int64_t local)
{
	return local >= v->lines.first->local - JOIN_NEAR && local <= v->lines.last->local + JOIN_NEAR;
}

static bool join_by_connection(struct completer *c, struct gate *g)
{
	struct visit *v = g->connection > 0 ? map_getn(&c->by_connection, g->connection) : NULL;

	for (int i = 0; v != NULL && i < 64; v = v->same_connection, i++) {
		struct party *p = within(v, g->line->local) ? join_find_party(&v->parties, g->to) : NULL;

		if (p == NULL || p->gates != NULL)
			continue;
		attach_gate(p, g, (struct join){ GRADE_EXACT, "connection number" });
		return true;
	}
	return false;
}

static bool join_by_second(struct completer *c, struct gate *g)
{
	static const int order[] = { 0, 1, -1, 2, -2 };
	struct map *m = allowed(g) ? &c->accepted : &c->refused;
	bool sure = slot_alone(m, g->from, g->to, g->line->local);

	for (size_t i = 0; i < COUNT(order); i++) {
		struct party *p = slot_pop_ungated(slot_get(m, slot_key(g->from, g->to, g->line->local + order[i])));
		struct join j = { sure ? GRADE_STRONG : GRADE_GUESS, "sender, recipient and second" };

		if (p == NULL)
			continue;
		attach_gate(p, g, j);
		return true;
	}
	return false;
}

/* The SMTP log of that port or time is missing: the gate's line is all there is. */
static void gate_alone(struct completer *c, struct gate *g)
{
	struct story *s = map_getn(&c->loose_gates, g->connection + 1);
	struct party *p;

	if (s == NULL || s->from != g->from || s->qp != g->qp || g->line->local - s->span_last > GATE_GAP ||
	    g->line->local < s->local) {
		s = join_new_story(c, g->line->local);
		s->from = g->from;
		s->qp = g->qp;
		map_putn(&c->loose_gates, g->connection + 1, s);
	}
	s->span_last = g->line->local;
	p = join_add_party(c, s, g->to);
	p->gates = p->last_gate = g;
	g->next = NULL;
	g->join = (struct join){ GRADE_EXACT, "one line" };
}

static void count_gate_rivals(struct completer *c)
{
	for (const struct gate *g = c->b->gates; g != NULL; g = g->next) {
		struct slot *s =
		    slot_get(allowed(g) ? &c->accepted : &c->refused, slot_key(g->from, g->to, g->line->local));

		if (s != NULL)
			s->rivals++;
	}
}

void join_gates(struct completer *c)
{
	struct gate *next;

	count_gate_rivals(c);
	for (struct gate *g = c->b->gates; g != NULL; g = next) {
		next = g->next;
		if (!join_by_reply(c, g) && !join_by_connection(c, g) && !join_by_second(c, g))
			gate_alone(c, g);
	}
	c->b->gates = c->b->last_gate = NULL;
}
