#include "web/rate.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/inet.h"
#include "base/map.h"

enum { PROBES = 16 };

/* full: when the bucket is full again.  A key of 0 with full 0 is a free place. */
struct key {
	uint64_t number;
	int64_t full;
};

struct rate {
	int64_t each, span; /* span: from empty to full */
	pthread_mutex_t mutex;
	struct key keys[RATE_KEYS];
};

struct rate *rate_new(unsigned most, int64_t each)
{
	struct rate *r = mem_alloc(sizeof(*r));

	r->each = each;
	r->span = each * (int64_t)most;
	pthread_mutex_init(&r->mutex, NULL);
	return r;
}

void rate_free(struct rate *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

/* The address without what its owner can change at will. */
static uint64_t number_of(struct str ip)
{
	struct in6_addr six;

	if (inet_bytes(AF_INET6, ip, six.s6_addr) && !IN6_IS_ADDR_V4MAPPED(&six))
		return hash_keyed(str_mem(six.s6_addr, 8), hash_secret());
	return hash_keyed(str_istarts(ip, STR("::ffff:")) ? str_skip(ip, 7) : ip, hash_secret());
}

/* Its place, or the one that is full first: that one has asked the least. */
static struct key *key_of(struct rate *r, uint64_t number)
{
	struct key *best = &r->keys[number % RATE_KEYS];

	for (uint64_t i = 0; i < PROBES; i++) {
		struct key *k = &r->keys[(number + i) % RATE_KEYS];

		if (k->number == number)
			return k;
		if (k->full < best->full)
			best = k;
	}
	*best = (struct key){ .number = number };
	return best;
}

int64_t rate_take(struct rate *r, struct str ip, int64_t now)
{
	uint64_t number = number_of(ip);
	struct key *k;
	int64_t full, wait;

	pthread_mutex_lock(&r->mutex);
	k = key_of(r, number);
	full = (k->full > now ? k->full : now) + r->each;
	wait = full - now - r->span;
	if (wait <= 0)
		k->full = full;
	pthread_mutex_unlock(&r->mutex);
	return wait > 0 ? wait : 0;
}
