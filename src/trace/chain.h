/* trace/chain.h - a message, the forwards and the bounces that came out of it: one tree. */
#ifndef TRACE_CHAIN_H
#define TRACE_CHAIN_H

#include "trace/answer.h"

/* Each message of the tree that s belongs to, parents first: relation is NULL, "forward" or "bounce".  Nothing for a
 * message alone.  False: there are more than can be shown. */
bool chain_walk(const struct answer *r, const struct story *s,
		void (*see)(void *, const struct told *, const char *relation, int depth), void *with);

#endif
