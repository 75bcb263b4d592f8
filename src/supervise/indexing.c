#include "supervise/indexing.h"

#include "base/clock.h"

enum { AFTER_START = 60 * 1000, LONGEST = 3600 * 1000 /* ms; of a pause that failures made longer */ };

void indexing_begin(struct indexing *x)
{
	x->since = clock_mono();
	x->before = false;
	x->failures = 0;
}

static int64_t pause_of(const struct indexing *x, int64_t every)
{
	int64_t pause = every;

	if (!x->before)
		return every < AFTER_START ? every : AFTER_START;
	for (int i = 0; i < x->failures && pause < LONGEST; i++)
		pause = pause < LONGEST / 2 ? 2 * pause : LONGEST;
	return pause;
}

int64_t indexing_wait(const struct indexing *x, int64_t every, int64_t now)
{
	int64_t pause = pause_of(x, every), gone = now - x->since;

	if (every <= 0 || x->errand.pid > 0)
		return -1;
	return gone < pause ? pause - gone : 0;
}

int64_t indexing_tick(struct indexing *x, const struct generation *g)
{
	int64_t every = g->conf.index.every, wait = indexing_wait(x, every, clock_mono());

	if (wait != 0)
		return wait;
	if (!errand_start(&x->errand, g, users_of(x->errand.users, x->errand.program)))
		indexing_ended(x, false);
	return indexing_wait(x, every, clock_mono());
}

void indexing_ended(struct indexing *x, bool well)
{
	x->since = clock_mono();
	x->before = true;
	x->failures = well ? 0 : x->failures + 1;
	x->errand.quiet = !well;
}
