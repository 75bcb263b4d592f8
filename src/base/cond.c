#include "base/cond.h"

#include <stdbool.h>
#include <stddef.h>
#include "base/fiber.h"
#include "base/io.h"

struct cond_waiter {
	struct fiber *fiber;
	struct cond_waiter *next, **link; /* link: what leads to it; NULL: it is not listed any more */
};

void cond_init(struct cond *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->threads, &attr);
	pthread_condattr_destroy(&attr);
	c->first = NULL;
	c->last = &c->first;
}

void cond_clear(struct cond *c)
{
	pthread_cond_destroy(&c->threads);
}

static void wait_as_thread(struct cond *c, pthread_mutex_t *lock, int64_t deadline)
{
	struct timespec t = { .tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000 };

	if (deadline == DEADLINE_NEVER)
		pthread_cond_wait(&c->threads, lock);
	else
		pthread_cond_timedwait(&c->threads, lock, &t);
}

static void put_in(struct cond *c, struct cond_waiter *w)
{
	w->link = c->last;
	*c->last = w;
	c->last = &w->next;
}

/* Without a walk: of a thousand who wait most give up at their deadline. */
static void take_out(struct cond *c, struct cond_waiter *w)
{
	*w->link = w->next;
	if (w->next != NULL)
		w->next->link = w->link;
	else
		c->last = w->link;
	w->link = NULL;
}

void cond_wait(struct cond *c, pthread_mutex_t *lock, int64_t deadline)
{
	struct cond_waiter w = { .fiber = fiber_self() };

	if (w.fiber == NULL) {
		wait_as_thread(c, lock, deadline);
		return;
	}
	put_in(c, &w);
	pthread_mutex_unlock(lock);
	(void)fiber_park(deadline);
	pthread_mutex_lock(lock);
	if (w.link != NULL)
		take_out(c, &w);
}

void cond_signal(struct cond *c)
{
	struct cond_waiter *w = c->first;

	if (w == NULL) {
		pthread_cond_signal(&c->threads);
		return;
	}
	take_out(c, w);
	fiber_wake(w->fiber);
}

void cond_broadcast(struct cond *c)
{
	while (c->first != NULL)
		cond_signal(c);
	pthread_cond_broadcast(&c->threads);
}
