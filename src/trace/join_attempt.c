#include "trace/join.h"

enum {
	QUEUE_DELAY = 3600,         /* a first attempt may start this late, at a guess */
	LIFETIME = 7 * 86400 + 3600 /* qmail's default; the longest wait for a retry */
};

/* A deferred party waits in two slots: an old log's later attempt may have no init of its own, and so no sender. */
static struct slot *retry_slot(struct completer *c, const struct name *from, const struct name *to)
{
	return slot_need(c, &c->retrying, slot_key(from, to, JOIN_ANY_SECOND));
}

static void expect_retry(struct completer *c, struct party *p)
{
	struct slot *const both[] = { retry_slot(c, p->story->from, p->name), retry_slot(c, NULL, p->name) };

	p->deferred = true;
	for (size_t i = 0; i < COUNT(both); i++) {
		both[i]->parties++;
		both[i]->first = p;
	}
}

static void retry_came(struct completer *c, struct party *p)
{
	struct slot *const both[] = { retry_slot(c, p->story->from, p->name), retry_slot(c, NULL, p->name) };

	p->deferred = false;
	for (size_t i = 0; i < COUNT(both); i++) {
		both[i]->parties--;
		if (both[i]->first == p)
			both[i]->first = NULL;
	}
}

static void attach_attempt(struct completer *c, struct party *p, struct attempt *a)
{
	struct story *s = p->story;
	int64_t last = a->ended > a->started ? a->ended : a->started;

	if (p->deferred)
		retry_came(c, p);
	if (p->last_attempt != NULL)
		p->last_attempt->next = a;
	else
		p->attempts = a;
	p->last_attempt = a;
	if (last > s->span_last)
		s->span_last = last;
	story_join(s, a->join);
	if (a->qp == 0 && a->resulted && a->outcome == OUTCOME_DEFERRAL)
		expect_retry(c, p);
}

static bool join_by_qp(struct completer *c, struct attempt *a)
{
	struct story *s = a->qp > 0 ? map_getn(&c->by_qp, a->qp) : NULL;
	struct party *p;

	if (a->qp == 0)
		return false;
	a->join = (struct join){ GRADE_EXACT, "message number (qp)" };
	if (s == NULL) {
		s = join_new_story(c, a->init != NULL ? a->init->local : a->started);
		s->from = a->from;
		s->qp = a->qp;
		if (a->moment > 0)
			s->time = a->moment / 1000;
		map_putn(&c->by_qp, a->qp, s);
	}
	p = join_find_party(&s->parties, a->original);
	if (p == NULL)
		p = join_find_party(&s->parties, a->to);
	attach_attempt(c, p != NULL ? p : join_add_party(c, s, a->original), a);
	return true;
}

static struct party *queued_near(const struct completer *c, const struct name *from, const struct attempt *a)
{
	static const int order[] = { 0, -1, -2, 1 };

	for (size_t i = 0; i < COUNT(order); i++) {
		struct slot *s = slot_get(&c->queued, slot_key(from, a->to, a->started + order[i]));
		struct party *p = slot_pop_untried(s);

		if (p != NULL)
			return p;
	}
	return NULL;
}

static bool has_queued_near(const struct completer *c, const struct name *from, const struct attempt *a)
{
	for (int d = -JOIN_NEAR; d <= 1; d++) {
		const struct slot *s = slot_get(&c->queued, slot_key(from, a->to, a->started + d));

		if (s != NULL && s->first != NULL)
			return true;
	}
	return false;
}

/* Inits stood side by side: of their senders, whose message waited for this recipient?  One only: it is his. */
static bool pick_sender(const struct completer *c, struct attempt *a)
{
	unsigned fitting = a->from != NULL && has_queued_near(c, a->from, a);
	int tries = 0;

	for (struct attempt *r = a->rival; r != NULL && tries < 16; r = r->rival, tries++) {
		if (r->from == a->from || !has_queued_near(c, r->from, a))
			continue;
		if (fitting++ == 0) {
			a->from = r->from;
			a->init = r->init;
		}
	}
	return fitting <= 1;
}

