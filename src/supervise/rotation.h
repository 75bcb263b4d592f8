/* supervise/rotation.h - when a day begins, telltale-rotate is started (logs/rotate.h), as one user after the other.
 *
 * With logs { rotate = "never" } it never is.  At a start it is when an earlier day or a rotation that was cut left
 * something, by the names and times of the files: nothing of them is read here.
 */
#ifndef SUPERVISE_ROTATION_H
#define SUPERVISE_ROTATION_H

#include "supervise/generation.h"
#include "supervise/users.h"

struct rotation {
	const struct users *users;
	int log;     /* server.log */
	int64_t day; /* local, the latest that was begun */
	bool due;
	unsigned next; /* whose turn it is */
	pid_t pid;     /* 0: none runs */
};

/* Before the programs start. */
void rotation_begin(struct rotation *r, const struct conf *c, const struct users *u, int log);
/* Start who is due; ms until it must be called again. */
int64_t rotation_tick(struct rotation *r, const struct generation *g);
/* To be called before anybody else collects processes. */
void rotation_reap(struct rotation *r);
/* One that runs is ended where it is: it survives that. */
void rotation_end(struct rotation *r);

#endif
