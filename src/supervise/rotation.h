/* supervise/rotation.h - when a day begins, telltale-rotate is started (logs/rotate.h), as one user after the other.
 *
 * With logs { rotate = "never" } it never is.  At a start it is when an earlier day or a rotation that was cut left
 * something, by the names and times of the files: nothing of them is read here.
 */
#ifndef SUPERVISE_ROTATION_H
#define SUPERVISE_ROTATION_H

#include "supervise/errand.h"

struct rotation {
	struct errand errand;
	int64_t day; /* local, the latest that was begun */
	bool due;
	unsigned next; /* whose turn it is */
};

/* Before the programs start; the errand stands. */
void rotation_begin(struct rotation *r, const struct conf *c);
/* Start who is due; ms until it must be called again. */
int64_t rotation_tick(struct rotation *r, const struct generation *g);
#endif
