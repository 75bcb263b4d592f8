/* trace/day.h - DAY: the words people use for a day or a time.
 *
 * Parsing needs no logs; resolving does: relative days count from now when the
 * logs reach now (newest line within a day of it), else from the newest line.
 */
#ifndef TRACE_DAY_H
#define TRACE_DAY_H

#include "trace/zone.h"

enum day_kind {
	DAY_NONE,
	DAY_DATE, /* year 0: the latest that is not ahead; month 0: "the 10th" */
	DAY_WEEKDAY,
	DAY_TODAY,
	DAY_YESTERDAY,
	DAY_LAST_WEEK, /* the seven days that end with the latest one */
	DAY_MONTH,     /* year 0: the latest that is not ahead */
	DAY_PAST,      /* "last 2 hours": the time up to now */
	DAY_AGO        /* "10 minutes ago" */
};

struct day {
	enum day_kind kind;
	int year, month, mday, weekday;
	bool timed, has_seconds;
	int hour, minute, second;
	int64_t past;    /* seconds; of DAY_YESTERDAY: before it */
	bool end;        /* "end of tuesday": what is before it is before the next day */
	struct str zone; /* a zone that stood behind the time; empty: the logs' */
};

/* Take as many of the words as belong to a DAY (a date, a weekday, a time, a zone ...) and put them into d, beside
 * what stands there.  Returns their count; 0: the first word is none of it. */
size_t day_words(const struct str *words, size_t n, struct day *d);
/* The whole of a value: "2021-03-09", "2021-03-09T12:43", "last week", "15:00 EST". */
bool day_parse(struct str value, struct day *d);

/* What relative days are counted from, and in which zone. */
struct day_frame {
	const struct zone_table *zone;
	struct str tz;     /* --tz; empty: the logs' zone */
	int64_t reference; /* UTC: now, or the newest line */
	bool from_logs;    /* it is the newest line */
};
void day_frame_init(struct day_frame *f, const struct zone_table *z, struct str tz, int64_t newest_utc, int64_t now);

struct span {
	int64_t from, to; /* UTC seconds, to is excluded */
};
bool day_bare(const struct day *d); /* a time of day alone: the latest one that is not ahead */
/* around: a time of day means the minutes around it (a question); else the moment itself (after:, before:). */
bool day_resolve(const struct day *d, const struct day_frame *f, bool around, struct span *out);

int day_offset(const struct day_frame *f, int64_t utc);
int64_t day_utc(const struct day_frame *f, struct str zone, int64_t local);

#endif
