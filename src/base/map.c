#include "base/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/quick.h"

#define NUMBER UINT32_MAX /* the key is no text but what map_*n() was given */

struct map_slot {
	union {
		const char *p;
		uint64_t number;
	} key;
	uint32_t n; /* its bytes, or NUMBER */
	uint32_t hash;
	void *value; /* NULL: never used; TOMBSTONE: was used */
};

/* A key to look for. */
struct wanted {
	struct str text;
	uint64_t number;
	uint32_t n, hash;
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
	process_key[1] |= 1;
}

const uint64_t *hash_secret(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static atomic_bool made;

	if (atomic_load_explicit(&made, memory_order_acquire))
		return process_key;
	pthread_once(&once, make_key);
	atomic_store_explicit(&made, true, memory_order_release);
	return process_key;
}

static struct wanted text_wanted(struct str key)
{
	MUST(key.n < NUMBER);
	return (struct wanted){ .text = key, .n = (uint32_t)key.n, .hash = (uint32_t)hash_keyed(key, hash_secret()) };
}

static struct wanted quick_wanted(struct str key)
{
	MUST(key.n < NUMBER);
	return (struct wanted){ .text = key, .n = (uint32_t)key.n, .hash = (uint32_t)hash_text(key, hash_secret()) };
}

static struct wanted number_wanted(uint64_t key)
{
	const uint64_t *secret = hash_secret();
	uint64_t h = hash_fold(key ^ secret[0], secret[1]);

	return (struct wanted){ .number = key, .n = NUMBER, .hash = (uint32_t)(h ^ h >> 32) };
}

static bool same(const struct map_slot *s, const struct wanted *w)
{
	if (s->hash != w->hash || s->n != w->n || s->value == TOMBSTONE)
		return false;
	return w->n == NUMBER ? s->key.number == w->number : str_same(s->key.p, w->text.p, w->n);
}

/* The slot of the key, or the first slot where it could go. */
static inline struct map_slot *find(const struct map *m, const struct wanted *w)
{
	struct map_slot *free_slot = NULL;

	for (size_t i = w->hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[i];

		if (s->value == NULL)
			return free_slot != NULL ? free_slot : s;
		if (same(s, w))
			return s;
		if (s->value == TOMBSTONE && free_slot == NULL)
			free_slot = s;
	}
}

static bool live(const struct map_slot *s)
{
	return s->value != NULL && s->value != TOMBSTONE;
}

/* No key stands twice and no tombstone is left behind, so nothing needs to be compared. */
static void move(struct map *m, const struct map_slot *from)
{
	size_t i = from->hash & (m->cap - 1);

	while (m->slots[i].value != NULL)
		i = (i + 1) & (m->cap - 1);
	m->slots[i] = *from;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = m->n * 2 >= old.cap ? (old.cap > 0 ? old.cap * 2 : 16) : old.cap;
	m->slots = mem_alloc(m->cap * sizeof(*m->slots));
	m->used = m->n;
	for (size_t i = 0; i < old.cap; i++)
		if (live(&old.slots[i]))
			move(m, &old.slots[i]);
	free(old.slots);
}

void map_clear(struct map *m)
{
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

static void *get(const struct map *m, struct wanted w)
{
	const struct map_slot *s = find(m, &w);

	return live(s) ? s->value : NULL;
}

static void *put(struct map *m, struct wanted w, void *value)
{
	struct map_slot *s;
	void *former;

	MUST(value != NULL);
	if ((m->used + 1) * 4 >= m->cap * 3)
		grow(m);
	s = find(m, &w);
	former = live(s) ? s->value : NULL;
	if (former == NULL) {
		m->used += s->value == NULL;
		m->n++;
		s->n = w.n;
		s->hash = w.hash;
		if (w.n == NUMBER)
			s->key.number = w.number;
		else
			s->key.p = w.text.p;
	}
	s->value = value;
	return former;
}

static void *del(struct map *m, struct wanted w)
{
	struct map_slot *s = find(m, &w);
	void *value = live(s) ? s->value : NULL;

	if (value == NULL)
		return NULL;
	*s = (struct map_slot){ .value = TOMBSTONE };
	m->n--;
	return value;
}

void *map_get(const struct map *m, struct str key)
{
	return m->n > 0 ? get(m, text_wanted(key)) : NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
	return put(m, text_wanted(key), value);
}

void *map_del(struct map *m, struct str key)
{
	return m->n > 0 ? del(m, text_wanted(key)) : NULL;
}

void *map_get_quick(const struct map *m, struct str key)
{
	return m->n > 0 ? get(m, quick_wanted(key)) : NULL;
}

void *map_put_quick(struct map *m, struct str key, void *value)
{
	return put(m, quick_wanted(key), value);
}

void *map_del_quick(struct map *m, struct str key)
{
	return m->n > 0 ? del(m, quick_wanted(key)) : NULL;
}

void *map_getn(const struct map *m, uint64_t key)
{
	return m->n > 0 ? get(m, number_wanted(key)) : NULL;
}

void *map_putn(struct map *m, uint64_t key, void *value)
{
	return put(m, number_wanted(key), value);
}

void *map_deln(struct map *m, uint64_t key)
{
	return m->n > 0 ? del(m, number_wanted(key)) : NULL;
}

void *map_next(const struct map *m, size_t *i, struct str *key)
{
	while (*i < m->cap) {
		const struct map_slot *s = &m->slots[(*i)++];

		if (!live(s))
			continue;
		if (key != NULL)
			*key =
			    s->n == NUMBER ? str_mem(&s->key.number, sizeof(s->key.number)) : str_mem(s->key.p, s->n);
		return s->value;
	}
	return NULL;
}
