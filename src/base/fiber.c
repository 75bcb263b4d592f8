/* base/fiber.c - one epoll, one queue of those who can run, one heap of those who wait until some time. */
#include "base/fiber.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fiber_stack.h"
#include "base/io.h"
#include "base/timers.h"

enum { EVENTS = 128, SPARE = 256, LATER = 16 };

struct fiber {
	struct place place;
	struct loop *loop;
	void (*run)(void *);
	void *arg;
	bool parked, woken; /* woken, not late */
	bool token;         /* woken while it was not parked */
	bool event;         /* what it waits for in epoll has come */
	bool ended;
	struct timer timer;
	struct fiber *next; /* in the queue, or among the spare ones */
	bool called;        /* in the inbox */
	struct fiber *next_call;
};

struct loop {
	struct place thread;
	struct fiber *self, *main;
	bool over;
	struct fiber *first, **last; /* can run */
	size_t n;                    /* fibers that have not ended */
	struct fiber *spare;
	size_t nspare;
	struct timers timers;
	int epoll, bell;
	struct {
		void (*what)(void *);
		void *arg;
	} later[LATER];
	size_t nlater;
	pthread_mutex_t lock; /* guards the inbox: who was woken by another thread */
	struct fiber *inbox;
	bool asleep;
};

static _Thread_local struct loop *here;

struct fiber *fiber_self(void)
{
	return here != NULL ? here->self : NULL;
}

size_t fiber_count(void)
{
	return fiber_self() != NULL ? here->n : 0;
}

/* ---- waking ---- */

static void enqueue(struct loop *l, struct fiber *f)
{
	f->next = NULL;
	*l->last = f;
	l->last = &f->next;
}

static void make_ready(struct loop *l, struct fiber *f, bool woken)
{
	if (!f->parked) {
		f->token = true;
		return;
	}
	f->parked = false;
	f->woken = woken;
	timer_stop(&l->timers, &f->timer);
	enqueue(l, f);
}

