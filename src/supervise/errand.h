/* supervise/errand.h - one of the programs that run now and then and end by themselves.
 *
 * What they have in common: how they are started, collected and ended.  When each is due is for rotation.h, letters.h
 * and indexing.h; errands.h has the table of them.  Nobody waits for one: a reload and a stop never do.
 */
#ifndef SUPERVISE_ERRAND_H
#define SUPERVISE_ERRAND_H

#include "supervise/generation.h"
#include "supervise/users.h"

struct errand {
	const char *program;
	const char *lacking; /* what is so when it cannot be started */
	const struct users *users;
	int log;    /* server.log */
	bool seals; /* it gets why.key (secret.h) */
	bool quiet; /* it failed the last time and nobody wants to hear it again; the program gets --quiet */
	pid_t pid;  /* 0: none runs */
};

/* False: it cannot be started, which was said. */
bool errand_start(struct errand *r, const struct generation *g, const struct proc_user *user);
/* Has it ended?  To be called before anybody else collects processes. */
enum errand_end { ERRAND_RUNS, ERRAND_WELL, ERRAND_FAILED };
enum errand_end errand_reap(struct errand *r);
/* One that runs is ended where it is: each of them survives that. */
void errand_end(struct errand *r);

#endif
