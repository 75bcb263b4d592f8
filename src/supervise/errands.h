/* supervise/errands.h - all programs that run now and then, as telltaled's loop sees them. */
#ifndef SUPERVISE_ERRANDS_H
#define SUPERVISE_ERRANDS_H

#include "supervise/indexing.h"
#include "supervise/letters.h"
#include "supervise/rotation.h"

struct errands {
	struct rotation rotation;
	struct letters letters;
	struct indexing indexing;
};

/* Before the programs start; the users and server.log stay theirs. */
void errands_begin(struct errands *x, const struct conf *c, const struct users *u, int log);
/* Start who is due; ms until it must be called again. */
int64_t errands_tick(struct errands *x, const struct generation *g);
/* To be called before anybody else collects processes. */
void errands_reap(struct errands *x);
void errands_end(struct errands *x);

#endif
