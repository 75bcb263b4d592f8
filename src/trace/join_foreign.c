/* Other servers' logs: what a message came out of, and where it went on, by the ids that the lines name. */
#include <stdlib.h>

#include "trace/join.h"

enum { LOOKS = 16 }; /* messages of one id that are looked at: short ids come again */

static const struct join by_id = { GRADE_EXACT, "queue id", NULL };

/* Few messages are named by others: those whose hash no line names need not be found, and who names none that was read
 * need not be looked at.  Both sets hold a bit for each hash. */
struct linker {
	struct completer *c;
	struct map by_id, by_message_id, by_qp; /* -> latest visit */
	uint64_t *have, *wanted;
	size_t bits;   /* of each; a power of two */
	bool numbered; /* some message may have a qp */
};

/* Not keyed: who chooses ids so that they fall together gains nothing but a few more in the map. */
uint32_t join_id_hash(struct str id)
{
	uint64_t h = id.n;

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

static void put(const struct linker *k, uint64_t *set, uint32_t hash)
{
	size_t bit = hash & (k->bits - 1);

	set[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool has(const struct linker *k, const uint64_t *set, uint32_t hash)
{
	size_t bit = hash & (k->bits - 1);

	return (set[bit / 64] >> bit % 64 & 1) != 0;
}

/* What the look-ups below will ask for. */
static void want_all(struct linker *k)
{
	const struct foreign_ids *ids = &k->c->b->ids;

	k->bits = 1024;
	while (k->bits < ids->n * 16)
		k->bits *= 2;
	k->have = mem_alloc(k->bits / 8);
	k->wanted = mem_alloc(k->bits / 8);
	for (size_t i = 0; i < ids->n; i++)
		put(k, k->have, ids->at[i].hash);
	for (size_t i = 0; i < ids->nnamed; i++) {
		if (!has(k, k->have, ids->named[i].hash))
			continue;
		put(k, k->wanted, ids->named[i].hash);
		if (ids->named[i].entry != FOREIGN_ANY)
			ids->at[ids->named[i].entry].linked = true;
	}
	for (const struct attempt *a = k->c->b->attempts; a != NULL; a = a->later)
		if (a->next_id.n > 0)
			put(k, k->wanted, join_id_hash(a->next_id));
}

/* qmail's message numbers nobody names: its replies have a qp. */
static void index_ids(struct linker *k)
{
	const struct foreign_ids *ids = &k->c->b->ids;

	for (size_t i = 0; i < ids->n; i++) {
		struct visit *v = ids->at[i].visit;

		if (v->foreign->server != FOREIGN_QMAIL && has(k, k->wanted, ids->at[i].hash))
			v->foreign->same_id = map_put(&k->by_id, v->foreign->id, v);
	}
}

/* Of all visits: by what may come again on another host, or stand in a reply. */
static void index_numbers(struct linker *k, struct visit *v)
{
	struct foreign *f = v->foreign;

	if (k->c->b->ids.several && f->message_id.n > 0)
		f->same_message_id = map_put(&k->by_message_id, f->message_id, v);
	if (v->qp > 0)
		join_number_put(k->c->b, &k->by_qp, v);
}

static bool same_message(const struct visit *a, const struct visit *b)
{
	const struct str x = a->foreign->message_id, y = b->foreign->message_id;

	return x.n == 0 || y.n == 0 || str_eq(x, y);
}

/* The visit of that id, on this host or on any, that began nearest to the moment. */
static struct visit *nearest(const struct linker *k, struct str id, const struct visit *from, bool here, int64_t local)
{
	struct visit *v = id.n > 0 ? map_get(&k->by_id, id) : NULL, *best = NULL;

	for (int i = 0; i < LOOKS && v != NULL; i++, v = v->foreign->same_id) {
		if (v == from || v->story == NULL || (here && v->foreign->place != from->foreign->place))
			continue;
		if (!here && (!same_message(from, v) || join_apart(v->story->time, local) > REACH_CLOCKS))
			continue;
		if (best == NULL || join_apart(v->story->time, local) < join_apart(best->story->time, local))
			best = v;
	}
	return best;
}

/* An id that will not come again for years; a short one needs the Message-ID beside it. */
static bool unique(const struct visit *from, const struct visit *to)
{
	struct str id = to->foreign->id;

	return foreign_is_exim_id(id) || (from->foreign->message_id.n > 0 && to->foreign->message_id.n > 0) ||
	       str_chr(id, 'z') >= 0;
}

/* The only message of that Message-ID on another host that is for this recipient. */
static struct visit *by_message_id(const struct linker *k, const struct visit *from, const struct attempt *a)
{
	struct str id = from->foreign->message_id;
	struct visit *v = id.n > 0 ? map_get(&k->by_message_id, id) : NULL, *found = NULL;

	for (int i = 0; i < LOOKS && v != NULL; i++, v = v->foreign->same_message_id) {
		if (v->foreign->place == from->foreign->place || v->story == NULL ||
		    join_apart(v->story->time, a->ended) > REACH_CLOCKS || story_party(v->story, a->to) == NULL)
			continue;
		if (found != NULL)
			return NULL;
		found = v;
	}
	return found;
}

/* A server of qmail's kind answered: its epoch and qp, in our own formats or qmail-send's. */
static struct visit *by_qp(const struct linker *k, const struct attempt *a)
{
	uint64_t epoch, qp;
	struct visit *v;

	if (!k->numbered || !foreign_queued_qp(a->report, &epoch, &qp))
		return NULL;
	v = join_replied(k->c, epoch, qp);
	return v != NULL
		   ? v
		   : join_number_near(k->c->b, &k->by_qp, qp, (struct number_reach){ (int64_t)epoch, REACH_REPLY });
}

static struct visit *next_visit(const struct linker *k, struct visit *v, const struct attempt *a, struct join *j)
{
	struct visit *to = nearest(k, a->next_id, v, !a->remote, a->ended);

	if (to != NULL) {
		*j = (struct join){ unique(v, to) ? GRADE_EXACT : GRADE_STRONG,
				    "the queue id that the other server answered with", NULL };
		return to;
	}
	*j = (struct join){ GRADE_EXACT, "epoch and qp that the other server answered with", NULL };
	if (a->remote && (to = by_qp(k, a)) != NULL)
		return to;
	*j = (struct join){ GRADE_STRONG, "Message-ID and recipient", NULL };
	return a->remote ? by_message_id(k, v, a) : NULL;
}

/* Whose child it is already, where a number leads to it again, may be older than what an index reads once more. */
static bool link_child(struct linker *k, struct story *parent, struct story *child, const struct line *x, struct join j)
{
	if (!join_child(k->c->b, parent, child)) {
		if (ties_of(child)->parent != parent && child->visit->foreign->server == FOREIGN_QMAIL)
			k->c->b->unsteady = "a number of qmail's came again soon";
		return false;
	}
	child->ties->parent_line = x;
	child->ties->parent_join = j;
	return true;
}

/* The attempt handed the message over, and it is `to` there. */
static void link_hop(struct linker *k, struct story *s, struct attempt *a, struct visit *to, struct join j)
{
	if (ties_of(to->story)->parent == s && ties_of(to->story)->hop.key != NULL) {
		a->onward = to->story; /* another recipient's share of one transfer */
		s->onward = k->c->onward = true;
	}
	if (!link_child(k, s, to->story, a->lines.last, j) || !a->remote)
		return;
	to->story->ties->hop = j;
	a->onward = to->story;
	s->onward = k->c->onward = true;
	story_join(s, j);
	hop_skew_add(k->c->b, s->visit != NULL ? s->visit->foreign : NULL, a, to);
}

static void link_next(struct linker *k, struct visit *v, struct attempt *a)
{
	struct join j;
	struct visit *to = next_visit(k, v, a, &j);

	if (to != NULL && to->story != NULL)
		link_hop(k, v->story, a, to, j);
}

/* qmail: the copy's number stands in the report. */
static void link_copy(struct linker *k, struct visit *v, const struct attempt *a)
{
	struct visit *to;
	struct did did;

	if (!did_of(a->report, &did) || did.qp == 0)
		return;
	to = join_number_near(k->c->b, &k->by_qp, did.qp, (struct number_reach){ a->ended, REACH_COPY });
	if (to != NULL && to->foreign->place == v->foreign->place)
		link_child(k, v->story, to->story, a->lines.last, by_id);
}

static void link_attempts(struct linker *k, struct visit *v)
{
	for (struct party *p = v->story->parties.first; p != NULL; p = p->next) {
		for (struct attempt *a = p->attempts; a != NULL; a = a->next) {
			if (!a->resulted || a->outcome != OUTCOME_SUCCESS)
				continue;
			if (a->plain || a->remote)
				link_next(k, v, a);
			else
				link_copy(k, v, a);
		}
	}
}

static void link_bounce(struct linker *k, struct visit *v)
{
	struct foreign *f = v->foreign;
	struct bounce *x;
	struct visit *to;
	int64_t at;

	if (f->bounce == NULL)
		return;
	x = arena_alloc(&k->c->b->mem, sizeof(*x));
	x->line = f->bounce;
	x->qp = f->server == FOREIGN_QMAIL ? strtoull(arena_z(&k->c->b->mem, f->bounce_id), NULL, 10) : 0;
	ties_need(k->c->b, v->story)->bounce = x;
	at = moment_of(k->c->b, f->bounce);
	to = x->qp > 0 ? join_number_near(k->c->b, &k->by_qp, x->qp, (struct number_reach){ at, REACH_COPY })
		       : nearest(k, f->bounce_id, v, true, at);
	if (to != NULL && to->foreign->place == f->place)
		link_child(k, v->story, to->story, f->bounce, by_id);
}

/* Exim names the message that bounced, a proxy filter the one that it put back. */
static void link_parent(struct linker *k, struct visit *v)
{
	struct visit *from = nearest(k, v->foreign->parent_id, v, true, v->story->time);

	if (from != NULL)
		link_child(k, from->story, v->story, v->foreign->begins, by_id);
}

/* ---- our own deliveries to other servers, in these servers' logs ---- */

static bool may_be(const struct visit *v, const struct story *s, const struct attempt *a)
{
	return v->story != NULL && join_apart(v->story->time, a->ended) <= REACH_CLOCKS &&
	       (v->story->from == NULL || s->from == NULL || v->story->from == s->from);
}

/* The message of that id whose sender is ours, nearest to the delivery.  (Our log has no Message-ID.) */
static struct visit *queued_as(const struct linker *k, const struct story *s, const struct attempt *a)
{
	struct visit *v = a->next_id.n > 0 ? map_get(&k->by_id, a->next_id) : NULL, *best = NULL;

	for (int i = 0; i < LOOKS && v != NULL; i++, v = v->foreign->same_id)
		if (may_be(v, s, a) &&
		    (best == NULL || join_apart(v->story->time, a->ended) < join_apart(best->story->time, a->ended)))
			best = v;
	return best;
}

/* By qmail-send's number, which comes again soon. */
static struct visit *queued_qp(const struct linker *k, const struct story *s, const struct attempt *a)
{
	uint64_t epoch, qp;
	struct visit *v =
	    foreign_queued_qp(a->report, &epoch, &qp)
		? join_number_near(k->c->b, &k->by_qp, qp, (struct number_reach){ (int64_t)epoch, REACH_REPLY })
		: NULL;

	return v != NULL && may_be(v, s, a) ? v : NULL;
}

static void link_ours(struct linker *k, struct story *s, struct attempt *a)
{
	struct join j = { GRADE_EXACT, "the queue id that the other server answered with", NULL };
	struct visit *to = queued_as(k, s, a);
	bool sure = to != NULL && (foreign_is_exim_id(a->next_id) || str_chr(a->next_id, 'z') >= 0);

	if (to == NULL) {
		to = queued_qp(k, s, a);
		j.key = "epoch and qp that the other server answered with";
	}
	if (to == NULL)
		return;
	if (!sure && (story_party(to->story, a->to) == NULL || join_apart(to->story->time, a->ended) > REACH_HANDED))
		j.grade = GRADE_STRONG;
	link_hop(k, s, a, to, j);
}

static void link_all_ours(struct linker *k)
{
	for (struct story *s = k->c->tale->stories; s != NULL; s = s->later) {
		if (s->visit != NULL && s->visit->foreign != NULL)
			continue;
		for (struct party *p = s->parties.first; p != NULL; p = p->next)
			for (struct attempt *a = p->attempts; a != NULL; a = a->next)
				if (a->remote && a->resulted && a->outcome == OUTCOME_SUCCESS)
					link_ours(k, s, a);
	}
}

static void widen(struct visit *v)
{
	struct story *s = v->story;

	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			join_widen(s, a->ended);
}

static void link_visit(struct linker *k, struct visit *v)
{
	widen(v);
	link_bounce(k, v);
	link_parent(k, v);
	link_attempts(k, v);
}

/* Servers whose messages have a qp: ours, and qmail. */
static bool have_numbers(const struct source *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].family == LOG_SMTP || (s->files[i].servers >> FOREIGN_QMAIL & 1) != 0)
			return true;
	return false;
}

/* Where neither a Message-ID nor a qp can tell, only who names another message's id is linked to one. */
void join_foreign(struct completer *c)
{
	struct linker k = { .c = c, .numbered = have_numbers(c->b->source) };
	struct foreign_ids *ids = &c->b->ids;
	bool all = ids->several || k.numbered;
	struct visit *v;

	if (ids->n == 0)
		return;
	want_all(&k);
	index_ids(&k);
	for (v = all ? c->b->visits : NULL; v != NULL; v = v->later)
		if (v->foreign != NULL && v->story != NULL)
			index_numbers(&k, v);
	for (v = all ? c->b->visits : NULL; v != NULL; v = v->later)
		if (v->foreign != NULL && v->story != NULL)
			link_visit(&k, v);
	for (size_t i = 0; i < ids->n && !all; i++)
		if (ids->at[i].linked)
			link_visit(&k, ids->at[i].visit);
	if (k.by_id.n + k.by_qp.n > 0)
		link_all_ours(&k);
	hop_skew_settle(c->b);
	free(k.have);
	free(k.wanted);
	map_clear(&k.by_id);
	map_clear(&k.by_message_id);
	map_clear(&k.by_qp);
}
