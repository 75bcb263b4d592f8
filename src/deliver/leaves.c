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

#define LEAVING (UINT64_C(1) << 63) /* no message has such a number: these are the bounces' questions */

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
	uint64_t id = LEAVING | ++s->questions;
	struct leaving *x;

	if (!s->set.ask_leaves(s->set.asker, id, v->sender, v->rcpts[rcpt].original)) {
		depot_release(s->set.depot, it, rcpt, clock_wall() + PAUSE);
		return;
	}
	x = mem_alloc(sizeof(*x));
	*x = (struct leaving){ it, rcpt };
	map_putn(&s->leaving, id, x);
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
	struct leaving *x = map_getn(&s->leaving, id);

	if (x == NULL)
		return;
	map_deln(&s->leaving, id);
	if (s->stopped)
		depot_release(s->set.depot, x->it, x->rcpt, clock_wall());
	else
		start_here(s, x->it, x->rcpt, answer);
	free(x);
}
