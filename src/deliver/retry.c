#include "deliver/retry.h"

#include <math.h>

/* Seconds whose square is the wait of a message of age 0. */
static double step_of(const struct retry *r, enum channel channel)
{
	double first = (double)(r->first > 0 ? r->first : 1000) / 1000;

	return sqrt(first) * (channel == CHANNEL_REMOTE ? 2 : 1);
}

static int64_t wait_at(const struct retry *r, enum channel channel, int64_t age_ms)
{
	double age = (double)age_ms / 1000;
	double root = floor(sqrt(age)) + step_of(r, channel);

	return (int64_t)ceil(root * root * 1000) - age_ms;
}

/* An age beyond the lifetime, or before birth, is a clock that was set. */
static int64_t age_of(const struct retry *r, int64_t birth, int64_t now)
{
	if (now <= birth)
		return 0;
	return now - birth < r->lifetime ? now - birth : r->lifetime;
}

int64_t retry_next(const struct retry *r, enum channel channel, int64_t birth, int64_t now)
{
	int64_t wait = wait_at(r, channel, age_of(r, birth, now));

	/* floor() of a root with a step under 1 s may not reach beyond the age. */
	return now + (wait > 1000 ? wait : 1000);
}

bool retry_over(const struct retry *r, int64_t birth, int64_t now)
{
	return now - birth >= r->lifetime;
}

int64_t retry_clamp(const struct retry *r, int64_t due, int64_t now)
{
	int64_t longest = wait_at(r, CHANNEL_REMOTE, r->lifetime) + 1000;

	return due < NEXT_OVER && due - now > longest ? now + longest : due;
}
