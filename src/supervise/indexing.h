/* supervise/indexing.h - telltale-index is started every some minutes: index { every }, never for 0.
 *
 * The first time a minute after a start at the latest; then so long after the end of the one before, so that two never
 * run and a slow one leaves the machine time.  What fails is said once, until one succeeds, and tried ever later: logs
 * that need more memory than there is would cost minutes of work each time.  Within an hour it is tried again all the
 * same, for what was wrong may be mended.
 */
#ifndef SUPERVISE_INDEXING_H
#define SUPERVISE_INDEXING_H

#include "supervise/errand.h"

struct indexing {
	struct errand errand;
	int64_t since; /* clock_mono(): of the start, or of the end of the latest */
	bool before;   /* there was one */
	int failures;  /* in a row */
};

/* Before the programs start; the errand stands. */
void indexing_begin(struct indexing *x);
/* Start it when it is due; ms until it must be called again, -1: not before something else happens. */
int64_t indexing_tick(struct indexing *x, const struct generation *g);
/* ms until it is due; 0: now, -1: never (0 as `every`), or one runs. */
int64_t indexing_wait(const struct indexing *x, int64_t every, int64_t now);
/* It has ended. */
void indexing_ended(struct indexing *x, bool well);

#endif
