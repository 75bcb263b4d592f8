/* deliver/leaves.c - a forward waits until it is known under which sender it leaves.
 *
 * telltale-lookup signs the address (store/srs.h).  Meanwhile the recipient is
 * busy, in memory only: after a crash it is asked anew.  Without an answer the
 * forward is put off, and never leaves in the name of a stranger.
 */
#include "deliver/schedule_inside.h"

#include <stdlib.h>
#include "base/clock.h"
#include "mail/addr.h"

enum {
	OPEN_MOST = 48 /* fewer than resolve.c takes: bounces ask there too */,
	PAUSE = 50 /* ms until it is asked then */
};

struct leaving {
	struct item *it;
	size_t rcpt;
};

void leaves_clear(struct schedule *s)
{
	struct leaving *x;

	for (size_t i = 0; (x = map_next(&s->leaving, &i, NULL)) != NULL;)
		free(x);
	map_clear(&s->leaving);
}

static bool must_ask(const struct schedule *s, const struct envelope *v, size_t rcpt)
{
	return s->set.srs && rcpt < v->nrcpts && !addr_is_nobody(v->sender);
}

static void ask(struct schedule *s, struct item *it, size_t rcpt, const struct envelope *v)
{
	uint64_t own = ++s->questions;
	struct leaving *x;

	if (!s->set.lookup.ask_leaves(s->set.lookup.asker, question_of(ASKER_LEAVES, own), v->sender,
				      v->rcpts[rcpt].original)) {
		depot_release(s->set.depot, it, rcpt, clock_wall() + PAUSE);
		return;
	}
	x = mem_alloc(sizeof(*x));
	*x = (struct leaving){ it, rcpt };
	map_putn(&s->leaving, own, x);
}

bool leaves_start(struct schedule *s, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct envelope v;
	struct err e = { 0 };

	if (s->leaving.n >= OPEN_MOST) {
		depot_release(s->set.depot, it, rcpt, clock_wall() + PAUSE);
		return false;
	}
	if (depot_envelope(s->set.depot, it, &mem, &v, &e) < 0)
		attempt_put_back(s, it, rcpt, &e);
	else if (must_ask(s, &v, rcpt))
		ask(s, it, rcpt, &v);
	else
		start_here(s, it, rcpt, NULL);
	return true;
}

void schedule_leaves(struct schedule *s, uint64_t id, const struct leaves_answer *answer)
{
	struct leaving *x = map_deln(&s->leaving, question_own(id));

	if (x == NULL)
		return;
	if (s->stopped)
		depot_release(s->set.depot, x->it, x->rcpt, clock_wall());
	else
		start_here(s, x->it, x->rcpt, answer);
	free(x);
}
