/* How far apart the clocks of the logs are: the median difference of what surely belongs together.
 *
 * For a gate log that is each ALLOWED line and the reply it quotes; for a delivery log of an old format each init of
 * a sender who in that hour occurs once among the accepted messages and once among the inits.  The SMTP log's clock is
 * the measure.
 */
#include <stdlib.h>

#include "trace/join.h"

enum {
	SAMPLES = 3 /* fewer prove nothing */
};

struct samples {
	int64_t *at;
	size_t n, cap;
};

static void add(struct completer *c, struct samples *s, int64_t d)
{
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 64;
		s->at = arena_grow(&c->mem, s->at, s->n, s->cap, sizeof(*s->at));
	}
	s->at[s->n++] = d;
}

static void add_gates(struct completer *c, struct samples *of)
{
	for (const struct gate *g = c->b->gates; g != NULL; g = g->next) {
		const struct visit *v = g->qp > 0 ? join_replied(c, g->epoch, g->qp) : NULL;

		if (v != NULL)
			add(c, &of[g->line->file], moment_of(c->b, g->line) - moment_of(c->b, v->final));
	}
}

static struct slot_key hour_of(const struct name *from, int64_t moment)
{
	return slot_key(from, NULL, moment / SKEW_HOUR);
}

/* Of each sender and hour: how many accepted messages, the latest of them, and how many inits. */
static void count_hours(const struct completer *c, struct slots *hours)
{
	for (struct visit *v = c->b->visits; v != NULL; v = v->later) {
		struct slot *s;

		if (!skew_shown_by(v))
			continue;
		s = slot_need(hours, hour_of(v->from, moment_of(c->b, v->final)));
		s->parties++;
		s->visits = v;
	}
	for (const struct init *x = c->b->inits; x != NULL; x = x->later) {
		struct slot *s = slot_get(hours, hour_of(x->from, moment_of(c->b, x->line)));

		if (s != NULL)
			s->rivals++;
	}
}

static void add_inits(struct completer *c, struct samples *of)
{
	struct slots hours;

	if (c->b->inits == NULL)
		return;
	slots_begin(&hours, &c->mem, offsetof(struct slot, last_visit));
	count_hours(c, &hours);
	for (const struct init *x = c->b->inits; x != NULL; x = x->later) {
		int64_t at = moment_of(c->b, x->line), d;
		const struct slot *s = slot_get(&hours, hour_of(x->from, at));

		if (s == NULL || s->parties != 1 || s->rivals != 1)
			continue;
		d = at - moment_of(c->b, s->visits->final);
		if (d >= -SKEW_FARTHEST && d <= SKEW_FARTHEST)
			add(c, &of[x->line->file], d);
	}
	slots_clear(&hours);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The one in the middle.  Nearly all are a few seconds: those are counted, not sorted. */
static int64_t median_of(struct samples *s)
{
	enum { SPAN = 1024 };
	size_t count[2 * SPAN] = { 0 }, below = 0, middle = s->n / 2;

	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i] >= -SPAN && s->at[i] < SPAN)
			count[s->at[i] + SPAN]++;
		else
			below += s->at[i] < 0;
	}
	for (int64_t d = -SPAN; middle >= below && d < SPAN; d++) {
		below += count[d + SPAN];
		if (middle < below)
			return d;
	}
	qsort(s->at, s->n, sizeof(*s->at), by_size);
	return s->at[middle];
}

/* The median, if the most of them stand near it: differences that are strewn come of delays, not of a clock. */
static int64_t settle(struct samples *s)
{
	size_t near = 0;
	int64_t median;

	if (s->n < SAMPLES)
		return 0;
	median = median_of(s);
	for (size_t i = 0; i < s->n; i++)
		near += s->at[i] >= median - JOIN_NEAR && s->at[i] <= median + JOIN_NEAR;
	return near * 2 > s->n && (median >= JOIN_NEAR || median <= -JOIN_NEAR) ? median : 0;
}

static struct str folder(const struct source_file *f)
{
	return str_take(f->path, (size_t)(str_rchr(f->path, '/') + 1));
}

/* A rotated piece with too few samples has the clock of the longest one beside it. */
static int64_t borrowed(const struct completer *c, const struct samples *of, size_t i)
{
	const struct source *s = c->b->source;
	size_t best = i;

	for (size_t j = 0; j < s->n; j++)
		if (s->files[j].family == s->files[i].family && of[j].n > of[best].n &&
		    str_eq(folder(&s->files[j]), folder(&s->files[i])))
			best = j;
	return c->b->skew[best];
}

void join_skew(struct completer *c)
{
	size_t n = c->b->source->n;
	struct samples *of = arena_alloc(&c->mem, (n + 1) * sizeof(*of));
	int64_t *skew = arena_alloc(&c->b->mem, (n + 1) * sizeof(*skew));

	if (c->b->one_clock) {
		c->b->skew = skew;
		return;
	}
	add_gates(c, of);
	add_inits(c, of);
	for (size_t i = 0; i < n; i++)
		skew[i] = settle(&of[i]);
	c->b->skew = skew;
	for (size_t i = 0; i < n; i++)
		if (of[i].n < SAMPLES && c->b->source->files[i].family != LOG_SMTP)
			skew[i] = borrowed(c, of, i);
}
