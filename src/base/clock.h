/* base/clock.h - the one place that asks what time it is.
 *
 * Wall time is milliseconds since 1970 (UTC); deadlines and durations use the
 * monotonic clock.  TELLTALE_CLOCK=FILE in the environment shifts wall time by
 * what stands in the file at that moment (8 bytes, little-endian, ms): the test
 * clock.  The file is mapped once, at the first question or by clock_begin().
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

/* Map the test clock now, while files can still be opened.  True when there is one: then wall time may
 * jump at any moment, and whoever sleeps until a wall time looks at the clock often. */
bool clock_begin(void);
int64_t clock_mono(void); /* ms, monotonic */
int64_t clock_mono_us(void);
int64_t clock_wall(void);        /* ms since 1970 */
int64_t deadline_in(int64_t ms); /* clock_mono() + ms, saturating */
/* Of two waits as poll() takes them, in ms: -1 has no end. */
int64_t wait_shorter(int64_t a, int64_t b);

/* A calendar time without a zone, as log stamps carry it. */
struct civil {
	int year, month, day, hour, minute, second; /* month 1..12, day 1..31 */
};

int64_t civil_to_days(int year, int month, int day); /* days since 1970-01-01, proleptic Gregorian */
int64_t civil_to_seconds(struct civil c);            /* as if it were UTC */
struct civil civil_of_seconds(int64_t seconds);      /* as UTC */
int civil_weekday(int64_t days);                     /* 0 = Sunday */
bool civil_valid(struct civil c);

/* Offset of this machine's zone at that moment, in seconds east of UTC (TZ honoured). */
int zone_offset(int64_t seconds);
/* A zone by name ("Europe/Sofia", "UTC", "+02:00", "EST" ...): its offset at that moment; false if unknown. */
bool zone_named(struct str name, int64_t seconds, int *offset);
void zone_put(struct buf *b, int offset); /* "+02:00" */

void stamp_put(struct buf *b, struct civil c);                  /* "2021-03-09 12:43:51" */
void stamp_put_time(struct buf *b, struct civil c);             /* "12:43:51" */
void stamp_put_iso(struct buf *b, int64_t seconds, int offset); /* "2021-03-09T12:43:51+02:00" */
/* RFC 5322 3.3: "Tue, 09 Mar 2021 12:43:51 +0200". */
void stamp_put_rfc5322(struct buf *b, int64_t seconds, int offset);
extern const char month_names[12][4];  /* "Jan" ... */
extern const char weekday_names[7][4]; /* "Sun" ... */

#endif
