/* base/fiber_aside.c - sleeping, and a thread for what may block. */
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include "base/clock.h"
#include "base/cond.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/proc.h"

enum { STACK_KIB = 128 };

void fiber_sleep(int64_t ms)
{
	int64_t until = deadline_in(ms);

	while (clock_mono() < until)
		if (fiber_self() != NULL)
			(void)fiber_park(until);
		else
			(void)poll(NULL, 0, (int)(ms < INT_MAX ? ms : INT_MAX));
}

struct aside {
	void (*what)(void *);
	void *arg;
	struct cond done;
	bool over;
};
static pthread_mutex_t aside_lock = PTHREAD_MUTEX_INITIALIZER;

static void *do_aside(void *arg)
{
	struct aside *a = arg;

	a->what(a->arg);
	pthread_mutex_lock(&aside_lock);
	a->over = true;
	cond_signal(&a->done);
	pthread_mutex_unlock(&aside_lock);
	return NULL;
}

void fiber_aside(void (*what)(void *), void *arg)
{
	struct aside a = { .what = what, .arg = arg };

	if (fiber_self() == NULL) {
		what(arg);
		return;
	}
	cond_init(&a.done);
	if (proc_thread(do_aside, &a, STACK_KIB, NULL) < 0) {
		what(arg);
	} else {
		pthread_mutex_lock(&aside_lock);
		while (!a.over)
			cond_wait(&a.done, &aside_lock, DEADLINE_NEVER);
		pthread_mutex_unlock(&aside_lock);
	}
	cond_clear(&a.done);
}
