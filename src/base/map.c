#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"

struct map_slot {
	struct str key;  /* p == NULL with value == NULL: never used */
	uint64_t number; /* the key of map_*n() */
	uint64_t hash;
	void *value; /* TOMBSTONE: was used */
};

static char tombstone;
#define TOMBSTONE ((void *)&tombstone)

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein 2012, with Rust's and Ruby's choice of rounds). */
uint64_t hash_keyed(struct str s, const uint64_t key[2])
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
			  key[1] ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)s.n << 56, word;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&word, s.p + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t k = 0; i + k < s.n; k++)
		last |= (uint64_t)(unsigned char)s.p[i + k] << (8 * k);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int r = 0; r < 3; r++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t process_key[2];

static void make_key(void)
{
	if (getrandom(process_key, sizeof(process_key), 0) != sizeof(process_key))
		BUG("no random bytes");
}

static uint64_t hash_of(struct str key)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	return hash_keyed(key, process_key);
}

static bool same(const struct map_slot *s, struct str key, uint64_t hash)
{
	return s->hash == hash && s->value != TOMBSTONE && str_eq(s->key, key);
}

/* The slot of the key, or the first slot where it could go. */
static struct map_slot *find(const struct map *m, struct str key, uint64_t hash)
{
	struct map_slot *free_slot = NULL;

	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[i];

		if (s->value == NULL)
			return free_slot != NULL ? free_slot : s;
		if (same(s, key, hash))
			return s;
		if (s->value == TOMBSTONE && free_slot == NULL)
			free_slot = s;
	}
}

static bool live(const struct map_slot *s)
{
	return s->value != NULL && s->value != TOMBSTONE;
}

static bool own_number(const struct map_slot *s)
{
	return s->key.p == (const char *)&s->number;
}

static void place(struct map_slot *to, const struct map_slot *from)
{
	*to = *from;
	if (own_number(from))
		to->key.p = (const char *)&to->number;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = m->n * 2 >= old.cap ? (old.cap > 0 ? old.cap * 2 : 16) : old.cap;
	m->slots = mem_alloc(m->cap * sizeof(*m->slots));
	m->used = m->n;
	for (size_t i = 0; i < old.cap; i++)
		if (live(&old.slots[i]))
			place(find(m, old.slots[i].key, old.slots[i].hash), &old.slots[i]);
	free(old.slots);
}

void map_clear(struct map *m)
{
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

void *map_get(const struct map *m, struct str key)
{
	struct map_slot *s;

	if (m->n == 0)
		return NULL;
	s = find(m, key, hash_of(key));
	return live(s) ? s->value : NULL;
}

static struct map_slot *insert(struct map *m, struct str key, void *value, void **former)
{
	uint64_t hash = hash_of(key);
	struct map_slot *s;

	MUST(value != NULL);
	if ((m->used + 1) * 4 >= m->cap * 3)
		grow(m);
	s = find(m, key, hash);
	*former = live(s) ? s->value : NULL;
	if (!live(s)) {
		m->used += s->value == NULL;
		m->n++;
		*s = (struct map_slot){ .key = key, .hash = hash };
	}
	s->value = value;
	return s;
}

void *map_put(struct map *m, struct str key, void *value)
{
	void *former;

	insert(m, key, value, &former);
	return former;
}

void *map_del(struct map *m, struct str key)
{
	struct map_slot *s;
	void *value;

	if (m->n == 0)
		return NULL;
	s = find(m, key, hash_of(key));
	if (!live(s))
		return NULL;
	value = s->value;
	*s = (struct map_slot){ .value = TOMBSTONE };
	m->n--;
	return value;
}

void *map_next(const struct map *m, size_t *i, struct str *key)
{
	while (*i < m->cap) {
		struct map_slot *s = &m->slots[(*i)++];

		if (!live(s))
			continue;
		if (key != NULL)
			*key = s->key;
		return s->value;
	}
	return NULL;
}

static struct str number_key(const uint64_t *n)
{
	return str_mem(n, sizeof(*n));
}

void *map_getn(const struct map *m, uint64_t key)
{
	return map_get(m, number_key(&key));
}

void *map_putn(struct map *m, uint64_t key, void *value)
{
	void *former;
	struct map_slot *s = insert(m, number_key(&key), value, &former);

	s->number = key;
	s->key = number_key(&s->number);
	return former;
}

void *map_deln(struct map *m, uint64_t key)
{
	return map_del(m, number_key(&key));
}
