#include "deliver/quota.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"
#include "deliver/box.h"
#include "deliver/usage.h"
#include "lookup/lookup.h"

enum {
	KNOWN_MOST = 4096, /* mailboxes remembered */
	LIMIT_MS = 3000,   /* how long a limit is believed, */
	USED_MS = 2000,    /* and what was counted; */
	HUGE_MS = 20000,   /* a mailbox that takes COUNT_MS is not counted again soon */
	ASK_MS = 500,
	COUNT_MS = 700,  /* telltale-lookup waits 1 s for us */
	AWAY_MS = 2000,  /* nobody is asked after no answer came */
	PATIENCE = 5000, /* ms without an answer that are worth a word */
};

struct known {
	int64_t limit_until, used_until;
	uint64_t limit, used;
	char address[];
};

struct quota {
	struct ipc_client *lookup;
	pthread_mutex_t lock;
	struct map known;           /* address -> struct known */
	int64_t away_since, ask_at; /* since when no answer comes (0: they do), when to ask again */
	bool said;
};

struct quota *quota_new(const char *socket)
{
	struct quota *q = mem_alloc(sizeof(*q));

	q->lookup = ipc_client_new(socket);
	pthread_mutex_init(&q->lock, NULL);
	return q;
}

static void forget_all(struct quota *q)
{
	struct known *k;
	size_t i = 0;

	while ((k = map_next(&q->known, &i, NULL)) != NULL)
		free(k);
	map_clear(&q->known);
}

void quota_free(struct quota *q)
{
	forget_all(q);
	ipc_client_free(q->lookup);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* What we know of it, new when it is nothing.  With the lock held; good until it is given up. */
static struct known *known_of(struct quota *q, struct str address)
{
	struct known *k = map_get(&q->known, address);

	if (k != NULL)
		return k;
	if (q->known.n >= KNOWN_MOST)
		forget_all(q);
	k = mem_alloc(sizeof(*k) + address.n + 1);
	for (size_t i = 0; i < address.n; i++)
		k->address[i] = address.p[i];
	map_put(&q->known, str_mem(k->address, address.n), k);
	return k;
}

/* With the lock held. */
static void note_answer(struct quota *q, bool came, const struct err *e)
{
	int64_t now = clock_mono();

	if (came) {
		if (q->said)
			say(SAY_INFO, "the accounts answer again: quotas hold");
		q->away_since = 0;
		q->said = false;
		return;
	}
	if (q->away_since == 0)
		q->away_since = now;
	q->ask_at = now + AWAY_MS;
	if (!q->said && now - q->away_since >= PATIENCE) {
		say(SAY_WARNING, "mail is delivered without a look at quotas: %s", e->text);
		q->said = true;
	}
}

/* The mailbox's limit; 0 when it has none or it cannot be known now. */
static uint64_t limit_of(struct quota *q, struct str address)
{
	struct err e = { 0 };
	struct known *k;
	uint64_t limit = 0;
	int64_t now = clock_mono();
	bool ask, came;

	pthread_mutex_lock(&q->lock);
	k = known_of(q, address);
	ask = now >= k->limit_until && (q->away_since == 0 || now >= q->ask_at);
	limit = k->limit; /* an old one is better than none */
	pthread_mutex_unlock(&q->lock);
	if (!ask)
		return limit;
	came = lookup_quota(q->lookup, address, &limit, deadline_in(ASK_MS), &e) == 0;
	pthread_mutex_lock(&q->lock);
	note_answer(q, came, &e);
	if (came) {
		k = known_of(q, address);
		k->limit = limit;
		k->limit_until = deadline_in(LIMIT_MS);
	}
	pthread_mutex_unlock(&q->lock);
	return limit;
}

static bool still_counted(struct quota *q, struct str address, uint64_t *used)
{
	struct known *k;
	bool good;

	pthread_mutex_lock(&q->lock);
	k = known_of(q, address);
	good = clock_mono() < k->used_until;
	*used = k->used;
	pthread_mutex_unlock(&q->lock);
	return good;
}

/* Keep a fresh count, unless another thread was faster: its entry has what was let in since. */
static void keep_count(struct quota *q, struct str address, int64_t until, uint64_t *used)
{
	struct known *k;

	pthread_mutex_lock(&q->lock);
	k = known_of(q, address);
	if (clock_mono() >= k->used_until) {
		k->used = *used;
		k->used_until = until;
	}
	*used = k->used;
	pthread_mutex_unlock(&q->lock);
}

/* Below `believe` what the mailbox's own notes say is enough. */
static int measure(struct quota *q, int root, struct str address, uint64_t believe, uint64_t *used)
{
	ARENA(mem);
	const char *home = box_home(&mem, address);
	struct usage u = { .whole = true };

	if (home == NULL)
		return -1;
	if (still_counted(q, address, used))
		return 0;
	if (believe == 0 || !usage_noted(root, home, used) || *used >= believe) {
		if (usage_count(root, home, deadline_in(COUNT_MS), &u) < 0)
			return -1;
		*used = u.bytes;
	}
	keep_count(q, address, deadline_in(u.whole ? USED_MS : HUGE_MS), used);
	return 0;
}

bool quota_full(struct quota *q, int root, struct str address, struct room *r)
{
	uint64_t used;
	struct known *k;
	bool full;

	r->used = 0;
	r->limit = limit_of(q, address);
	if (r->limit == 0)
		return false;
	if (r->size > r->limit)
		return true;
	if (measure(q, root, address, r->limit - r->size + 1, &used) < 0) {
		r->limit = 0; /* the delivery itself will say what is wrong with it */
		return false;
	}
	pthread_mutex_lock(&q->lock);
	k = known_of(q, address);
	if (k->used < used) /* it was forgotten meanwhile */
		k->used = used;
	full = k->used > r->limit - r->size;
	if (!full)
		k->used += r->size;
	r->used = k->used;
	pthread_mutex_unlock(&q->lock);
	return full;
}

int quota_usage(struct quota *q, int root, struct str address, uint64_t *bytes)
{
	return measure(q, root, address, 0, bytes);
}
