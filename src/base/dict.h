/* base/dict.h - texts and the number of each.
 *
 * As base/map.h, but for texts that are met by the hundred thousand and whose
 * writer sees no timing of ours (quick.h).
 *
 *	s = dict_slot(&t, text);
 *	if (s->p == NULL)
 *		dict_put(&t, s, copy, number);
 */
#ifndef BASE_DICT_H
#define BASE_DICT_H

#include "base/str.h"

struct dict_slot {
	const char *p; /* borrowed; NULL: nothing stands here */
	uint64_t hash;
	uint32_t n, number;
};

struct dict {
	struct dict_slot *slots;
	size_t cap, n;
};

void dict_clear(struct dict *t);
/* Where the text stands, or a slot for it, which dict_put() fills before anything else is asked. */
struct dict_slot *dict_slot(struct dict *t, struct str text);
/* The same for who knows the hash already.  Of many texts each is asked for ahead, first its slot, and a little later,
 * when that is there, the text in it: they lie all over memory. */
struct dict_slot *dict_slot_of(struct dict *t, struct str text, uint64_t hash);
static inline void dict_ahead(const struct dict *t, uint64_t hash)
{
	if (t->cap > 0)
		__builtin_prefetch(&t->slots[hash & (t->cap - 1)]);
}
static inline void dict_text_ahead(const struct dict *t, uint64_t hash)
{
	if (t->cap > 0)
		__builtin_prefetch(t->slots[hash & (t->cap - 1)].p);
}
/* `copy` is the text, where it will stay. */
void dict_put(struct dict *t, struct dict_slot *s, struct str copy, uint32_t number);
/* Its number; UINT32_MAX: it is not known. */
uint32_t dict_number(const struct dict *t, struct str text);

uint64_t dict_hash(struct str s); /* another one in each process */

#endif