static void call(struct loop *l, struct fiber *f)
{
	uint64_t one = 1;
	bool ring;

	pthread_mutex_lock(&l->lock);
	if (!f->called) {
		f->called = true;
		f->next_call = l->inbox;
		l->inbox = f;
	}
	ring = l->asleep;
	l->asleep = false;
	pthread_mutex_unlock(&l->lock);
	if (ring && write(l->bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		BUG("wake a thread of fibers: errno %d", errno);
}

void fiber_wake(struct fiber *f)
{
	if (f->loop == here)
		make_ready(here, f, true);
	else
		call(f->loop, f);
}

static void take_calls(struct loop *l)
{
	struct fiber *f;

	pthread_mutex_lock(&l->lock);
	f = l->inbox;
	l->inbox = NULL;
	for (; f != NULL; f = f->next_call) {
		f->called = false;
		make_ready(l, f, true);
	}
	pthread_mutex_unlock(&l->lock);
}

/* ---- waiting ---- */

static void to_the_loop(struct fiber *f)
{
	place_go(&f->place, &f->loop->thread);
}

bool fiber_park(int64_t deadline)
{
	struct fiber *f = here->self;

	if (f->token) {
		f->token = false;
		return true;
	}
	f->parked = true;
	if (deadline != DEADLINE_NEVER)
		timer_set(&f->loop->timers, &f->timer, deadline);
	to_the_loop(f);
	return f->woken;
}

void fiber_yield(void)
{
	struct fiber *f = fiber_self();

	if (f == NULL)
		return;
	enqueue(f->loop, f);
	to_the_loop(f);
}

/* Once: who was told of a descriptor is told no more of it until he asks again. */
static int watch(struct fiber *f, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events | EPOLLONESHOT, .data.ptr = f };

	if (epoll_ctl(f->loop->epoll, EPOLL_CTL_MOD, fd, &ev) == 0)
		return 0;
	return errno == ENOENT ? epoll_ctl(f->loop->epoll, EPOLL_CTL_ADD, fd, &ev) : -1;
}

int fiber_wait(int fd, short events, int64_t deadline)
{
	struct fiber *f = fiber_self();
	uint32_t wanted = (events & POLLIN ? EPOLLIN | EPOLLRDHUP : 0) | (events & POLLOUT ? EPOLLOUT : 0);

	if (f == NULL || deadline <= clock_mono())
		return io_poll(fd, events, deadline);
	f->event = false;
	if (watch(f, fd, wanted) < 0)
		return errno == EPERM ? 0 : -1; /* a plain file is always ready */
	while (!f->event) {
		(void)fiber_park(deadline);
		if (!f->event && deadline <= clock_mono()) {
			/* Asking for nothing would not do: of a hang-up it tells unasked, and f may be gone. */
			(void)epoll_ctl(f->loop->epoll, EPOLL_CTL_DEL, fd, NULL);
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

bool fiber_later(void (*what)(void *), void *arg)
{
	if (fiber_self() == NULL || here->nlater == LATER)
		return false;
	here->later[here->nlater].what = what;
	here->later[here->nlater++].arg = arg;
	return true;
}

/* ---- beginning and end ---- */

static void entry(void)
{
	struct loop *l = here;
	struct fiber *f = l->self;

	place_entered(&l->thread);
	f->run(f->arg);
	f->ended = true;
	place_leave(&f->place, &l->thread);
}

static struct fiber *fresh(struct loop *l, struct err *e)
{
	struct fiber *f = l->spare;
	struct place place;

	if (f != NULL) {
		l->spare = f->next;
		l->nspare--;
		place = f->place;
	} else {
		if (place_new(&place, e) < 0)
			return NULL;
		f = mem_alloc(sizeof(*f));
	}
	*f = (struct fiber){ .place = place, .loop = l };
	return f;
}

int fiber_start(void (*run)(void *), void *arg, struct err *e)
{
	struct fiber *f = fresh(here, e);

	if (f == NULL)
		return -1;
	f->run = run;
	f->arg = arg;
	here->n++;
	place_begin(&f->place, entry);
	enqueue(here, f);
	return 0;
}

static void discard(struct fiber *f)
{
	place_free(&f->place);
	free(f);
}

/* Nobody may wake it any more; what was called in vain is forgotten with the next take_calls(). */
static void bury(struct loop *l, struct fiber *f)
{
	take_calls(l);
	l->n--;
	if (l->nspare < SPARE) {
		f->next = l->spare;
		l->spare = f;
		l->nspare++;
	} else {
		discard(f);
	}
}

/* ---- the loop ---- */

/* Those who can run now; who becomes able to meanwhile has his turn after the others were looked for. */
static void run_some(struct loop *l)
{
	struct fiber *f = l->first, *next;

	l->first = NULL;
	l->last = &l->first;
	for (; f != NULL; f = next) {
		next = f->next;
		l->self = f;
		place_go(&l->thread, &f->place);
		l->self = NULL;
		if (f == l->main && f->ended)
			l->over = true;
		if (f->ended)
			bury(l, f);
		if (l->over)
			return;
	}
	for (size_t i = 0; i < l->nlater; i++)
		l->later[i].what(l->later[i].arg);
	l->nlater = 0;
}

/* How long nobody has anything to do. */
static int idle_ms(struct loop *l)
{
	bool busy = l->first != NULL;
	struct timer *first;

	pthread_mutex_lock(&l->lock);
	busy = busy || l->inbox != NULL;
	l->asleep = !busy;
	pthread_mutex_unlock(&l->lock);
	if (busy)
		return 0;
	first = timers_first(&l->timers);
	return first != NULL ? io_ms(first->at) : -1;
}

static void hear_bell(struct loop *l)
{
	uint64_t n;

	if (read(l->bell, &n, sizeof(n)) < 0 && errno != EAGAIN)
		BUG("read an eventfd: errno %d", errno);
}

static void ring_alarms(struct loop *l)
{
	int64_t now = clock_mono();
	struct timer *t;

	while ((t = timers_first(&l->timers)) != NULL && t->at <= now)
		make_ready(l, (struct fiber *)(void *)((char *)t - offsetof(struct fiber, timer)), false);
}

static void look_around(struct loop *l)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(l->epoll, ev, EVENTS, idle_ms(l));

	if (n < 0 && errno != EINTR)
		BUG("wait for descriptors: errno %d", errno);
	for (int i = 0; i < n; i++) {
		struct fiber *f = ev[i].data.ptr;

		if (f == NULL) {
			hear_bell(l);
			continue;
		}
		f->event = true;
		make_ready(l, f, true);
	}
	take_calls(l);
	ring_alarms(l);
}

static int open_loop(struct loop *l, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->bell < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->bell, &ev) < 0)
		return err_sys(e, "a loop of fibers");
	return 0;
}

/* Threads may still wake those who are left behind: then the loop stays where it is. */
static void close_loop(struct loop *l)
{
	struct fiber *f;

	while ((f = l->spare) != NULL) {
		l->spare = f->next;
		discard(f);
	}
	if (l->n > 0)
		return;
	timers_clear(&l->timers);
	fd_clear(&l->epoll);
	fd_clear(&l->bell);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* False: the first fiber has ended, and nobody runs any more. */
static bool turn(struct loop *l)
{
	look_around(l);
	run_some(l);
	return !l->over;
}

int fiber_run(void (*main)(void *), void *arg, struct err *e)
{
	struct loop *l = mem_alloc(sizeof(*l));
	int rc;

	MUST(here == NULL);
	here = l;
	l->epoll = l->bell = -1;
	rc = open_loop(l, e);
	if (rc == 0)
		rc = fiber_start(main, arg, e);
	l->main = l->first;
	while (rc == 0 && turn(l))
		continue;
	close_loop(l);
	here = NULL;
	return rc;
}
