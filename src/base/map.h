/* base/map.h - bytes or numbers to a pointer.
 *
 * Open addressing under SipHash-1-3 (numbers: a product with a secret factor)
 * with a key of this process, so that chosen keys of an attacker do not
 * collide.  Keys are borrowed: they must outlive their entry.  Not for two
 * threads at once.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_slot;

struct map {
	struct map_slot *slots;
	size_t cap, used, n; /* n live entries; used counts tombstones too */
};

#define MAP_INIT \
	{ \
		NULL, 0, 0, 0 \
	}

void map_clear(struct map *m);                             /* frees the table, not the values */
void *map_get(const struct map *m, struct str key);        /* NULL when absent */
void *map_put(struct map *m, struct str key, void *value); /* returns the former value; value != NULL */
void *map_del(struct map *m, struct str key);              /* returns the value or NULL */
/* Walk: `size_t i = 0; while ((v = map_next(&m, &i, &key)) != NULL)`; no insertion meanwhile. */
void *map_next(const struct map *m, size_t *i, struct str *key);

/* The same table keyed by a number; the map keeps the number itself. */
void *map_getn(const struct map *m, uint64_t key);
void *map_putn(struct map *m, uint64_t key, void *value);
void *map_deln(struct map *m, uint64_t key);

/* For tables of other shapes: both halves of a product; where one factor is secret (hash_secret: two of them, the
 * same for the whole process, the second one odd), nobody can choose what collides. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = a;

	product *= b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
const uint64_t *hash_secret(void);
uint64_t hash_keyed(struct str s, const uint64_t key[2]); /* SipHash-1-3 */

#endif
