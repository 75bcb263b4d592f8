#include "trace/moment.h"

#include <stdlib.h>

enum {
	STEPS = 64,     /* marks of the other kind that are passed over on the way to one */
	CLEAR = 10 * 60 /* lines of one file stand so far out of order at most, by their writers' doing */
};

/* Of one line of a file: the epoch in it, or 0 where the stamps went back by an hour. */
struct mark {
	uint32_t line;
	int64_t epoch;
};

static void add(struct book *b, const struct line *x, int64_t epoch)
{
	struct marks *m = &b->marks[x->file];

	if (m->n == m->cap) {
		m->cap = m->cap > 0 ? m->cap * 2 : 64;
		m->at = mem_grow(m->at, m->cap * sizeof(*m->at));
	}
	m->at[m->n++] = (struct mark){ x->number, epoch };
}

void moment_begin(struct book *b)
{
	b->nmarks = b->source->n;
	b->marks = arena_alloc(&b->mem, (b->nmarks + 1) * sizeof(*b->marks));
}

void moment_clear(struct book *b)
{
	for (size_t i = 0; i < b->nmarks; i++)
		free(b->marks[i].at);
}

void moment_epoch(struct book *b, const struct line *x, int64_t local, int64_t epoch)
{
	const struct source_kept *k = b->source->files[x->file].kept;

	if (epoch <= 0 || (b->zone.before != NULL && k != NULL && x->number <= k->counted))
		return; /* it is counted among those before */
	if (zone_measure(&b->zone, local, epoch))
		add(b, x, epoch);
	else if (k != NULL && x->number <= k->counted)
		b->zone.outliers--;
}

void moment_known(const struct book *b, struct line *x, int64_t moment)
{
	int64_t at[2];

	x->local = moment + zone_at(&b->zone, moment);
	x->pass = zone_moments(&b->zone, x->local, at) == 2 ? 1 + (moment == at[1]) : 0;
}

void moment_back(struct book *b, const struct line *x)
{
	add(b, x, 0);
}

/* How many marks stand on this line or before it? */
static size_t marks_until(const struct marks *m, uint32_t line)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->at[middle].line <= line)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct mark *before(const struct marks *m, size_t i, bool epochs)
{
	for (size_t n = 0; i > 0 && n < STEPS; n++)
		if ((m->at[--i].epoch > 0) == epochs)
			return &m->at[i];
	return NULL;
}

static const struct mark *after(const struct marks *m, size_t i, bool epochs)
{
	for (size_t n = 0; i < m->n && n < STEPS; i++, n++)
		if ((m->at[i].epoch > 0) == epochs)
			return &m->at[i];
	return NULL;
}

/* By how much a moment would break the order of its neighbours. */
static int64_t disorder(int64_t at, const struct mark *earlier, const struct mark *later)
{
	int64_t early = earlier != NULL && at < earlier->epoch ? earlier->epoch - at : 0;
	int64_t late = later != NULL && at > later->epoch ? at - later->epoch : 0;

	return early + late;
}

/* The first or the second pass of the repeated hour? */
static bool second_pass(const struct marks *m, const struct line *x, const int64_t at[2])
{
	size_t i = marks_until(m, x->number);
	const struct mark *earlier = before(m, i, true), *later = after(m, i, true), *back = before(m, i, false);
	const struct mark *step = after(m, i, false);
	int64_t first = disorder(at[0], earlier, later), second = disorder(at[1], earlier, later);

	if (first > second + CLEAR || second > first + CLEAR)
		return second < first;
	if (back != NULL && step != NULL)
		return x->number - back->line <= step->line - x->number;
	if (back != NULL || step != NULL)
		return back != NULL;
	return earlier != NULL && earlier->epoch > (at[0] + at[1]) / 2;
}

int64_t moment_of(const struct book *b, const struct line *x)
{
	int64_t at[2];

	if (b->zone.nsteps == 1)
		return x->local - b->zone.steps[0].offset;
	if (zone_moments(&b->zone, x->local, at) == 1)
		return at[0];
	if (x->pass > 0)
		return at[x->pass - 1];
	if (b->marks == NULL)
		return at[0];
	return at[second_pass(&b->marks[x->file], x, at)];
}

int64_t moment_joined(const struct book *b, const struct line *x)
{
	return moment_of(b, x) - (b->skew != NULL ? b->skew[x->file] : 0);
}
