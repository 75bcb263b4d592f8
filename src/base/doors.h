/* base/doors.h - the listening sockets of a program, and whoever comes in by them.
 *
 * They are the successor's too, and those of programs beside us, so that the kernel may wake us for a client whom
 * somebody else takes.  In a fiber: taking and waiting give the thread away.
 */
#ifndef BASE_DOORS_H
#define BASE_DOORS_H

#include "base/err.h"

struct door;

struct doors {
	int epoll;
	struct door *first;
	void (*take)(void *with, int fd); /* the (non-blocking) socket is its own */
};

int doors_open(struct doors *d, void (*take)(void *with, int fd), struct err *e);
/* Every listening socket that was handed over by this name; `with` is told with each client.  How many, or -1. */
int doors_add(struct doors *d, const char *name, void *with, struct err *e);
/* Take whoever comes until there is a signal to read. */
void doors_take(struct doors *d, int signals);
/* Let go of them.  For whom the kernel had woken us, and nobody else, is taken after that; who is the last to hold the
 * socket of a listener that is gone closes its port. */
void doors_close(struct doors *d);

#endif
