/* Old delivery logs: messages that were deferred wait for their next attempt, which bears a new number and often no
 * sender.  It is found by its recipient, and by the moment at which qmail tries again. */
#include "trace/join.h"

enum { WAITERS = 64 }; /* of one recipient, looked at */

/* A deferred party waits in two slots: an old log's later attempt may have no init of its own, and so no sender. */
static struct slot *retry_slot(struct completer *c, const struct name *from, const struct name *to)
{
	return slot_need(&c->retrying, slot_key(from, to, JOIN_ANY_SECOND));
}

static void wait_in(struct completer *c, struct slot *s, struct party *p)
{
	struct waiter *w = arena_alloc(&c->mem, sizeof(*w));

	*w = (struct waiter){ .party = p, .since = p->deferral, .next = s->waiting };
	s->waiting = w;
}

void wait_begin(struct completer *c, struct party *p)
{
	p->deferral = p->last_attempt;
	wait_in(c, retry_slot(c, p->story->from, p->last_attempt->to), p);
	wait_in(c, retry_slot(c, NULL, p->last_attempt->to), p);
}

/* A guess says nothing about the attempt that is due: p goes on waiting after `since`, unless it was deferred anew. */
void wait_on(struct party *p, const struct attempt *since)
{
	if (p->deferral == NULL)
		p->deferral = since;
}

static bool waits(const struct waiter *w)
{
	return w->party->deferral == w->since;
}

static int64_t root_of(int64_t n)
{
	int64_t root = 0;

	for (int64_t bit = 1024; bit > 0; bit /= 2)
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	return root;
}

static int64_t born_of(const struct completer *c, const struct waiter *w)
{
	const struct visit *v = w->party->visit;

	return v != NULL && v->final != NULL ? moment_of(c->b, v->final) : w->party->story->began;
}

/* qmail tries again (sqrt(age) + c)^2 seconds after the message's birth (LOG-FORMATS 3.2).  How far off is this?  The
 * age is that of the deferred attempt, somewhere from its beginning to its end; a second more or less is rounding. */
static int64_t off_schedule(const struct completer *c, const struct waiter *w, const struct attempt *a)
{
	int64_t born = born_of(c, w);
	int64_t root = root_of(w->since->started - born - 1), last = root_of(w->since->ended - born + 1);
	int64_t least = INT64_MAX;

	for (; root <= last; root++) {
		int64_t n = root + (a->remote ? 20 : 10), off = a->started - born - n * n;

		off = off < 0 ? -off : off;
		least = off < least ? off : least;
	}
	return least;
}

/* Somebody's attempt was guessed to be its next one, and nothing came when it was due: the guess was right. */
static bool settled(const struct completer *c, const struct waiter *w, const struct attempt *a)
{
	int64_t last = root_of(w->since->ended - born_of(c, w) + 1) + (a->remote ? 20 : 10);

	return w->party->last_attempt != w->since && a->started - born_of(c, w) > last * last + 2 * WAIT_ON_TIME;
}

/* Those whose attempt came leave the list, so that nobody walks over them again and again. */
static void drop_served(struct completer *c, struct slot *s, const struct attempt *a)
{
	struct waiter **at = &s->waiting;
	int seen = 0;

	while (*at != NULL && seen < WAITERS) {
		struct waiter *w = *at;

		if (waits(w) && settled(c, w, a))
			w->party->deferral = NULL;
		if (waits(w)) {
			at = &w->next;
			seen++;
		} else {
			*at = w->next;
		}
	}
}

/* It was deferred before this one began: of what comes later, an attempt is never the next one. */
static bool waited(const struct waiter *w, const struct attempt *a)
{
	return a->started >= w->since->ended;
}

/* The party of the slot whose last attempt was deferred before this one began; of several the one that is due. */
struct party *wait_due(struct completer *c, const struct name *from, const struct attempt *a, struct due *due)
{
	struct slot *s = slot_get(&c->retrying, slot_key(from, a->to, JOIN_ANY_SECOND));
	struct party *found = NULL;
	int seen = 0, waiting = 0;

	if (s != NULL)
		drop_served(c, s, a);
	*due = (struct due){ .off = INT64_MAX };
	for (struct waiter *w = s != NULL ? s->waiting : NULL; w != NULL && seen < WAITERS; w = w->next, seen++) {
		int64_t off = off_schedule(c, w, a);

		waiting += waited(w, a);
		if (!waited(w, a) || a->started - w->since->started > REACH_RETRY || off >= due->off)
			continue;
		found = w->party;
		due->off = off;
	}
	due->sole = waiting == 1;
	return found;
}

bool wait_nobody(struct completer *c, const struct attempt *a)
{
	struct slot *s = slot_get(&c->retrying, slot_key(NULL, a->to, JOIN_ANY_SECOND));
	int seen = 0;

	if (s == NULL)
		return true;
	drop_served(c, s, a);
	for (const struct waiter *w = s->waiting; w != NULL && seen < WAITERS; w = w->next, seen++)
		if (waited(w, a))
			return false;
	return true;
}
