/* base/fiber.h - many conversations on one thread, each written as if it were alone.
 *
 * A fiber has a stack of its own and runs until it waits; then the next one runs. What waits by io_wait(), cond_wait()
 * or fiber_sleep() gives the thread away; anything else that sleeps (a sync, a read of a file) stops all fibers of the
 * loop, and goes through fiber_aside(). A fiber never moves to another thread. Whoever holds a mutex must not wait for
 * a descriptor by these (io_poll() is for that): the next fiber that wants it would stop the thread for good.
 *
 * Why not threads: a session waits some ten times for a message, and a wait of a thread is a switch in the kernel,
 * dearer than all that the session does between two of them.
 */
#ifndef BASE_FIBER_H
#define BASE_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct fiber;

/* Run main(arg) as the first fiber of this thread, and all that it starts, until it returns: 0; -1 when no loop can be
 * made. Fibers that are still there then never run again, and their stacks are left as they are: waking them does
 * nothing. */
int fiber_run(void (*main)(void *), void *arg, struct err *e);
/* Start one more on this loop, to run when its turn comes: 0; -1 when there is no memory for its stack. */
int fiber_start(void (*run)(void *), void *arg, struct err *e);

/* The running one; NULL in a plain thread. */
struct fiber *fiber_self(void);

/* How many there are on this loop, the first one and oneself too; 0 in a plain thread. */
size_t fiber_count(void);

/* Give the thread away until somebody wakes this fiber, or the deadline. True: woken, perhaps for no reason. */
bool fiber_park(int64_t deadline);
/* Wake it, from any thread, while it cannot have ended: whoever calls and whoever waits agree upon that by a mutex. */
void fiber_wake(struct fiber *f);
/* As io_wait() (POLLIN or POLLOUT): 0, or -1 with errno. One fiber waits for a descriptor at a time. */
int fiber_wait(int fd, short events, int64_t deadline);
/* Let the others run first. */
void fiber_yield(void);
/* Sleep; in a plain thread as well. */
void fiber_sleep(int64_t ms);
/* Call what(arg) where it may block: in a thread made for it, while this fiber waits; at once in a plain thread. */
void fiber_aside(void (*what)(void *), void *arg);
/* Call what(arg) when every fiber that can run has run: for what is cheaper done once for all of them. False: this is
 * a plain thread. */
bool fiber_later(void (*what)(void *), void *arg);

#endif
