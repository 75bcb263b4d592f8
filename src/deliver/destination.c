#include "deliver/destination.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"

enum {
	PACE = 100,       /* ms that a delivery takes, before it is known */
	STEP_LEAST = 100, /* between two places of a timetable: the line is quicker */
	STEP_MOST = 1000,
	LINE_MOST = 1 << 20,     /* who comes later has his place of the timetable only */
	MANY = 10000,            /* destinations, before those that are over are looked for */
	SWEEP_PAUSE = 60 * 1000, /* between two such looks */
	DOUBLINGS = 12,
	SLACK = 10 * 1000, /* between two looks at the clock in one turn */
};

struct destination {
	size_t busy, limit;
	int64_t pace;       /* ms that a delivery takes, on average */
	int64_t news;       /* wall ms: when the last one ended */
	int64_t turn, down; /* wall ms: the last place given out; until when it is left alone */
	int64_t open;       /* wall ms: when the next may begin, by the rate */
	unsigned failed;    /* in turn */
	size_t calls;       /* so many of the line may begin */
	struct {
		struct destination_waiting *at;
		size_t head, n, cap;
	} line; /* who waits stands in at[head..n) */
};

enum { WAYS = DESTINATION_NUMBERS - 1 /* the bits of a number that say which way */ };

unsigned destination_way(uint32_t number)
{
	return number & WAYS;
}

uint32_t destination_of(struct destinations *d, struct str name, unsigned way)
{
	uint64_t hash;

	if (!d->keyed && getrandom(d->key, sizeof(d->key), 0) < 0)
		d->key[0] = (uint64_t)(uintptr_t)d;
	d->keyed = true;
	hash = hash_keyed(name, d->key);
	return ((uint32_t)(hash >> 32) & ~(uint32_t)WAYS) | DESTINATION_NUMBERS | way;
}

static struct destination *find(const struct destinations *d, uint32_t number)
{
	return map_getn(&d->at, number);
}

/* A clock that was set back must not leave it alone for years. */
static void believe(struct destination *t, const struct destination_rule *rule, int64_t now)
{
	if (t->down - now > DESTINATION_DOWN_MOST)
		t->down = now;
	if (t->turn - now > DESTINATION_DOWN_MOST)
		t->turn = now;
	if (t->open - now > rule->step + SLACK)
		t->open = now;
}

/* Between two places: a quarter of what its pace would allow, and its pace is no quicker than the silence of now. */
static int64_t step_of(const struct destination *t, const struct destination_rule *rule, int64_t now)
{
	int64_t silence = now - t->news, pace = silence > t->pace ? silence : t->pace;
	int64_t step = pace / (int64_t)(4 * rule->most);

	if (now < t->down || step < STEP_LEAST)
		step = rule->step > 0 ? 1 : STEP_LEAST;
	if (step > STEP_MOST)
		step = STEP_MOST;
	return step > rule->step ? step : rule->step;
}

bool destination_may(struct destinations *d, uint32_t number, const struct destination_rule *rule, int64_t now,
		     int64_t *next)
{
	struct destination *t = find(d, number);
	size_t most;

	if (t == NULL)
		return true;
	believe(t, rule, now);
	most = t->limit < rule->most ? t->limit : rule->most;
	if (now >= t->down && now >= t->open && t->busy < most)
		return true;
	if (t->turn < now)
		t->turn = now;
	if (t->turn < t->down)
		t->turn = t->down;
	if (t->turn < t->open)
		t->turn = t->open; /* the first place is that moment itself */
	else
		t->turn += step_of(t, rule, now);
	*next = t->turn;
	return false;
}

static bool is_over(const struct destination *t, int64_t now)
{
	return t->busy == 0 && t->down <= now && t->turn <= now && t->open <= now;
}

static void drop(struct destination *t)
{
	free(t->line.at);
	free(t);
}

static void sweep(struct destinations *d, int64_t now)
{
	struct destination *t;
	struct str key;

	if (d->at.n < MANY || (now >= d->swept && now - d->swept < SWEEP_PAUSE))
		return;
	d->swept = now;
	for (size_t i = 0; (t = map_next(&d->at, &i, &key)) != NULL;)
		if (is_over(t, now)) {
			(void)map_del(&d->at, key);
			drop(t);
		}
}

