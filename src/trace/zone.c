#include "trace/zone.h"

#include <stdlib.h>

#include "base/err.h"

enum {
	QUARTER = 15 * 60,
	SLOP = 5 * 60, /* a reply is written this long after its epoch at most */
	WEST = -12 * 3600,
	EAST = 14 * 3600,
	SLOTS = (EAST - WEST) / QUARTER + 1,
	HOUR = 3600,
	DAY = 86400,
	EUROPE = HOUR,  /* of the day, in UTC: when summer time begins and ends there */
	STEPS_MAX = 256 /* no log has more changes; forged ones must not cost time */
};

/* Days around a moment through which this machine's zone has one offset. */
struct zone_calm {
	int64_t at;
	int offset;
	bool known, calm; /* not calm: it changes somewhere in them */
};

enum { CALM = 2 * DAY, RESTLESS = DAY }; /* seconds from `at` for which that is remembered */

void zone_init(struct zone_table *z, struct arena *mem)
{
	*z = (struct zone_table){ .mem = mem, .source = ZONE_ASSUMED };
	z->calm = arena_alloc(mem, sizeof(*z->calm));
}

static void push(struct zone_sample **at, size_t *n, size_t *cap, struct zone_sample s)
{
	if (*n == *cap) {
		*cap = *cap > 0 ? *cap * 2 : 64;
		*at = mem_grow(*at, *cap * sizeof(**at));
	}
	(*at)[(*n)++] = s;
}

void zone_say(struct zone_table *z, int64_t epoch, int offset)
{
	if (offset < WEST || offset > EAST)
		return;
	push(&z->said, &z->nsaid, &z->said_cap, (struct zone_sample){ epoch, offset });
}

static int64_t absolute(int64_t x)
{
	return x < 0 ? -x : x;
}

/* The nearest quarter of an hour. */
static int64_t rounded(int64_t seconds)
{
	int64_t half = seconds < 0 ? -(QUARTER / 2) : QUARTER / 2;

	return (seconds + half) / QUARTER * QUARTER;
}

bool zone_measure(struct zone_table *z, int64_t local, int64_t epoch)
{
	int64_t offset = rounded(local - epoch);

	if (offset < WEST || offset > EAST || absolute(local - epoch - offset) > SLOP) {
		z->outliers++;
		return false;
	}
	push(&z->measured, &z->nmeasured, &z->measured_cap, (struct zone_sample){ epoch, (int)offset });
	return true;
}

static int by_epoch(const void *a, const void *b)
{
	const struct zone_sample *x = a, *y = b;

	return x->epoch < y->epoch ? -1 : x->epoch > y->epoch;
}

/* Clocks change at a whole hour.  Somewhere after the one sample and not after the other it did: where Europe's do, if
 * that lies between and it was an hour, else at the last whole hour. */
static int64_t change_between(const struct zone_sample *before, const struct zone_sample *after)
{
	int64_t hour = after->epoch - after->epoch % HOUR, europe = (after->epoch - EUROPE) / DAY * DAY + EUROPE;

	if (absolute(after->offset - before->offset) == HOUR && europe > before->epoch)
		return europe;
	return hour > before->epoch ? hour : after->epoch;
}

/* Have all the same offset?  Then the earliest, which is put in front, tells all. */
static bool all_alike(struct zone_sample *s, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (s[i].offset != s[0].offset)
			return false;
		if (s[i].epoch < s[0].epoch)
			s[0].epoch = s[i].epoch;
	}
	return true;
}

static void steps_of(struct zone_table *z, struct zone_sample *s, size_t n)
{
	z->last = s[0].epoch;
	for (size_t i = 1; i < n; i++)
		z->last = s[i].epoch > z->last ? s[i].epoch : z->last;
	if (!all_alike(s, n))
		qsort(s, n, sizeof(*s), by_epoch);
	z->steps = arena_alloc(z->mem, STEPS_MAX * sizeof(*z->steps));
	z->steps[0] = (struct zone_step){ s[0].epoch, s[0].offset };
	z->nsteps = 1;
	for (size_t i = 1; i < n && z->nsteps < STEPS_MAX; i++)
		if (s[i - 1].offset != s[i].offset)
			z->steps[z->nsteps++] = (struct zone_step){ change_between(&s[i - 1], &s[i]), s[i].offset };
}

/* Keep the mode and its summer-time neighbours, each seen often enough to be no accident. */
static size_t keep_common(struct zone_table *z)
{
	size_t count[SLOTS] = { 0 }, best = 0, kept = 0;

	for (size_t i = 0; i < z->nmeasured; i++)
		count[(z->measured[i].offset - WEST) / QUARTER]++;
	for (size_t i = 1; i < SLOTS; i++)
		if (count[i] > count[best])
			best = i;
	for (size_t i = 0; i < z->nmeasured; i++) {
		struct zone_sample s = z->measured[i];
		size_t slot = (size_t)(s.offset - WEST) / QUARTER;
		int beside = s.offset - (WEST + (int)best * QUARTER);
		bool summer =
		    (beside == HOUR || beside == -HOUR) && count[slot] >= 2 && count[slot] * 100 >= z->nmeasured;

		if (slot == best || summer)
			z->measured[kept++] = s;
	}
	return kept;
}

