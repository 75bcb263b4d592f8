#include "queue/sum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/err.h"

uint64_t sum_bytes(uint64_t seed, struct str s)
{
	return XXH3_64bits_withSeed(s.p, s.n, seed);
}

static XXH3_state_t *state_of(struct sum *s)
{
	return (XXH3_state_t *)(void *)s;
}

struct sum *sum_new(uint64_t seed)
{
	XXH3_state_t *x = XXH3_createState();

	if (x == NULL || XXH3_64bits_reset_withSeed(x, seed) != XXH_OK)
		BUG("no memory for a checksum");
	return (struct sum *)(void *)x;
}

void sum_add(struct sum *s, struct str piece)
{
	XXH3_64bits_update(state_of(s), piece.p, piece.n);
}

uint64_t sum_get(const struct sum *s)
{
	return XXH3_64bits_digest((const XXH3_state_t *)(const void *)s);
}

void sum_free(struct sum *s)
{
	if (s != NULL)
		XXH3_freeState(state_of(s));
}