static bool join_by_time(struct completer *c, struct attempt *a)
{
	bool one_sender = a->rival == NULL || pick_sender(c, a);
	bool sure = one_sender && slot_alone(&c->queued, a->from, a->to, a->started);
	struct party *p = queued_near(c, a->from, a);

	if (p == NULL)
		return false;
	a->join = (struct join){ sure ? GRADE_STRONG : GRADE_GUESS, "sender, recipient and second" };
	attach_attempt(c, p, a);
	return true;
}

/* The party of the slot whose last attempt was deferred before this one began. */
static struct party *deferred_in(struct completer *c, const struct name *from, const struct attempt *a, bool *sole)
{
	const struct slot *s = slot_get(&c->retrying, slot_key(from, a->to, JOIN_ANY_SECOND));
	struct party *p = s != NULL ? s->first : NULL;

	if (p == NULL || a->started - p->last_attempt->started > LIFETIME || a->started < p->last_attempt->ended)
		return NULL;
	*sole = s->parties == 1;
	return p;
}

/* A later attempt of a message that was deferred before.  Its init may be long ago, and the one before it another's. */
static bool join_retry(struct completer *c, struct attempt *a)
{
	const char *key = "sender and recipient, after a deferral";
	bool sole = false, unsure = false, fresh = a->init != NULL && a->started - a->init->local <= 1;
	struct party *p = deferred_in(c, a->from, a, &sole);

	if (p == NULL && !(fresh && a->opens)) {
		p = deferred_in(c, NULL, a, &sole);
		key = "recipient, after a deferral";
		unsure = fresh;
	}
	if (p == NULL)
		return false;
	a->join = (struct join){ sole && !unsure ? GRADE_STRONG : GRADE_GUESS, key };
	attach_attempt(c, p, a);
	return true;
}

/* A first attempt that started late: the oldest accepted message of the pair that was never tried. */
static bool join_late(struct completer *c, struct attempt *a)
{
	struct slot *s = slot_get(&c->queued, slot_key(a->from, a->to, JOIN_ANY_SECOND));
	struct party *p;

	while ((p = s != NULL ? s->first : NULL) != NULL) {
		int64_t accepted = p->visit->final->local;

		if (accepted > a->started + 1)
			return false;
		s->first = p->gate_queue;
		if (p->attempts != NULL || a->started - accepted > QUEUE_DELAY)
			continue;
		a->join = (struct join){ GRADE_GUESS, "sender and recipient; the attempt began later" };
		attach_attempt(c, p, a);
		return true;
	}
	return false;
}

/* Sent from this machine, a bounce, or the SMTP log is missing: what stood under one init is one message. */
static void attempt_alone(struct completer *c, struct attempt *a)
{
	uint64_t init = (uint64_t)(uintptr_t)a->init;
	struct story *s = a->init != NULL ? map_getn(&c->by_init, init) : NULL;
	struct party *p;

	if (s == NULL) {
		s = join_new_story(c, a->init != NULL ? a->init->local : a->started);
		s->from = a->from;
		if (a->init != NULL)
			map_putn(&c->by_init, init, s);
	}
	a->join = (struct join){ GRADE_STRONG, "init and try stand together" };
	p = join_find_party(&s->parties, a->to);
	attach_attempt(c, p != NULL ? p : join_add_party(c, s, a->to), a);
}

static void count_attempt_rivals(struct completer *c)
{
	for (const struct attempt *a = c->b->attempts; a != NULL; a = a->later) {
		struct slot *s = a->qp == 0 ? slot_get(&c->queued, slot_key(a->from, a->to, a->started)) : NULL;

		if (s != NULL)
			s->rivals++;
	}
}

/* The gate is done with its queue links: they now hold the waiting parties of each pair, by time. */
static void index_late(struct completer *c)
{
	for (struct visit *v = c->b->visits; v != NULL; v = v->later) {
		for (struct party *p = v->parties.first; v->connection == 0 && p != NULL; p = p->next) {
			p->gate_queue = NULL;
			if (join_accepted(p))
				slot_push_gate(slot_need(c, &c->queued, slot_key(v->from, p->name, JOIN_ANY_SECOND)),
					       p);
		}
	}
}

void join_attempts(struct completer *c)
{
	index_late(c);
	count_attempt_rivals(c);
	for (struct attempt *a = c->b->attempts; a != NULL; a = a->later) {
		if (!join_by_qp(c, a) && !join_by_time(c, a) && !join_retry(c, a) && !join_late(c, a))
			attempt_alone(c, a);
	}
}
