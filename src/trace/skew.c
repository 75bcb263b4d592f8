/* How far apart the clocks of the logs are: the median difference of what surely belongs together.
 *
 * For a gate log that is each ALLOWED line and the reply it quotes; for a delivery log of an old format each init of
 * a sender who occurs once among the accepted messages and once among the inits.  The SMTP log's clock is the measure.
 */
#include <stdlib.h>

#include "trace/join.h"

enum {
	SAMPLES = 3,   /* fewer prove nothing */
	FARTHEST = 900 /* an init later than that was delayed, not misdated */
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

/* A sender's only accepted message, and only init; or a word for several. */
struct lone {
	const struct visit *visit;
	const struct init *init;
};

static const struct visit visits;
static const struct init inits;

static void add_inits(struct completer *c, struct samples *of)
{
	struct lone *by = c->b->inits != NULL ? arena_alloc(&c->mem, (c->b->nnames + 1) * sizeof(*by)) : NULL;

	if (by == NULL)
		return;
	for (const struct visit *v = c->b->visits; v != NULL; v = v->later)
		if (v->from != NULL && v->final != NULL && v->size_code < 400) {
			struct lone *l = &by[v->from->id];

			l->visit = l->visit == NULL ? v : &visits;
		}
	for (const struct init *x = c->b->inits; x != NULL; x = x->later) {
		struct lone *l = &by[x->from->id];

		l->init = l->init == NULL ? x : &inits;
	}
	for (size_t i = 0; i < c->b->nnames; i++) {
		int64_t d;

		if (by[i].visit == NULL || by[i].visit == &visits || by[i].init == NULL || by[i].init == &inits)
			continue;
		d = moment_of(c->b, by[i].init->line) - moment_of(c->b, by[i].visit->final);
		if (d >= -FARTHEST && d <= FARTHEST)
			add(c, &of[by[i].init->line->file], d);
	}
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

	add_gates(c, of);
	add_inits(c, of);
	for (size_t i = 0; i < n; i++)
		skew[i] = settle(&of[i]);
	c->b->skew = skew;
	for (size_t i = 0; i < n; i++)
		if (of[i].n < SAMPLES && c->b->source->files[i].family != LOG_SMTP)
			skew[i] = borrowed(c, of, i);
}
