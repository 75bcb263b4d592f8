#include "base/dict.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/quick.h"

enum { FIRST_CAP = 256 };

uint64_t dict_hash(struct str s)
{
	return hash_text(s, hash_secret());
}

void dict_clear(struct dict *t)
{
	free(t->slots);
	*t = (struct dict){ 0 };
}

static struct dict_slot *find(const struct dict *t, struct str text, uint64_t hash)
{
	for (size_t i = hash & (t->cap - 1);; i = (i + 1) & (t->cap - 1)) {
		struct dict_slot *s = &t->slots[i];

		if (s->p == NULL || (s->hash == hash && str_eq(str_mem(s->p, s->n), text)))
			return s;
	}
}

static void grow(struct dict *t)
{
	struct dict old = *t;

	t->cap = old.cap > 0 ? old.cap * 2 : FIRST_CAP;
	t->slots = mem_alloc(t->cap * sizeof(*t->slots));
	for (size_t i = 0; i < old.cap; i++) {
		size_t to = old.slots[i].hash & (t->cap - 1);

		if (old.slots[i].p == NULL)
			continue;
		while (t->slots[to].p != NULL)
			to = (to + 1) & (t->cap - 1);
		t->slots[to] = old.slots[i];
	}
	free(old.slots);
}

struct dict_slot *dict_slot(struct dict *t, struct str text)
{
	return dict_slot_of(t, text, dict_hash(text));
}

struct dict_slot *dict_slot_of(struct dict *t, struct str text, uint64_t hash)
{
	struct dict_slot *s;

	if ((t->n + 1) * 3 >= t->cap * 2)
		grow(t);
	s = find(t, text, hash);
	s->hash = hash;
	return s;
}

void dict_put(struct dict *t, struct dict_slot *s, struct str copy, uint32_t number)
{
	MUST(s->p == NULL && copy.n <= UINT32_MAX);
	s->p = copy.n > 0 ? copy.p : "";
	s->n = (uint32_t)copy.n;
	s->number = number;
	t->n++;
}

uint32_t dict_number(const struct dict *t, struct str text)
{
	const struct dict_slot *s = t->n > 0 ? find(t, text, dict_hash(text)) : NULL;

	return s != NULL && s->p != NULL ? s->number : UINT32_MAX;
}