void destination_begins(struct destinations *d, uint32_t number, const struct destination_rule *rule, int64_t now)
{
	struct destination *t = find(d, number);

	if (t == NULL) {
		sweep(d, now);
		t = mem_alloc(sizeof(*t));
		t->limit = DESTINATION_FIRST;
		t->pace = PACE;
		t->news = now;
		map_putn(&d->at, number, t);
	}
	t->busy++;
	t->open = rule->step > 0 ? now + rule->step : 0; /* without a rate the clock says nothing */
}

static void leave_alone(struct destination *t, const struct destination_rule *rule, int64_t now)
{
	int64_t ms = rule->down << (t->failed < DOUBLINGS ? t->failed : DOUBLINGS);

	t->limit = t->limit > 1 ? t->limit / 2 : 1;
	if (now < t->down)
		return; /* it was on its way when another one found out */
	t->down = now + (ms > 0 && ms < DESTINATION_DOWN_MOST ? ms : DESTINATION_DOWN_MOST);
	t->failed++;
}

void destination_ends(struct destinations *d, uint32_t number, const struct destination_rule *rule,
		      enum destination_news news, int64_t millis, int64_t now)
{
	struct destination *t = find(d, number);

	if (t == NULL)
		return;
	MUST(t->busy > 0);
	t->busy--;
	t->news = now;
	if (news == DESTINATION_UNREACHABLE)
		leave_alone(t, rule, now);
	else
		t->calls++;
	if (news == DESTINATION_ANSWERED) {
		t->pace = (t->pace * 7 + millis) / 8;
		t->calls += t->limit < rule->most;
		t->limit += t->limit < rule->most;
		t->failed = 0;
		t->down = 0;
	}
	if (is_over(t, now)) {
		map_deln(&d->at, number);
		drop(t);
	}
}

/* The room of those who were called is used again when it is more than half. */
static void make_room(struct destination *t)
{
	if (t->line.head > t->line.cap / 2) {
		t->line.n -= t->line.head;
		memmove(t->line.at, t->line.at + t->line.head, t->line.n * sizeof(*t->line.at));
		t->line.head = 0;
	} else if (t->line.n == t->line.cap) {
		t->line.cap = t->line.cap > 0 ? t->line.cap * 2 : 16;
		t->line.at = mem_grow(t->line.at, t->line.cap * sizeof(*t->line.at));
	}
}

void destination_waits(struct destinations *d, uint32_t number, const struct destination_rule *rule,
		       struct destination_waiting who)
{
	struct destination *t = find(d, number);

	if (t == NULL || rule->step > 0 || t->line.n - t->line.head >= LINE_MOST)
		return;
	make_room(t);
	t->line.at[t->line.n++] = who;
}

bool destination_first(struct destinations *d, uint32_t number, int64_t now, struct destination_waiting *out)
{
	struct destination *t = find(d, number);

	if (t == NULL)
		return false;
	if (t->line.head == t->line.n)
		t->calls = t->line.head = t->line.n = 0;
	if (t->calls == 0 || now < t->down)
		return false;
	*out = t->line.at[t->line.head++];
	return true;
}

void destination_called(struct destinations *d, uint32_t number)
{
	struct destination *t = find(d, number);

	if (t != NULL && t->calls > 0)
		t->calls--;
}

bool destination_look(const struct destinations *d, uint32_t number, const struct destination_rule *rule,
		      struct destination_look *out)
{
	const struct destination *t = find(d, number);

	if (t == NULL)
		return false;
	*out = (struct destination_look){ t->busy, t->limit < rule->most ? t->limit : rule->most, t->down };
	return true;
}

void destinations_revive(struct destinations *d)
{
	struct destination *t;

	for (size_t i = 0; (t = map_next(&d->at, &i, NULL)) != NULL;)
		t->down = t->turn = 0;
}

void destinations_clear(struct destinations *d)
{
	struct destination *t;

	for (size_t i = 0; (t = map_next(&d->at, &i, NULL)) != NULL;)
		drop(t);
	map_clear(&d->at);
}
