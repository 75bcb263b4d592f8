/* What a test costs: processor time, which others on a busy machine do not change. */
#ifndef SPENT_H
#define SPENT_H

#include <stdint.h>
#include <time.h>

/* Of this process so far, ms. */
static inline int64_t spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
