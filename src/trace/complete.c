#include "trace/join.h"

const struct ties no_ties;

struct ties *ties_need(struct book *b, struct story *s)
{
	if (s->ties == NULL)
		s->ties = arena_alloc(&b->mem, sizeof(*s->ties));
	return s->ties;
}

void story_join(struct story *s, struct join j)
{
	if (!s->joined || j.grade < s->confidence)
		s->confidence = j.grade;
	s->joined = true;
}

struct story *join_new_story(struct completer *c, const struct line *began)
{
	struct tale *t = c->tale;
	struct story *s = arena_alloc(&c->b->pools.stories, sizeof(*s));

	s->time = moment_of(c->b, began);
	s->began = s->ended = moment_joined(c->b, began);
	s->confidence = GRADE_EXACT;
	if (t->last != NULL)
		t->last->later = s;
	else
		t->stories = s;
	t->last = s;
	MUST(t->n < UINT32_MAX);
	s->order = (uint32_t)t->n++;
	return s;
}

void join_widen(struct story *s, int64_t at)
{
	if (at > s->ended)
		s->ended = at;
}

/* Many recipients are found by hash: a log that names them in no order, or names others, must not cost the square. */
enum { MANY = 64, LOOKED_AT = 1000 };

static uint64_t party_key(const struct story *s, const struct name *name)
{
	return (uint64_t)s->order << 32 | name->id;
}

static void index_many(struct completer *c, struct story *s, struct party *from)
{
	for (struct party *p = from; p != NULL; p = p->next)
		if (map_getn(&c->many, party_key(s, p->name)) == NULL)
			map_putn(&c->many, party_key(s, p->name), p);
}

struct party *join_add_party(struct completer *c, struct story *s, struct name *name)
{
	struct parties *ps = &s->parties;
	struct party *p = arena_alloc(&c->b->pools.parties, sizeof(*p));

	p->name = name;
	p->story = s;
	parties_add(ps, p);
	if (ps->n == MANY + 1)
		index_many(c, s, ps->first);
	else if (ps->n > MANY)
		index_many(c, s, p);
	return p;
}

struct party *join_find_party(const struct completer *c, struct story *s, const struct name *name)
{
	struct parties *ps = &s->parties;
	struct party *p = ps->cursor != NULL ? ps->cursor : ps->first;

	if (ps->n > MANY)
		return map_getn(&c->many, party_key(s, name));
	for (size_t i = 0; i < ps->n; i++) {
		if (p->name == name) {
			ps->cursor = p->next != NULL ? p->next : ps->first;
			return p;
		}
		p = p->next != NULL ? p->next : ps->first;
	}
	return NULL;
}

const struct party *story_party(struct story *s, const struct name *name)
{
	struct parties *ps = &s->parties;
	struct party *p = ps->cursor != NULL ? ps->cursor : ps->first;

	for (size_t i = 0; i < ps->n && i < LOOKED_AT; i++, p = p->next != NULL ? p->next : ps->first) {
		if (p->name != name)
			continue;
		ps->cursor = p->next != NULL ? p->next : ps->first;
		return p;
	}
	return NULL;
}

bool join_accepted(const struct party *p)
{
	return p->code >= 200 && p->code < 300 && p->visit->final != NULL && p->visit->size_code < 400;
}

/* Another server's messages have their attempts already; before qmail a gate may have stood. */
static bool foreign_gated(const struct visit *v)
{
	return v->foreign->server == FOREIGN_QMAIL || v->foreign->server == FOREIGN_CHKUSER;
}

/* The line that decided about the party. */
static const struct line *reply_to(const struct visit *v, const struct party *p)
{
	return join_accepted(p) || p->resp == NULL || p->code < 400 ? v->final : p->resp;
}

static void index_party(struct completer *c, struct visit *v, struct party *p)
{
	const struct line *reply = reply_to(v, p);
	struct slot_key at;

	if (reply == NULL)
		return;
	at = slot_key(v->from, p->name, moment_of(c->b, reply));
	if (!join_accepted(p)) {
		slot_push_gate(slot_need(&c->refused, at), p);
		return;
	}
	slot_push_gate(slot_need(&c->accepted, at), p);
	if (v->connection > 0 || v->foreign != NULL)
		return;
	slot_push_try(slot_need(&c->queued, at), p);
	slot_note(slot_need(&c->recipients, slot_key(NULL, p->name, at.second)), p);
}

/* An accepted message of an old log awaits its init. */
static void index_message(struct completer *c, struct visit *v)
{
	struct slot *s;

	if (v->connection > 0 || v->final == NULL || v->size_code >= 400)
		return;
	s = slot_need(&c->begun, slot_key(v->from, NULL, moment_of(c->b, v->final)));
	if (s->last_visit != NULL)
		s->last_visit->init_queue = v;
	else
		s->visits = v;
	s->last_visit = v;
}

/* Of several of one second and number the latest stands first. */
static void index_reply(struct completer *c, struct visit *v)
{
	struct slot *s = slot_need(&c->replied, slot_reply_key(v->epoch, v->qp));

	v->same_reply = s->visits;
	s->visits = v;
}

/* Which recipients did the client name more than once?  mark: no other visit's, and not 0. */
static void mark_repeated(struct visit *v, uint32_t mark)
{
	for (struct party *p = v->parties.first; p != NULL; p = p->next) {
		p->repeated = p->name->mark == mark;
		p->name->mark = mark;
	}
	for (struct party *p = v->parties.first; p != NULL; p = p->next)
		if (p->repeated)
			p->name->mark = 0;
	for (struct party *p = v->parties.first; p != NULL; p = p->next)
		p->repeated = p->name->mark == 0;
}

