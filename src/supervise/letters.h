/* supervise/letters.h - telltale-digest is started when a day begins, and a while after a start: it knows itself who is
 * due (digest/digest.h), and ends.  One that could not tell all is started again, ever later.
 */
#ifndef SUPERVISE_LETTERS_H
#define SUPERVISE_LETTERS_H

#include "supervise/errand.h"

struct letters {
	struct errand errand;
	int64_t day;        /* local, the latest that was begun */
	int64_t due, pause; /* clock_mono(); 0: not before another day begins */
};

/* Before the programs start; the errand stands. */
void letters_begin(struct letters *l);
/* Start it when it is due; ms until it must be called again. */
int64_t letters_tick(struct letters *l, const struct generation *g);
/* It has ended. */
void letters_ended(struct letters *l, bool well);

#endif
