#include <stdlib.h>

#include "trace/join.h"

enum { PIECE = 512, FIRST_CAP = 64, ROW = 8 /* refs of a cache line */ };

struct slot_ref {
	uint32_t hash;
	uint32_t at; /* number of the slot, plus 1; 0: nothing stands here */
};

struct slot_key slot_reply_key(uint64_t epoch, uint64_t qp)
{
	return (struct slot_key){ (int64_t)epoch, (uint32_t)qp, (uint32_t)(qp >> 32) };
}

/* Joins look at some seconds in a row: the eight refs of a cache line are those of eight seconds. */
static inline uint32_t hash_of(const struct slots *m, struct slot_key k)
{
	uint64_t h = hash_fold((uint64_t)(k.second & ~(int64_t)(ROW - 1)) ^ m->secret[0], m->secret[1]);

	h = hash_fold(h ^ ((uint64_t)k.from << 32 | k.to), m->secret[1]);
	return ((uint32_t)(h ^ h >> 32) & ~(uint32_t)(ROW - 1)) | (uint32_t)(k.second & (ROW - 1));
}

static inline struct slot *slot_at(const struct slots *m, uint32_t at)
{
	return (struct slot *)(void *)(m->pieces[(at - 1) / PIECE] + (at - 1) % PIECE * m->size);
}

static inline bool is_key(const struct slot *s, struct slot_key k)
{
	return s->key.second == k.second && s->key.from == k.from && s->key.to == k.to;
}

/* Where the key stands, or could go. */
static inline struct slot_ref *find(const struct slots *m, struct slot_key k, uint32_t hash)
{
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct slot_ref *r = &m->refs[i];

		if (r->at == 0 || (r->hash == hash && is_key(slot_at(m, r->at), k)))
			return r;
	}
}

struct slot *slot_get(const struct slots *m, struct slot_key k)
{
	const struct slot_ref *r = m->n > 0 ? find(m, k, hash_of(m, k)) : NULL;

	return r != NULL && r->at > 0 ? slot_at(m, r->at) : NULL;
}

void slot_soon(const struct slots *m, struct slot_key k)
{
	if (m->n > 0)
		__builtin_prefetch(&m->refs[hash_of(m, k) & (m->cap - 1)]);
}

void slot_sooner(const struct slots *m, struct slot_key k)
{
	const struct slot_ref *r = m->n > 0 ? &m->refs[hash_of(m, k) & (m->cap - 1)] : NULL;

	if (r != NULL && r->at > 0)
		__builtin_prefetch(slot_at(m, r->at));
}

static void grow(struct slots *m)
{
	struct slots old = *m;

	m->secret = hash_secret();
	m->cap = old.cap > 0 ? old.cap * 2 : FIRST_CAP;
	m->room = mem_alloc((m->cap + ROW) * sizeof(*m->refs));
	m->refs = (struct slot_ref *)m->room + (-(uintptr_t)m->room / sizeof(*m->refs)) % ROW;
	for (size_t i = 0; i < old.cap; i++) {
		size_t to = old.refs[i].hash & (m->cap - 1);

		if (old.refs[i].at == 0)
			continue;
		while (m->refs[to].at > 0)
			to = (to + 1) & (m->cap - 1);
		m->refs[to] = old.refs[i];
	}
	free(old.room);
}

static struct slot *new_slot(struct slots *m, struct slot_key k)
{
	struct slot *s;

	if (m->n % PIECE == 0) {
		m->pieces = mem_grow(m->pieces, (m->npieces + 1) * sizeof(*m->pieces));
		m->pieces[m->npieces++] = arena_alloc(m->mem, PIECE * m->size);
	}
	s = slot_at(m, (uint32_t)++m->n);
	s->key = k;
	return s;
}

struct slot *slot_need(struct slots *m, struct slot_key k)
{
	struct slot_ref *r;
	uint32_t hash;

	MUST(m->n < UINT32_MAX);
	if ((m->n + 1) * 2 >= m->cap)
		grow(m);
	hash = hash_of(m, k);
	r = find(m, k, hash);
	if (r->at > 0)
		return slot_at(m, r->at);
	*r = (struct slot_ref){ hash, (uint32_t)m->n + 1 };
	return new_slot(m, k);
}

void slots_begin(struct slots *m, struct arena *mem, size_t size)
{
	*m = (struct slots){ .mem = mem, .size = size };
}

void slots_clear(struct slots *m)
{
	free(m->pieces);
	free(m->room);
	*m = (struct slots){ 0 };
}

void slot_note(struct slot *s, struct party *p)
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
	slot_note(s, p);
}

void slot_push_try(struct slot *s, struct party *p)
{
	if (s->first == NULL)
		s->first = p;
	else
		s->last->try_queue = p;
	s->last = p;
	slot_note(s, p);
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

const struct party *slot_rival(const struct slots *m, struct slot_key k, const struct party *p)
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

bool slot_alone(const struct slots *m, const struct name *from, const struct name *to, int64_t second)
{
	unsigned parties = 0, rivals = 0;

	for (int d = -JOIN_NEAR; d <= JOIN_NEAR; d++) {
		const struct slot *s = slot_get(m, slot_key(from, to, second + d));

		parties += s != NULL ? s->parties : 0;
		rivals += s != NULL ? s->rivals : 0;
	}
	return parties == 1 && rivals <= 1;
}
