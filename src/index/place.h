/* index/place.h - where a story stands among all, whatever chapter it is in.
 *
 * Reading meets visits first, then what only the gate knows, then what only
 * deliveries know (complete.c); each by the line at which it is met.  So the
 * stories of several chapters of our own logs come into the order that they
 * would have if all had been read at once.
 */
#ifndef INDEX_PLACE_H
#define INDEX_PLACE_H

#include "trace/story.h"

enum place_class { PLACE_VISIT, PLACE_GATE, PLACE_DELIVERY, PLACE_NONE };

struct place {
	enum place_class class;
	uint32_t file, number; /* the line; of PLACE_NONE 0 */
};
struct place place_of(const struct book *b, const struct story *s);

/* The same as a number that grows with it. */
static inline uint64_t place_number(struct place p)
{
	return (uint64_t)p.class << 60 | (uint64_t)p.file << 32 | p.number;
}

#endif