/* The names and lines of which its keys are made, and then the slots of these. */
static void names_soon(const struct visit *v)
{
	__builtin_prefetch(v->from);
	__builtin_prefetch(v->mail);
	__builtin_prefetch(v->final);
	if (v->parties.first == NULL)
		return;
	__builtin_prefetch(v->parties.first->name);
	__builtin_prefetch(v->parties.first->resp);
}

static void slots_soon(const struct completer *c, const struct visit *v)
{
	const struct party *p = v->parties.first;
	const struct line *reply = p != NULL ? reply_to(v, p) : NULL;
	struct slot_key at;

	if (v->qp > 0)
		slot_soon(&c->replied, slot_reply_key(v->epoch, v->qp));
	if (reply == NULL || v->foreign != NULL)
		return;
	at = slot_key(v->from, p->name, moment_of(c->b, reply));
	if (!join_accepted(p)) {
		slot_soon(&c->refused, at);
		return;
	}
	slot_soon(&c->accepted, at);
	if (v->connection > 0)
		return;
	slot_soon(&c->queued, at);
	slot_soon(&c->recipients, slot_key(NULL, p->name, at.second));
	slot_soon(&c->begun, slot_key(v->from, NULL, at.second));
}

static void story_of_visit(struct completer *c, struct visit *v)
{
	struct story *s = join_new_story(c, v->foreign != NULL ? v->foreign->begins
					    : v->mail != NULL  ? v->mail
							       : v->lines.first);

	s->visit = v;
	s->from = v->from;
	s->parties = v->parties;
	s->qp = v->qp;
	if (v->lines.last != NULL)
		join_widen(s, moment_of(c->b, v->lines.last));
	if (v->foreign != NULL)
		join_widen(s, v->foreign->last);
	if (v->mail == NULL && v->moment > 0)
		s->time = v->moment / 1000;
	v->story = s;
	if (v->qp > 0)
		index_reply(c, v);
	if (v->connection > 0) {
		map_putn(&c->by_connection, v->connection, v);
		if (v->qp > 0)
			map_putn(&c->by_qp, v->qp, s);
	}
	if (v->parties.n > 1)
		mark_repeated(v, s->order + 1);
	for (struct party *p = v->parties.first; p != NULL; p = p->next) {
		p->story = s;
		join_refused(c, v, p);
		if (v->foreign == NULL || foreign_gated(v))
			index_party(c, v, p);
	}
	if (s->parties.n > MANY)
		index_many(c, s, s->parties.first);
	if (v->foreign == NULL)
		index_message(c, v);
	join_known_visit(c, v);
}

static void clear(struct completer *c)
{
	struct map *const maps[] = { &c->by_qp, &c->by_connection, &c->loose_gates, &c->makers,
				     &c->many,  &c->twins,         &c->again };
	struct slots *const slots[] = { &c->replied,    &c->refused, &c->accepted, &c->queued,
					&c->recipients, &c->begun,   &c->retrying };

	for (size_t i = 0; i < COUNT(maps); i++)
		map_clear(maps[i]);
	for (size_t i = 0; i < COUNT(slots); i++)
		slots_clear(slots[i]);
	arena_clear(&c->mem);
}

static void begin(struct completer *c, struct tale *t, struct book *b)
{
	*t = (struct tale){ .book = b };
	*c = (struct completer){ .tale = t, .b = b };
	slots_begin(&c->refused, &c->mem, sizeof(struct slot));
	slots_begin(&c->accepted, &c->mem, sizeof(struct slot));
	slots_begin(&c->queued, &c->mem, sizeof(struct slot));
	slots_begin(&c->recipients, &c->mem, offsetof(struct slot, first));
	slots_begin(&c->replied, &c->mem, offsetof(struct slot, last_visit));
	slots_begin(&c->begun, &c->mem, offsetof(struct slot, last_visit) + sizeof(struct visit *));
	slots_begin(&c->retrying, &c->mem, offsetof(struct slot, waiting) + sizeof(struct waiter *));
}

static void tell_visits(struct completer *c)
{
	const struct visit *near = c->b->visits, *far = near;
	int n = 0;

	for (struct visit *v = c->b->visits; v != NULL; v = v->later, n--) {
		for (; n < 2 * JOIN_AHEAD && far != NULL; n++, far = far->later) {
			names_soon(far);
			if (n >= JOIN_AHEAD) {
				slots_soon(c, near);
				near = near->later;
			}
		}
		if (v->foreign == NULL || !v->foreign->absorbed)
			story_of_visit(c, v);
	}
}

/* Walks over all stories that only other servers' logs give anything to do. */
static void complete_foreign(struct completer *c)
{
	join_foreign(c);
	for (struct story *s = c->onward ? c->tale->stories : NULL; s != NULL; s = s->later)
		verdict_beyond(c->b, s);
}

void complete(struct tale *t, struct book *b)
{
	struct completer c;
	bool foreign = source_has(b->source, LOG_FOREIGN);

	begin(&c, t, b);
	if (foreign)
		join_foreign_begin(&c);
	tell_visits(&c);
	join_skew(&c);
	join_gates(&c);
	join_inits(&c);
	join_attempts(&c);
	join_children(&c);
	if (foreign)
		complete_foreign(&c);
	join_first_tries(&c);
	for (struct story *s = t->stories; s != NULL; s = s->later) {
		s->parties.cursor = NULL; /* as it is of a story out of an index */
		verdict_settle(b, s);
	}
	clear(&c);
}
