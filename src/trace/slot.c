#include <string.h>

#include "trace/join.h"

struct slot_key slot_key(const struct name *from, const struct name *to, int64_t second)
{
	struct slot_key k;

	memset(&k, 0, sizeof(k));
	k.second = second;
	k.from = from != NULL ? from->id + 1 : 0;
	k.to = to != NULL ? to->id + 1 : 0;
	return k;
}

struct slot *slot_get(const struct map *m, struct slot_key k)
{
	return map_get(m, str_mem(&k, sizeof(k)));
}

struct slot *slot_need(struct completer *c, struct map *m, struct slot_key k)
{
	struct slot *s = slot_get(m, k);

	if (s != NULL)
		return s;
	s = arena_alloc(&c->b->mem, sizeof(*s));
	s->key = k;
	map_put(m, str_mem(&s->key, sizeof(s->key)), s);
	return s;
}

static void remember(struct slot *s, struct party *p)
{
	if (s->some == NULL)
		s->some = p;
	else if (s->other == NULL)
		s->other = p;
	s->parties++;
}

void slot_push_gate(struct slot *s, struct party *p)
{
	if (s->first == NULL)
		s->first = p;
	else
		s->last->gate_queue = p;
	s->last = p;
	remember(s, p);
}

void slot_push_try(struct slot *s, struct party *p)
{
	if (s->first == NULL)
		s->first = p;
	else
		s->last->try_queue = p;
	s->last = p;
	remember(s, p);
}

/* The next party of the slot that no gate line has claimed. */
struct party *slot_pop_ungated(struct slot *s)
{
	while (s != NULL && s->first != NULL) {
		struct party *p = s->first;

		s->first = p->gate_queue;
		if (p->gates == NULL)
			return p;
	}
	return NULL;
}

struct party *slot_untried(struct slot *s)
{
	while (s != NULL && s->first != NULL && s->first->attempts != NULL)
		s->first = s->first->try_queue;
	return s != NULL ? s->first : NULL;
}

const struct party *slot_rival(const struct map *m, struct slot_key k, const struct party *p)
{
	for (int d = -JOIN_NEAR; d <= JOIN_NEAR; d++) {
		struct slot_key near = k;
		const struct slot *s;

		near.second += k.second != JOIN_ANY_SECOND ? d : 0;
		s = slot_get(m, near);
		if (s != NULL && s->some != NULL && s->some != p)
			return s->some;
		if (s != NULL && s->other != NULL)
			return s->other;
	}
	return NULL;
}

bool slot_alone(const struct map *m, const struct name *from, const struct name *to, int64_t second)
{
	unsigned parties = 0, rivals = 0;

	for (int d = -JOIN_NEAR; d <= JOIN_NEAR; d++) {
		const struct slot *s = slot_get(m, slot_key(from, to, second + d));

		parties += s != NULL ? s->parties : 0;
		rivals += s != NULL ? s->rivals : 0;
	}
	return parties == 1 && rivals <= 1;
}
