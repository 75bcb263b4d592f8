/* As much of what is new as is joined at a time: all logs until one moment, so that what belongs together mostly is. */
#include "index/growth.h"
#include "trace/zone.h"

enum { NEAR = 64 << 10 /* bytes within which a moment is found */ };

/* Of the first line behind `at` that has a stamp of `least` or later: the stamp, in the year that brings it nearest,
 * and where it stands.  INT64_MAX: none there, and then *offset is where it was looked for no further. */
static int64_t stamp_from(struct growth_file *f, uint64_t at, int64_t near, int64_t least, uint64_t *offset)
{
	uint64_t end = f->size - at < NEAR ? f->size : at + NEAR;
	struct str rest, line;
	struct log_line l;
	BUF(text);

	*offset = end;
	if (!growth_text(f, at, end, &text))
		return INT64_MAX;
	rest = buf_str(&text);
	if (at > f->from)
		str_cut(rest, STR("\n"), &line, &rest);
	while (rest.n > 0) {
		*offset = end - rest.n;
		str_cut(rest, STR("\n"), &line, &rest);
		log_parse(f->f.family, line, &l);
		if (!l.stamped)
			continue;
		if (f->f.family == LOG_SPAMDYKE)
			l.stamp.year = zone_year_near(l.stamp, near);
		if (civil_to_seconds(l.stamp) >= least)
			return civil_to_seconds(l.stamp);
	}
	*offset = end;
	return INT64_MAX;
}

static int64_t stamp_at(struct growth_file *f, uint64_t at, int64_t near)
{
	uint64_t offset;

	return stamp_from(f, at, near, INT64_MIN, &offset);
}

/* Where the lines of that moment begin, more or less. */
static uint64_t offset_at(struct growth_file *f, int64_t moment)
{
	uint64_t low = f->from, high = f->size;

	while (high - low > NEAR) {
		uint64_t middle = low + (high - low) / 2;

		if (stamp_at(f, middle, moment) < moment)
			low = middle;
		else
			high = middle;
	}
	return high == f->size && high > low && stamp_at(f, low, moment) < moment ? high : low;
}

static uint64_t cut_at(struct growth *g, int64_t moment)
{
	uint64_t all = 0;

	for (size_t i = 0; i < g->n; i++) {
		g->at[i].to = offset_at(&g->at[i], moment);
		all += g->at[i].to - g->at[i].from;
	}
	return all;
}

/* Exactly there: old logs are to end together. */
static uint64_t cut_exactly(struct growth *g, int64_t moment)
{
	uint64_t all = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct growth_file *f = &g->at[i];
		uint64_t at = f->to > f->from + NEAR ? f->to - NEAR : f->from;

		while (at < f->size && stamp_from(f, at, moment, moment, &f->to) == INT64_MAX)
			at = f->to;
		all += f->to - f->from;
	}
	return all;
}

static void take_all(struct growth *g)
{
	for (size_t i = 0; i < g->n; i++)
		g->at[i].to = g->at[i].size;
}

/* Between which moments what is new was written, as the logs tell that have a year. */
static bool span_of(struct growth *g, int64_t *from, int64_t *to)
{
	*from = INT64_MAX;
	*to = INT64_MIN;
	for (size_t i = 0; i < g->n; i++) {
		struct growth_file *f = &g->at[i];
		int64_t first, last;

		if (f->f.family == LOG_SPAMDYKE || f->from == f->size)
			continue;
		first = stamp_at(f, f->from, 0);
		last = stamp_at(f, f->size - f->from > NEAR / 4 ? f->size - NEAR / 4 : f->from, 0);
		*from = first < *from ? first : *from;
		*to = last != INT64_MAX && last > *to ? last : *to;
	}
	return *from < *to;
}

bool growth_window(struct growth *g, uint64_t most)
{
	int64_t low, high;

	take_all(g);
	if (growth_new(g) <= most)
		return false;
	if (growth_foreign(g))
		return growth_cut(g, most);
	if (!span_of(g, &low, &high))
		return false;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (cut_at(g, middle) <= most)
			low = middle;
		else
			high = middle;
	}
	cut_at(g, low);
	if (cut_exactly(g, low) < most / 16)
		cut_exactly(g, high); /* so much was written in one second */
	return true;
}
