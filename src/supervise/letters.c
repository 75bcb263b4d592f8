#include "supervise/letters.h"

#include "base/clock.h"

/* ms.  Where a test moves the clock nobody waits. */
enum {
	DAY = 86400,
	AFTER_START = 60 * 1000,
	AGAIN = 10 * 60 * 1000,
	AGAIN_MOST = 6 * 60 * 60 * 1000,
	AGAIN_TEST = 500,
	LOOK = 60 * 1000,
	LOOK_TEST = 200
};

static int64_t today(void)
{
	int64_t now = clock_wall() / 1000;

	return (now + zone_offset(now)) / DAY;
}

void letters_begin(struct letters *l)
{
	l->day = today();
	l->pause = AGAIN;
	l->due = deadline_in(clock_begin() ? 0 : AFTER_START);
}

int64_t letters_tick(struct letters *l, const struct generation *g)
{
	int64_t day = today(), now = clock_mono(), left;

	if (day > l->day) {
		l->due = now;
		l->pause = AGAIN;
	}
	l->day = day;
	if (l->errand.pid == 0 && l->due > 0 && l->due <= now) {
		l->due = 0;
		(void)errand_start(&l->errand, g, users_of(l->errand.users, l->errand.program));
	}
	if (clock_begin())
		return LOOK_TEST;
	left = l->errand.pid == 0 && l->due > 0 ? l->due - now : LOOK;
	return left < LOOK ? left : LOOK;
}

void letters_ended(struct letters *l, bool well)
{
	if (well) {
		l->pause = AGAIN;
		return;
	}
	if (l->due == 0)
		l->due = deadline_in(clock_begin() ? AGAIN_TEST : l->pause);
	l->pause = 2 * l->pause < AGAIN_MOST ? 2 * l->pause : AGAIN_MOST;
}
