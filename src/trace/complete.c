#include "trace/join.h"

enum { CHAIN_MAX = 64 }; /* messages out of messages */

void story_join(struct story *s, struct join j)
{
	if (!s->joined || j.grade < s->confidence)
		s->confidence = j.grade;
	s->joined = true;
}

struct story *join_new_story(struct completer *c, int64_t local)
{
	struct tale *t = c->tale;
	struct story *s = arena_alloc(&c->b->mem, sizeof(*s));

	s->local = local;
	s->span_last = local;
	s->time = zone_utc(&c->b->zone, local);
	s->confidence = GRADE_EXACT;
	if (t->last != NULL)
		t->last->later = s;
	else
		t->stories = s;
	t->last = s;
	s->order = t->n++;
	return s;
}

struct party *join_add_party(struct completer *c, struct story *s, const struct name *name)
{
	struct parties *ps = &s->parties;
	struct party *p = arena_alloc(&c->b->mem, sizeof(*p));

	p->name = name;
	p->story = s;
	if (ps->last != NULL)
		ps->last->next = p;
	else
		ps->first = p;
	ps->last = p;
	ps->n++;
	return p;
}

/* The party of that name, beginning where the last look-up ended: logs name recipients in the same order. */
struct party *join_find_party(struct parties *ps, const struct name *name)
{
	struct party *p = ps->cursor != NULL ? ps->cursor : ps->first;

	for (size_t i = 0; i < ps->n; i++) {
		if (p->name == name) {
			ps->cursor = p->next != NULL ? p->next : ps->first;
			return p;
		}
		p = p->next != NULL ? p->next : ps->first;
	}
	return NULL;
}

bool join_accepted(const struct party *p)
{
	return p->code >= 200 && p->code < 300 && p->visit->final != NULL && p->visit->size_code < 400;
}

static void index_party(struct completer *c, struct visit *v, struct party *p)
{
	if (join_accepted(p)) {
		struct slot_key at = slot_key(v->from, p->name, v->final->local);

		slot_push_gate(slot_need(c, &c->accepted, at), p);
		if (v->connection == 0)
			slot_push_try(slot_need(c, &c->queued, at), p);
	} else if (p->resp != NULL && p->code >= 400) {
		slot_push_gate(slot_need(c, &c->refused, slot_key(v->from, p->name, p->resp->local)), p);
	} else if (v->final != NULL) {
		slot_push_gate(slot_need(c, &c->refused, slot_key(v->from, p->name, v->final->local)), p);
	}
}

static struct str reply_key(struct completer *c, uint64_t epoch, uint64_t qp)
{
	uint64_t k[2] = { epoch, qp };

	return arena_str(&c->b->mem, str_mem(k, sizeof(k)));
}

static void story_of_visit(struct completer *c, struct visit *v)
{
	struct story *s = join_new_story(c, v->mail != NULL ? v->mail->local : v->lines.first->local);

	s->visit = v;
	s->from = v->from;
	s->parties = v->parties;
	s->qp = v->qp;
	s->span_last = v->lines.last->local;
	if (v->mail == NULL && v->moment > 0)
		s->time = v->moment / 1000;
	v->story = s;
	if (v->qp > 0)
		map_put(&c->by_reply, reply_key(c, v->epoch, v->qp), v);
	if (v->connection > 0) {
		map_putn(&c->by_connection, v->connection, v);
		if (v->qp > 0)
			map_putn(&c->by_qp, v->qp, s);
	}
	for (struct party *p = v->parties.first; p != NULL; p = p->next) {
		p->story = s;
		index_party(c, v, p);
	}
}

/* Bounces and forwards: both numbers are in the log. */

static void link_child(struct story *parent, struct story *child)
{
	const struct story *up = parent;

	if (parent == NULL || child == NULL || child->parent != NULL)
		return;
	/* Numbers of a forged log may bite their tail. */
	for (int i = 0; i < CHAIN_MAX && up != NULL && up != child; i++)
		up = up->parent;
	if (up != NULL)
		return;
	child->parent = parent;
	if (parent->last_child != NULL)
		parent->last_child->sibling = child;
	else
		parent->child = child;
	parent->last_child = child;
}

static void link_forwards(struct completer *c, struct story *s)
{
	struct did did;

	for (struct party *p = s->parties.first; p != NULL; p = p->next)
		for (struct attempt *a = p->attempts; a != NULL; a = a->next)
			if (a->qp > 0 && a->resulted && did_of(a->report, &did) && did.qp > 0)
				link_child(s, map_getn(&c->by_qp, did.qp));
}

static void join_children(struct completer *c)
{
	for (struct bounce *x = c->b->bounces; x != NULL; x = x->later) {
		struct story *parent = map_getn(&c->by_qp, x->parent), *child = map_getn(&c->by_qp, x->qp);

		if (parent != NULL && parent->bounce == NULL)
			parent->bounce = x;
		link_child(parent, child);
	}
	for (struct story *s = c->tale->stories; s != NULL; s = s->later)
		link_forwards(c, s);
}

static void clear(struct completer *c)
{
	struct map *const maps[] = { &c->by_reply, &c->by_qp,    &c->by_connection, &c->refused,    &c->accepted,
				     &c->queued,   &c->retrying, &c->by_init,       &c->loose_gates };

	for (size_t i = 0; i < COUNT(maps); i++)
		map_clear(maps[i]);
}

void complete(struct tale *t, struct book *b)
{
	struct completer c = { .tale = t, .b = b };

	*t = (struct tale){ .book = b };
	for (struct visit *v = b->visits; v != NULL; v = v->later)
		story_of_visit(&c, v);
	join_gates(&c);
	join_attempts(&c);
	join_children(&c);
	for (struct story *s = t->stories; s != NULL; s = s->later)
		verdict_settle(b, s);
	clear(&c);
}