/* Whatever is new, the offset is the one from before: zone_steady() tells whether that is right. */
static void go_on(struct zone_table *z)
{
	struct zone_before *sum = &z->sum;

	*sum = *z->before;
	for (size_t i = 0; i < z->nmeasured; i++) {
		const struct zone_sample *s = &z->measured[i];

		z->outliers += s->offset != sum->offset;
		sum->others += s->offset != sum->offset;
		sum->kept += s->offset == sum->offset;
		if (s->offset == sum->offset && s->epoch < sum->first)
			sum->first = s->epoch;
	}
	z->source = ZONE_MEASURED;
	z->steps = arena_alloc(z->mem, sizeof(*z->steps));
	z->steps[0] = (struct zone_step){ sum->first, sum->offset };
	z->nsteps = 1;
}

bool zone_steady(const struct zone_table *z)
{
	const struct zone_before *s = &z->sum;

	/* summer time is one sample in a hundred, and two (keep_common()) */
	return z->nsteps == 1 && s->kept > s->others && (s->others < 2 || s->others * 100 < s->kept);
}

static void decide(struct zone_table *z)
{
	size_t kept = 0;

	if (z->nsaid > 0) {
		z->source = ZONE_SAID;
		steps_of(z, z->said, z->nsaid);
		return;
	}
	if (z->before != NULL) {
		go_on(z);
		return;
	}
	if (z->nmeasured > 0)
		kept = keep_common(z);
	if (kept > 0) {
		z->source = ZONE_MEASURED;
		z->outliers += z->nmeasured - kept;
		steps_of(z, z->measured, kept);
		z->sum = (struct zone_before){ z->steps[0].offset, kept, z->nmeasured - kept, z->steps[0].from };
	}
}

/* No zone changes twice within four days. */
static int machine_offset(const struct zone_table *z, int64_t utc)
{
	const int64_t far = INT64_C(1) << 40;
	struct zone_calm *c = z->calm;

	if (absolute(utc / 2) > far)
		return zone_offset(utc);
	if (!c->known || absolute(utc - c->at) > (c->calm ? CALM : RESTLESS)) {
		*c = (struct zone_calm){ .at = utc, .offset = zone_offset(utc), .known = true };
		c->calm = zone_offset(utc - CALM) == c->offset && zone_offset(utc + CALM) == c->offset;
	}
	return c->calm ? c->offset : zone_offset(utc);
}

void zone_settle(struct zone_table *z)
{
	decide(z);
	free(z->said);
	free(z->measured);
	z->said = z->measured = NULL;
	z->nsaid = z->nmeasured = z->said_cap = z->measured_cap = 0;
}

/* With an assumed zone the local stamp stands in for the moment: off by the offset only next to a change. */
int zone_at(const struct zone_table *z, int64_t utc)
{
	if (z->nsteps == 0)
		return machine_offset(z, utc);
	for (size_t i = z->nsteps; i-- > 1;)
		if (utc >= z->steps[i].from)
			return z->steps[i].offset;
	return z->steps[0].offset;
}

static size_t moments_asked(const struct zone_table *z, int64_t local, int64_t out[2])
{
	int64_t guess = local - machine_offset(z, local), before = local - machine_offset(z, guess - 2 * HOUR),
		after = local - machine_offset(z, guess + 2 * HOUR);

	if (before < after && machine_offset(z, before) == local - before &&
	    machine_offset(z, after) == local - after) {
		out[0] = before;
		out[1] = after;
		return 2;
	}
	out[0] = local - machine_offset(z, guess);
	return 1;
}

/* All that would be asked lies within a day of the stamp. */
static size_t moments_assumed(const struct zone_table *z, int64_t local, int64_t out[2])
{
	const struct zone_calm *c = z->calm;

	if (!c->known || !c->calm || local < c->at - (CALM - DAY) || local > c->at + (CALM - DAY))
		return moments_asked(z, local, out);
	out[0] = local - c->offset;
	return 1;
}

size_t zone_moments(const struct zone_table *z, int64_t local, int64_t out[2])
{
	size_t i = 0;

	if (z->nsteps == 0)
		return moments_assumed(z, local, out);
	while (i + 1 < z->nsteps && local - z->steps[i].offset >= z->steps[i + 1].from)
		i++;
	out[0] = local - z->steps[i].offset;
	if (i + 1 == z->nsteps || local - z->steps[i + 1].offset < z->steps[i + 1].from)
		return 1;
	out[1] = local - z->steps[i + 1].offset;
	return 2;
}

int64_t zone_utc(const struct zone_table *z, int64_t local)
{
	int64_t at[2];

	zone_moments(z, local, at);
	return at[0];
}

int64_t zone_disagrees(const struct zone_table *z, int64_t local, int64_t epoch)
{
	int64_t off = local - epoch - zone_at(z, epoch);

	if (absolute(off) <= SLOP)
		return 0;
	/* beside a change of summer time one hour proves nothing */
	return absolute(rounded(off)) == HOUR && z->nsteps > 1 ? 0 : off;
}

int zone_year_near(struct civil stamp, int64_t epoch)
{
	int middle = civil_of_seconds(epoch).year, best = middle;
	int64_t least = INT64_MAX;

	for (int y = middle - 1; y <= middle + 1; y++) {
		stamp.year = y;
		if (absolute(civil_to_seconds(stamp) - epoch) < least) {
			least = absolute(civil_to_seconds(stamp) - epoch);
			best = y;
		}
	}
	return best;
}
