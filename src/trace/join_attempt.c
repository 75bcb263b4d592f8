#include "trace/join.h"

enum { SAME_NAME = 16 }; /* repetitions of one address that are told apart */

void join_attach(struct completer *c, struct party *p, struct attempt *a)
{
	struct story *s = p->story;

	p->deferral = NULL;
	if (p->last_attempt != NULL)
		p->last_attempt->next = a;
	else
		p->attempts = a;
	p->last_attempt = a;
	join_widen(s, a->ended > a->started ? a->ended : a->started);
	story_join(s, a->join);
	if (a->qp == 0 && a->resulted && a->outcome == OUTCOME_DEFERRAL)
		wait_begin(c, p);
}

/* Is this the delivery's recipient?  The same address named twice is two deliveries, each with retries of its own. */
static bool takes(const struct party *p, const struct attempt *a)
{
	const struct attempt *last = NULL;

	for (const struct attempt *x = p->attempts; x != NULL; x = x->next)
		if (x->to == a->to)
			last = x;
	return last == NULL || (last->resulted && last->outcome == OUTCOME_DEFERRAL);
}

static struct party *party_of(const struct completer *c, struct story *s, const struct attempt *a)
{
	struct party *p = join_find_party(c, s, a->original);

	if (p == NULL)
		p = join_find_party(c, s, a->to);
	for (int i = 0; p != NULL && p->repeated && !takes(p, a) && i < SAME_NAME; i++)
		p = join_find_party(c, s, p->name);
	return p;
}

static bool join_by_qp(struct completer *c, struct attempt *a)
{
	struct story *s = a->qp > 0 ? map_getn(&c->by_qp, a->qp) : NULL;
	struct party *p;

	if (a->qp == 0)
		return false;
	a->join = (struct join){ GRADE_EXACT, "message number (qp)", NULL };
	if (s == NULL) {
		s = join_new_story(c, a->init != NULL ? a->init : a->lines.first);
		s->from = a->from;
		s->qp = a->qp;
		if (a->moment > 0)
			s->time = a->moment / 1000;
		map_putn(&c->by_qp, a->qp, s);
	}
	p = party_of(c, s, a);
	join_attach(c, p != NULL ? p : join_add_party(c, s, a->original), a);
	return true;
}

static const int seconds[] = { 0, -1, -2, 1 };

/* The message of that sender that waits for this try, and leaves its queue when `take` is set. */
static struct party *queued_near(const struct completer *c, const struct name *from, const struct attempt *a, bool take)
{
	for (size_t i = 0; i < COUNT(seconds); i++) {
		struct slot *s = slot_get(&c->queued, slot_key(from, a->to, a->started + seconds[i]));
		struct party *p = slot_untried(s);

		if (p != NULL && take)
			s->first = p->try_queue;
		if (p != NULL)
			return p;
	}
	return NULL;
}

/* Of the inits near, whose message waited for this recipient?  The nearest one; of *n senders, each of whom may have
 * another's try then. */
static struct init *fitting(const struct completer *c, const struct inits *in, const struct attempt *a, size_t *n)
{
	struct init *found = NULL;
	struct party *first = NULL;
	struct senders senders;

	*n = 0;
	init_senders(c, a, &senders);
	for (size_t i = 0; i < in->n; i++) {
		struct init *x = in->at[i];
		struct party *p;

		if (!init_may_be(&senders, x->from) || (i > 0 && x->from == in->at[i - 1]->from) ||
		    (found != NULL && x->from == found->from))
			continue;
		p = queued_near(c, x->from, a, false);
		if (p == NULL)
			continue;
		if ((*n)++ == 0) {
			found = x;
			first = p;
		} else {
			p->contested = first->contested = true;
		}
	}
	return found;
}

/* The oldest message accepted for this recipient within the last hour and never tried, but for `except`.  Those that
 * were tried leave the queue. */
static struct party *late_waiting(struct completer *c, const struct attempt *a, const struct party *except)
{
	struct slot *s = slot_get(&c->queued, slot_key(NULL, a->to, JOIN_ANY_SECOND));
	struct party **at = s != NULL ? &s->first : NULL, *p;

	while (at != NULL && (p = *at) != NULL) {
		int64_t final = moment_of(c->b, p->visit->final);

		if (p->attempts != NULL || a->started - final > REACH_FIRST_TRY)
			*at = p->gate_queue;
		else if (final > a->started + 1)
			return NULL;
		else if (p != except)
			return p;
		else
			at = &p->gate_queue;
	}
	return NULL;
}

