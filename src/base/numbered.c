#include "base/numbered.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"

enum { FRONT = sizeof(uint64_t), BYTES = FRONT + sizeof(uint32_t) };

static unsigned byte_of(const struct numbered *x, int i)
{
	return i < FRONT ? x->number >> (8 * i) & 0xff : x->rank >> (8 * (i - FRONT)) & 0xff;
}

static bool is_sorted(const struct numbered *at, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct numbered *x = &at[i - 1], *y = &at[i];

		if (x->rank != y->rank ? x->rank > y->rank : x->number > y->number)
			return false;
	}
	return true;
}

/* A byte at a time from the lowest; one that is the same in all is passed over. */
void numbered_sort(struct numbered **at, size_t n)
{
	size_t count[BYTES][256] = { { 0 } };
	struct numbered *other, *old;

	if (is_sorted(*at, n))
		return;
	other = mem_alloc(n * sizeof(*other));
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < BYTES; k++)
			count[k][byte_of(&(*at)[i], k)]++;
	for (int k = 0; k < BYTES; k++) {
		size_t sum = 0, same;

		if (count[k][byte_of(*at, k)] == n)
			continue;
		for (int i = 0; i < 256; i++, sum += same) {
			same = count[k][i];
			count[k][i] = sum;
		}
		for (size_t i = 0; i < n; i++)
			other[count[k][byte_of(&(*at)[i], k)]++] = (*at)[i];
		old = *at;
		*at = other;
		other = old;
	}
	free(other);
}
