/* When, and how long it took. */
#include <stdlib.h>

#include "trace/stats.h"

#define TIME_FORM(id, kind_, title_, words) \
	static const struct sheet_column id##_columns[] = { { kind_, "begin", title_, false }, STATS_TALLY }; \
	static const struct sheet_form id##_form = { .name = #id, \
						     .title = (words), \
						     .columns = id##_columns, \
						     .ncolumns = COUNT(id##_columns), \
						     .bar = 1, \
						     .time = true, \
						     .stack = { 3, 8 } };
TIME_FORM(hours, CELL_HOUR, "HOUR", "Per hour")
TIME_FORM(days, CELL_DAY, "DAY", "Per day")

static const struct sheet_column latency_columns[] = {
	{ CELL_TEXT, "what", "TIME", false },      { CELL_TEXT, "port", "PORT", false },
	{ CELL_COUNT, "known", "KNOWN OF", true }, { CELL_LENGTH, "p50_ms", "P50", false },
	{ CELL_LENGTH, "p90_ms", "P90", false },   { CELL_LENGTH, "p99_ms", "P99", false },
	{ CELL_LENGTH, "max_ms", "MAX", true }
};
static const struct sheet_form latencies_form = {
	.name = "latencies",
	.title = "How long it took",
	.columns = latency_columns,
	.ncolumns = 7,
	.note = "P90: nine of ten took no longer. The stamps of mail logs are whole seconds, so times below one second "
		"are known only where a log counts milliseconds (deliveries)."
};

static void put_times(struct stats *s, const struct sheet_form *form, const struct tally *at, size_t n, int64_t begin)
{
	struct sheet *sheet = report_sheet(s->report, form);

	for (size_t i = 0; i < n; i++) {
		struct cell *c = sheet_row(s->report, sheet);

		c[0].n = begin + (int64_t)i * 3600;
		stats_put_tally(c + 1, &at[i]);
	}
}

static void add(struct tally *to, const struct tally *x)
{
	to->messages += x->messages;
	to->recipients += x->recipients;
	to->good += x->good;
	to->refused += x->refused;
	to->put_off += x->put_off;
	to->returned += x->returned;
	to->bytes += x->bytes;
	to->lost += x->lost;
}

static int64_t day_of(const struct stats *s, int64_t utc)
{
	int64_t local = utc + day_offset(&s->answer->frame, utc);

	return (local - ((local % 86400) + 86400) % 86400) / 86400;
}

/* Hours of one local day make it up, be there 23, 24 or 25. */
static void put_days(struct stats *s, const struct tally *hour, size_t n, int64_t begin)
{
	struct sheet *sheet = report_sheet(s->report, &days_form);
	struct tally day = { 0 };
	int64_t first = begin;

	sheet->spare = n <= 24;
	for (size_t i = 0; i < n; i++) {
		int64_t at = begin + (int64_t)i * 3600;
		struct cell *c;

		add(&day, &hour[i]);
		if (i + 1 < n && day_of(s, at + 3600) == day_of(s, first))
			continue;
		c = sheet_row(s->report, sheet);
		c[0].n = first;
		stats_put_tally(c + 1, &day);
		day = (struct tally){ 0 };
		first = at + 3600;
	}
}

enum { HOURS_MAX = 24 * 366 * 20, HOURS_SHOWN = 24 * 367 };

static void no_volume(struct stats *s)
{
	report_sheet(s->report, &hours_form);
	report_sheet(s->report, &days_form);
}

/* Volume by time.  An hour begins where the local one does. */
void stats_put_volume(struct stats *s, const struct tally *all)
{
	int64_t shift, begin;
	struct tally *hour;
	size_t n;

	if (all->first == UINT32_MAX) {
		no_volume(s);
		return;
	}
	shift = ((day_offset(&s->answer->frame, all->first) % 3600) + 3600) % 3600;
	begin = ((int64_t)all->first + shift) / 3600 * 3600 - shift;
	n = (size_t)(((int64_t)all->last - begin) / 3600 + 1);
	if (n > HOURS_MAX) {
		report_say(s->report, "The times reach over more than 20 years: they are not drawn.");
		no_volume(s);
		return;
	}
	hour = mem_alloc(n * sizeof(*hour));
	for (size_t i = 0; i < n; i++)
		tally_begin(&hour[i]);
	for (size_t i = 0; i < s->rows.n; i++)
		if (s->rows.time[i] != UINT32_MAX)
			tally_add(&hour[((int64_t)s->rows.time[i] - begin) / 3600], &s->rows, i);
	put_times(s, &hours_form, hour, n <= HOURS_SHOWN ? n : 0, begin);
	if (n > HOURS_SHOWN)
		report_say(s->report, "The times reach over more than a year: they are counted by day, not by hour.");
	put_days(s, hour, n, begin);
	free(hour);
}

static void put_latency(struct stats *s, struct sheet *sheet, const char *what, struct str port,
			const struct lengths *x)
{
	struct cell *c;

	if (x->n == 0)
		return;
	c = sheet_row(s->report, sheet);
	c[0].text = str_of(what);
	c[1].text = port;
	c[2].n = (int64_t)x->n;
	c[3].n = (int64_t)x->p50;
	c[4].n = (int64_t)x->p90;
	c[5].n = (int64_t)x->p99;
	c[6].n = (int64_t)x->max;
}

void stats_put_latencies(struct stats *s)
{
	const struct rows *r = &s->rows;
	const struct {
		const char *what;
		const uint16_t *column;
		bool once, by_port;
	} t[] = { { "gate: connection to recipient", r->gate, true, true },
		  { "accept: MAIL to the final reply", r->accept, true, true },
		  { "put off: first try to acceptance", r->put_off, false, false },
		  { "queue: accepted to the first try", r->queue, false, false },
		  { "delivery: the try that decided", r->delivery, false, false },
		  { "whole: begin to the result", r->whole, false, true } };
	struct sheet *sheet = report_sheet(s->report, &latencies_form);
	struct lengths x[LENGTHS_PORTS + 1];

	for (size_t i = 0; i < COUNT(t); i++) {
		stats_lengths(x, r, t[i].column, t[i].once);
		put_latency(s, sheet, t[i].what, STR("all"), &x[LENGTHS_PORTS]);
		for (uint32_t p = 0; t[i].by_port && r->ports.n > 1 && p < r->ports.n && p < LENGTHS_PORTS; p++)
			put_latency(s, sheet, t[i].what, stats_text(s, &r->ports, p, "(not known)"), &x[p]);
	}
}