static void take_init(struct attempt *a, struct init *x)
{
	a->init = x->line;
	a->from = x->from;
}

/* Is this the only try for its recipient within JOIN_NEAR seconds? */
static bool only_try(const struct completer *c, const struct attempt *a)
{
	unsigned n = 0;

	for (int d = -JOIN_NEAR; d <= JOIN_NEAR; d++) {
		const struct slot *s = slot_get(&c->recipients, slot_key(NULL, a->to, a->started + d));

		n += s != NULL ? s->rivals : 0;
	}
	return n == 1;
}

/* Another sender's message, whose recipient was rewritten, may have led to this try. */
static bool alias_near(struct completer *c, const struct inits *in, const struct attempt *a)
{
	size_t n;

	return !only_try(c, a) && init_rewritten(c, in, &n) != NULL;
}

static bool join_by_time(struct completer *c, struct attempt *a, const struct inits *in)
{
	size_t n;
	struct init *x = fitting(c, in, a, &n);
	const struct party *rival;
	struct party *p;
	bool sure;

	if (x == NULL)
		return false;
	take_init(a, x);
	p = queued_near(c, x->from, a, true);
	sure = n == 1 && !p->contested && wait_nobody(c, a) && slot_alone(&c->queued, x->from, a->to, a->started) &&
	       late_waiting(c, a, p) == NULL && !alias_near(c, in, a);
	rival = sure ? NULL : slot_rival(&c->queued, slot_key(x->from, a->to, a->started), p);
	a->join = (struct join){ sure ? GRADE_STRONG : GRADE_GUESS, "sender, recipient and second",
				 rival != NULL ? rival->to : NULL };
	join_attach(c, p, a);
	return true;
}

/* The nearest init that no accepted message accounts for, if it can have caused this try. */
static struct init *strange_init(const struct inits *in)
{
	struct init *used = NULL;

	for (size_t i = 0; i < in->n; i++) {
		struct init *x = in->at[i];

		if (x->visit == NULL && x->story == NULL)
			return x;
		if (x->visit == NULL && x->from->text.n > 0 && used == NULL)
			used = x; /* a message of many recipients; a bounce has one */
	}
	return used;
}

const char join_retry_key[] = "sender and recipient, after a deferral";

/* After a guess the party goes on waiting. */
void join_attach_retry(struct completer *c, struct party *p, struct attempt *a, bool sure)
{
	const struct attempt *since = p->deferral;

	a->join = (struct join){ sure ? GRADE_STRONG : GRADE_GUESS, join_retry_key, NULL };
	if (!sure)
		p->deferral = NULL;
	join_attach(c, p, a);
	if (!sure)
		wait_on(p, since);
}

/* One that comes at another time than qmail's is a guess. */
static void attach_retry(struct completer *c, struct party *p, struct attempt *a, const struct due *due, bool sure)
{
	join_attach_retry(c, p, a, sure && due->sole && due->off <= WAIT_ON_TIME);
}

/* A later attempt of a message that was deferred before, under an init of its own.  Out of turn it is believed only
 * where nothing else can be meant; bounces have no sender to be known by. */
static bool join_retry_of_sender(struct completer *c, struct attempt *a, const struct inits *in, bool on_time)
{
	for (size_t i = 0; i < in->n; i++) {
		struct init *x = in->at[i];
		struct party *p;
		struct due due;

		if (x->visit != NULL || x->story != NULL)
			continue;
		p = wait_due(c, x->from, a, &due);
		if (p == NULL ||
		    (due.off > WAIT_ON_TIME && (on_time || !due.sole || in->strange != 1 || x->from->text.n == 0)))
			continue;
		take_init(a, x);
		x->story = p->story;
		a->claims = true;
		attach_retry(c, p, a, &due, in->strange == 1 && late_waiting(c, a, NULL) == NULL);
		return true;
	}
	return false;
}

/* The same under no init, as qmail-send writes it: only the recipient is known. */
static bool join_retry(struct completer *c, struct attempt *a, const struct inits *in, bool on_time)
{
	const struct init *strange = strange_init(in);
	struct due due;
	struct party *p;

	if (join_retry_of_sender(c, a, in, on_time))
		return true;
	p = wait_due(c, NULL, a, &due);
	if (p == NULL || (due.off > WAIT_ON_TIME && (on_time || (strange != NULL && strange->story == NULL))))
		return false;
	attach_retry(c, p, a, &due, in->strange == 0 && late_waiting(c, a, NULL) == NULL);
	return true;
}

