/* base/timers.h - who waits until when: the earliest first. */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Part of what waits; zeroed it is not set. */
struct timer {
	int64_t at;   /* clock_mono() */
	size_t place; /* in the heap, from 1; 0: not set */
};

struct timers {
	struct timer **heap; /* heap[1..n] */
	size_t n, room;
};

void timers_clear(struct timers *t);
/* It must not be set. The timer stays the caller's, and where it is, until it is stopped. */
void timer_set(struct timers *t, struct timer *r, int64_t at);
void timer_stop(struct timers *t, struct timer *r); /* if it is set */
struct timer *timers_first(const struct timers *t); /* NULL: none is set */

#endif
