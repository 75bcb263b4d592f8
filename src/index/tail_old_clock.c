/* Does the delivery log have the SMTP log's clock?  That is told by senders who in one hour occur once in each
 * (skew.c): how many of them stand beside each other, and how many do not.  Of the last hours it is kept who they
 * were. */
#include <stdlib.h>

#include "index/bytes.h"
#include "index/tail_inside.h"
#include "trace/join.h"

enum { MOST = 4000, HOURS = 1 << 30 };

struct hour {
	uint64_t sender;           /* pull_hash() */
	int64_t hour, visit, init; /* moments: of one of them */
	uint64_t visits, inits;
	uint32_t file; /* of the init */
};

struct hours {
	struct tail *t;
	struct map at;
	int64_t known; /* from this hour on nothing is missing */
};

static struct hour *hour_of(struct hours *all, uint64_t sender, int64_t hour)
{
	uint64_t key = sender << 24 | ((uint64_t)hour & 0xffffff);
	struct hour *h = map_getn(&all->at, key);

	if (h != NULL)
		return h;
	h = arena_alloc(&all->t->mem, sizeof(*h));
	*h = (struct hour){ .sender = sender, .hour = hour };
	map_putn(&all->at, key, h);
	return h;
}

/* A number of that size at most, either way. */
static int64_t take_within(struct cur *c, int64_t most)
{
	int64_t v = bytes_take_int(c);

	if (v >= -most && v <= most)
		return v;
	cur_fail(c, "no such hour");
	return 0;
}

static void take_hour(struct hours *all, struct cur *c)
{
	const struct index *x = all->t->ask->x;
	uint64_t sender = bytes_take(c), file;
	struct hour *h = hour_of(all, sender, take_within(c, HOURS));

	h->visits = bytes_take(c);
	h->inits = bytes_take(c);
	h->visit = h->hour * SKEW_HOUR + take_within(c, SKEW_HOUR);
	h->init = h->hour * SKEW_HOUR + take_within(c, SKEW_HOUR);
	file = bytes_take(c);
	h->file = file < x->nfiles ? x->place[file] : 0;
	if (all->at.n > MOST)
		cur_fail(c, "more hours than are kept");
}

/* As the chapter before left them. */
static void load(struct hours *all)
{
	const struct index *x = all->t->ask->x;
	struct str packed;
	struct cur c;

	all->known = INT64_MIN;
	if (x == NULL)
		return;
	all->known = zone_utc(&x->facts.zone, x->facts.newest) / SKEW_HOUR + 1;
	if (!chapter_get(x->c, x->root.hours, &all->t->mem, &packed))
		all->t->damaged = true;
	else if (x->root.hours_from < all->known)
		all->known = x->root.hours_from;
	c = cur_of(all->t->damaged ? STR("") : packed);
	while (c.p < c.end && c.why == NULL)
		take_hour(all, &c);
	all->t->damaged = all->t->damaged || c.why != NULL;
}

static void add_new(struct hours *all)
{
	const struct book *b = &all->t->book;

	for (const struct visit *v = b->visits; v != NULL; v = v->later) {
		struct hour *h;
		int64_t at;

		if (!skew_shown_by(v) || !tail_old_new(all->t, v->final))
			continue;
		at = moment_of(b, v->final);
		h = hour_of(all, pull_hash(v->from->text), at / SKEW_HOUR);
		h->visits++;
		h->visit = at;
	}
	for (const struct init *x = b->inits; x != NULL; x = x->later) {
		struct hour *h;
		int64_t at;

		if (!tail_old_new(all->t, x->line))
			continue;
		at = moment_of(b, x->line);
		h = hour_of(all, pull_hash(x->from->text), at / SKEW_HOUR);
		h->inits++;
		h->init = at;
		h->file = x->line->file;
	}
}

/* What is missing may make a sample that stands against the clock, and take away one that does not. */
static void count(const struct hours *all, const struct hour *h, struct index_growth *sums)
{
	int64_t d = h->visits == 1 ? h->init - h->visit : JOIN_NEAR;
	bool even = d < JOIN_NEAR && d > -JOIN_NEAR, known = h->hour >= all->known;

	if (h->inits != 1 || h->visits > 1 || (known && (h->visits == 0 || d > SKEW_FARTHEST || d < -SKEW_FARTHEST)))
		return;
	sums[h->file].odd += !even;
	sums[h->file].even += even && known;
}

static void put(struct buf *b, const struct hour *h)
{
	bytes_put(b, h->sender);
	bytes_put_int(b, h->hour);
	bytes_put(b, h->visits < 2 ? h->visits : 2);
	bytes_put(b, h->inits < 2 ? h->inits : 2);
	bytes_put_int(b, h->visits > 0 ? h->visit - h->hour * SKEW_HOUR : 0);
	bytes_put_int(b, h->inits > 0 ? h->init - h->hour * SKEW_HOUR : 0);
	bytes_put(b, h->file);
}

static int by_sender(const void *a, const void *b)
{
	const struct hour *const *x = a, *const *y = b;

	if ((*x)->hour != (*y)->hour)
		return (*x)->hour < (*y)->hour ? -1 : 1;
	return (*x)->sender < (*y)->sender ? -1 : (*x)->sender > (*y)->sender;
}

/* Those of the last hours; too many are forgotten, and then these hours are not known any more. */
static void keep(struct tail *t, struct hour **at, size_t n, int64_t from)
{
	BUF(b);

	t->hours_from = n <= MOST ? from : INT64_MAX;
	if (n > 0)
		qsort(at, n, sizeof(struct hour *), by_sender);
	for (size_t i = 0; i < n && n <= MOST; i++)
		put(&b, at[i]);
	t->hours = arena_str(&t->mem, buf_str(&b));
}

void tail_old_count(struct tail *t, struct index_growth *sums, struct index_growth *last)
{
	struct hours all = { .t = t };
	int64_t from = (zone_utc(&t->book.zone, t->newest) - TAIL_LAG) / SKEW_HOUR;
	struct hour **open, *h;
	size_t n = 0;
	struct str key;

	load(&all);
	add_new(&all);
	open = mem_alloc((all.at.n + 1) * sizeof(struct hour *));
	for (size_t i = 0; (h = map_next(&all.at, &i, &key)) != NULL;) {
		count(&all, h, h->hour < from ? sums : last);
		if (h->hour >= from)
			open[n++] = h;
	}
	keep(t, open, n, from > all.known ? from : all.known);
	for (size_t i = 0; i < t->g->n && n > MOST; i++)
		sums[i].odd += last[i].odd, last[i].odd = 0;
	free(open);
	map_clear(&all.at);
}