/* The message's recipient was an alias: the try bears the name of its target. */
static bool join_rewritten(struct completer *c, struct attempt *a, const struct inits *in)
{
	const struct init *strange = strange_init(in);
	size_t n;
	struct party *p = init_rewritten(c, in, &n);

	if (strange != NULL && strange->story != NULL)
		strange = NULL; /* it had its try */
	if (p == NULL || (strange != NULL && (n > 1 || (a->opens && in->at[0] == strange))))
		return false;
	a->join = (struct join){ n == 1 && strange == NULL && only_try(c, a) ? GRADE_STRONG : GRADE_GUESS,
				 "sender and second; the recipient's name was rewritten", NULL };
	a->from = p->story->from;
	join_attach(c, p, a);
	return true;
}

/* A first attempt that started late: the oldest accepted message for this recipient that was never tried. */
static bool join_late(struct completer *c, struct attempt *a, const struct inits *in)
{
	struct init *strange = strange_init(in);
	struct party *p = late_waiting(c, a, NULL);
	bool other = strange != NULL && strange->story == NULL && a->opens;

	if (p == NULL || (other && strange->from != p->story->from))
		return false;
	if (other) {
		take_init(a, strange);
		strange->story = p->story;
		a->claims = true;
	}
	a->join = (struct join){ GRADE_GUESS, "recipient; the attempt began later", NULL };
	a->from = p->story->from;
	join_attach(c, p, a);
	return true;
}

/* Sent from this machine, a bounce, or the SMTP log is missing: what stood under one init is one message. */
static void attempt_alone(struct completer *c, struct attempt *a, const struct inits *in)
{
	struct init *x = strange_init(in);
	struct story *s = NULL;
	struct party *p;
	bool sure = x != NULL && in->strange == 1;

	if (x == NULL && in->n > 0)
		x = in->at[0];
	if (x != NULL) {
		take_init(a, x);
		s = x->visit == NULL && x->story != NULL && x->story->visit == NULL ? x->story : NULL;
	} else {
		a->init = NULL; /* long ago, and another's */
		a->from = NULL;
	}
	if (s == NULL) {
		s = join_new_story(c, x != NULL ? x->line : a->lines.first);
		s->from = a->from;
		if (x != NULL && x->visit == NULL)
			x->story = s;
	}
	a->claims = x != NULL && x->story == s;
	a->join = (struct join){ sure || x == NULL ? GRADE_STRONG : GRADE_GUESS,
				 x != NULL ? "init and try stand together" : "the try alone", NULL };
	p = join_find_party(c, s, a->to);
	join_attach(c, p != NULL ? p : join_add_party(c, s, a->to), a);
}

static void join_old(struct completer *c, struct attempt *a)
{
	struct inits in;

	init_near(a, &in);
	if (!join_by_time(c, a, &in) && !join_retry(c, a, &in, true) && !join_rewritten(c, a, &in) &&
	    !join_retry(c, a, &in, false) && !join_late(c, a, &in))
		attempt_alone(c, a, &in);
}

static void before_join(const struct completer *c, struct attempt *a)
{
	slot_soon(&c->recipients, slot_key(NULL, a->to, a->started));
	slot_soon(&c->queued, slot_key(NULL, a->to, JOIN_ANY_SECOND));
	slot_soon(&c->retrying, slot_key(NULL, a->to, JOIN_ANY_SECOND));
}

static void just_before_join(const struct completer *c, const struct attempt *a)
{
	slot_sooner(&c->recipients, slot_key(NULL, a->to, a->started));
	slot_sooner(&c->queued, slot_key(NULL, a->to, JOIN_ANY_SECOND));
}

void join_attempts(struct completer *c)
{
	struct attempt *first = c->b->attempts;
	struct ahead ahead = { first, first, 0, before_join, just_before_join, first };

	if (c->b->attempts == NULL)
		return;
	join_index_attempts(c);
	for (struct attempt *a = c->b->attempts; a != NULL; a = a->later) {
		join_look_ahead(c, &ahead);
		if (!join_by_qp(c, a) && !join_known_attempt(c, a))
			join_old(c, a);
	}
}
