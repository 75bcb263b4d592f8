/* base/numbered.h - things by numbers: a stable sort that compares nothing. */
#ifndef BASE_NUMBERED_H
#define BASE_NUMBERED_H

#include <stddef.h>
#include <stdint.h>

struct numbered {
	uint64_t number;
	uint32_t rank;
	uint32_t of; /* whose number it is: the caller's */
};

/* Sort by rank, then by number; what has both in common stays in its order.  *at, which mem_alloc() made, may be other
 * room of the same size afterwards. */
void numbered_sort(struct numbered **at, size_t n);

#endif
