/* base/quick.h - for inner loops over texts that are read from files.
 *
 * Nobody who chose the texts can measure how long a look-up takes, so a hash with a secret of this process is enough
 * where the wire would want SipHash (map.h).
 */
#ifndef BASE_QUICK_H
#define BASE_QUICK_H

#include "base/map.h"

/* Are the n bytes the same?  Without a call where they are few: for inner loops. */
static inline bool str_same(const char *a, const char *b, size_t n)
{
	uint64_t x[2], y[2];
	uint32_t v[2], w[2];

	if (n > sizeof(x))
		return memcmp(a, b, n) == 0;
	if (n >= sizeof(*x)) {
		memcpy(&x[0], a, sizeof(*x));
		memcpy(&y[0], b, sizeof(*x));
		memcpy(&x[1], a + n - sizeof(*x), sizeof(*x));
		memcpy(&y[1], b + n - sizeof(*x), sizeof(*x));
		return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
	}
	if (n >= sizeof(*v)) {
		memcpy(&v[0], a, sizeof(*v));
		memcpy(&w[0], b, sizeof(*v));
		memcpy(&v[1], a + n - sizeof(*v), sizeof(*v));
		memcpy(&w[1], b + n - sizeof(*v), sizeof(*v));
		return ((v[0] ^ w[0]) | (v[1] ^ w[1])) == 0;
	}
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static inline uint64_t hash_load(const char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return word;
}

/* Sixteen bytes at a time, each of them times what only this process knows: hash_secret(). */
static inline uint64_t hash_text(struct str s, const uint64_t secret[2])
{
	uint64_t h = secret[0] ^ s.n, low = 0, high = 0;
	const char *p = s.p;
	size_t n = s.n;

	for (; n > 16; p += 16, n -= 16)
		h = hash_fold(hash_load(p, 8) ^ secret[1], hash_load(p + 8, 8) ^ h);
	if (n >= 8) {
		low = hash_load(p, 8);
		high = hash_load(p + n - 8, 8);
	} else if (n >= 4) {
		low = hash_load(p, 4);
		high = hash_load(p + n - 4, 4);
	} else if (n > 0) {
		low = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
		      (unsigned char)p[n - 1];
	}
	h = hash_fold(low ^ secret[1], high ^ h);
	return hash_fold(h ^ secret[0], secret[1]);
}

/* map_get(), map_put() and map_del() of a map all of whose texts are looked up so. */
void *map_get_quick(const struct map *m, struct str key);
void *map_put_quick(struct map *m, struct str key, void *value);
void *map_del_quick(struct map *m, struct str key);

#endif
