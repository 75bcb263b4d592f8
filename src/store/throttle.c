#include "store/throttle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/inet.h"
#include "base/map.h"
#include "lookup/lookup.h"

enum { STEP_MS = 1000 };

/* What is remembered of one address, one account, one of both together. */
struct key {
	uint64_t number;
	unsigned failed;  /* attempts not forgiven yet */
	unsigned pending; /* attempts under way */
	int64_t stamp;    /* when the latest of failed began to be forgiven */
	int64_t busy;     /* when the latest answer that has to wait is due */
	TAILQ_ENTRY(key) entry;
};

struct table {
	struct map by_number;
	TAILQ_HEAD(keys, key) keys; /* the latest seen first */
	size_t n;
};

struct throttle {
	uint64_t secret[2];
	struct table address, account, both;
};

static void forget(struct table *t, struct key *k)
{
	map_deln(&t->by_number, k->number);
	TAILQ_REMOVE(&t->keys, k, entry);
	t->n--;
	free(k);
}

static void forgive(struct key *k, int64_t now)
{
	int64_t steps = (now - k->stamp) / THROTTLE_FORGIVE_MS;

	if (k->failed == 0 || steps >= (int64_t)k->failed) {
		k->failed = 0;
		k->stamp = now;
	} else if (steps > 0) {
		k->failed -= (unsigned)steps;
		k->stamp += steps * THROTTLE_FORGIVE_MS;
	}
}

static struct key *key_of(struct table *t, uint64_t number, int64_t now)
{
	struct key *k = map_getn(&t->by_number, number);

	if (k != NULL) {
		TAILQ_REMOVE(&t->keys, k, entry);
	} else {
		if (t->n == THROTTLE_KEYS_MAX)
			forget(t, TAILQ_LAST(&t->keys, keys));
		k = mem_alloc(sizeof(*k));
		*k = (struct key){ .number = number, .stamp = now, .busy = now };
		map_putn(&t->by_number, number, k);
		t->n++;
	}
	TAILQ_INSERT_HEAD(&t->keys, k, entry);
	forgive(k, now);
	return k;
}

static int64_t penalty(const struct key *k, int64_t most)
{
	unsigned n = k->failed + (k->pending > THROTTLE_AT_ONCE ? k->pending - THROTTLE_AT_ONCE : 0), over;

	if (n < THROTTLE_FREE)
		return 0;
	over = n - THROTTLE_FREE;
	return over < 16 && STEP_MS << over < most ? STEP_MS << over : most;
}

/* The address without what its owner can change at will. */
static uint64_t address_number(const struct throttle *t, struct str ip)
{
	struct in6_addr six;

	if (inet_bytes(AF_INET6, ip, six.s6_addr) && !IN6_IS_ADDR_V4MAPPED(&six))
		return hash_keyed(str_mem(six.s6_addr, 8), t->secret);
	return hash_keyed(str_istarts(ip, STR("::ffff:")) ? str_skip(ip, 7) : ip, t->secret);
}

static struct attempt attempt_of(const struct throttle *t, struct str ip, struct str user)
{
	struct attempt a = { .address = address_number(t, ip) };
	uint64_t pair[2];
	ARENA(mem);

	a.account = hash_keyed(arena_lower(&mem, user), t->secret);
	pair[0] = a.address;
	pair[1] = a.account;
	a.both = hash_keyed(str_mem(pair, sizeof(pair)), t->secret);
	return a;
}

struct throttle *throttle_new(void)
{
	struct throttle *t = mem_alloc(sizeof(*t));

	TAILQ_INIT(&t->address.keys);
	TAILQ_INIT(&t->account.keys);
	TAILQ_INIT(&t->both.keys);
	if (getrandom(t->secret, sizeof(t->secret), 0) != sizeof(t->secret))
		BUG("the system has no random bytes");
	return t;
}

static void table_clear(struct table *t)
{
	while (!TAILQ_EMPTY(&t->keys))
		forget(t, TAILQ_FIRST(&t->keys));
	map_clear(&t->by_number);
}

void throttle_free(struct throttle *t)
{
	table_clear(&t->address);
	table_clear(&t->account);
	table_clear(&t->both);
	free(t);
}

int64_t throttle_begin(struct throttle *t, struct str ip, struct str user, int64_t now, struct attempt *out)
{
	struct attempt a = attempt_of(t, ip, user);
	struct key *address = key_of(&t->address, a.address, now), *account = key_of(&t->account, a.account, now);
	int64_t wait = penalty(account, THROTTLE_ACCOUNT_MAX), mine = penalty(address, LOGIN_WAIT_MAX);

	if (mine > 0) {
		int64_t due = (address->busy > now ? address->busy : now) + mine;

		if (due - now > LOGIN_WAIT_MAX)
			return -1;
		address->busy = due;
		wait = wait > due - now ? wait : due - now;
	}
	address->pending++;
	account->pending++;
	*out = a;
	return wait;
}

static struct key *ended(struct table *t, uint64_t number, enum attempt_end how, int64_t now)
{
	struct key *k = key_of(t, number, now);

	if (k->pending > 0) /* it may have been forgotten meanwhile */
		k->pending--;
	if (how == ATTEMPT_FAILED && k->failed < THROTTLE_SCORE_MAX)
		k->failed++;
	return k;
}

void throttle_end(struct throttle *t, const struct attempt *a, enum attempt_end how, int64_t now)
{
	struct key *address = ended(&t->address, a->address, how, now);
	struct key *account = ended(&t->account, a->account, how, now);
	struct key *both;

	if (how == ATTEMPT_UNDECIDED)
		return;
	both = ended(&t->both, a->both, how, now);
	if (how == ATTEMPT_FAILED)
		return;
	address->failed -= both->failed < address->failed ? both->failed : address->failed;
	account->failed = 0;
	forget(&t->both, both);
}
