/* deliver/retry.h - when is a recipient tried again?
 *
 * qmail's quadratic schedule (LOG-FORMATS 3.2): next = birth + (floor(sqrt(age)) + c)^2
 * seconds, so that waits grow with the age of the message and a message's
 * recipients of one channel stay together.  c is 10 for local and 20 for remote
 * recipients when first-retry is 100 s, and scales with its root.  Pure
 * arithmetic on wall time in ms; a clock that jumps makes a wait neither
 * negative nor longer than the longest one of the schedule.
 */
#ifndef DELIVER_RETRY_H
#define DELIVER_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include "mail/envelope.h"
#include "queue/item.h"

struct retry {
	int64_t first;    /* ms: wait before the second local attempt */
	int64_t lifetime; /* ms: age at which an attempt is the last one */
};

/* When to try again after an attempt that ended at `now`; always later than now. */
int64_t retry_next(const struct retry *r, enum channel channel, int64_t birth, int64_t now);
/* Was the attempt that ended at `now` the last one? */
bool retry_over(const struct retry *r, int64_t birth, int64_t now);
/* A due time as it stands in memory, after the clock may have been set back: never
 * further ahead of now than the longest wait of the schedule, unless it never comes. */
int64_t retry_clamp(const struct retry *r, int64_t due, int64_t now);

#endif
