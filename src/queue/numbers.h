/* queue/numbers.h - numbers that are given out once in the life of a data folder.
 *
 * Connections, messages and deliveries share one counter, from 1 to below
 * 2^53: a number that somebody quotes is one thing only, whichever log it was
 * found in.  Segments and big files have their own.  A number is given out only when a
 * block that ends behind it stands in the file `numbers`, synced; a restart
 * goes on at the end of the last block.  A lost or damaged file is an error
 * with advice, never a new start at 1.
 */
#ifndef QUEUE_NUMBERS_H
#define QUEUE_NUMBERS_H

#include "base/err.h"
#include "base/str.h"
#include "queue/spool.h"

enum { NUMBER_FILE = NUMBER_DELIVERY + 1, NUMBER_KINDS }; /* segments and big files, inside the queue only */
enum { COUNTER_LOGGED, COUNTER_FILE, COUNTERS };
#define NUMBERS_LIMIT ((uint64_t)1 << 53)

struct numbers {
	int dir;
	uint64_t next[COUNTERS]; /* to be given out next */
	uint64_t end[COUNTERS];  /* first number not covered by the file */
};

/* fresh: nothing was ever kept in this folder, so the file may be missing; it is on disk when this returns. */
int numbers_open(struct numbers *n, int dir, bool fresh, struct err *e);

struct number_block {
	uint64_t first, count;
};
/* b->count numbers are wanted; it may get fewer, but one at least, from b->first on. */
int numbers_take(struct numbers *n, unsigned kind, struct number_block *b, struct err *e);
/* Could this one have been given out already? */
bool numbers_given(const struct numbers *n, unsigned kind, uint64_t number);
/* `seen` was used (by a record that the file does not know of): never give it out again. */
void numbers_raise(struct numbers *n, unsigned kind, uint64_t seen);
/* A clean end: leave no gap. */
int numbers_close(struct numbers *n, struct err *e);

#endif
