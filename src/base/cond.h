/* base/cond.h - a condition under a mutex, for threads and fibers alike (deadlines are of clock_mono()). */
#ifndef BASE_COND_H
#define BASE_COND_H

#include <pthread.h>
#include <stdint.h>

struct cond_waiter;
struct cond {
	pthread_cond_t threads;
	struct cond_waiter *first, **last; /* fibers */
};

void cond_init(struct cond *c);
void cond_clear(struct cond *c); /* nobody waits any more */
/* Wait with the lock held; perhaps for no reason, as with pthread_cond_wait(). DEADLINE_NEVER has no end. */
void cond_wait(struct cond *c, pthread_mutex_t *lock, int64_t deadline);
/* With the lock held: wake one, or all. */
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

#endif
