#include "store/usage.h"

#include <stdlib.h>

#include "base/map.h"

TAILQ_HEAD(questions, question);

/* What is known about one mailbox. */
struct measure {
	char *address;
	uint64_t number;            /* of the question to telltale-local */
	bool asked;                 /* its answer is awaited */
	int64_t since;              /* asked, or told */
	uint64_t bytes;             /* 0 when it could not be measured: never full */
	struct questions waiting;   /* for this one */
	TAILQ_ENTRY(measure) entry; /* in asked or told, the oldest first */
};

TAILQ_HEAD(measures, measure);

struct usage {
	struct ipc_conn *local;
	uint64_t next_number;
	struct map by_address, by_number; /* all; the asked ones */
	struct measures asked, told;
	size_t kept, nasked, nwaiting;
	struct questions done;
};

uint64_t usage_threshold(uint64_t limit, uint64_t percent)
{
	if (limit / 100 >= UINT64_MAX / percent - 1)
		return UINT64_MAX;
	return limit / 100 * percent + (limit % 100 * percent + 99) / 100;
}

void question_free(struct question *q)
{
	arena_clear(&q->mem);
	free(q);
}

static void measure_free(struct usage *u, struct measure *m)
{
	map_del(&u->by_address, str_of(m->address));
	if (m->asked)
		map_deln(&u->by_number, m->number);
	TAILQ_REMOVE(m->asked ? &u->asked : &u->told, m, entry);
	u->nasked -= m->asked;
	u->kept--;
	free(m->address);
	free(m);
}

static void finish(struct usage *u, struct question *q, bool full)
{
	q->full = full;
	TAILQ_INSERT_TAIL(&u->done, q, entry);
}

/* Go on with q: to its answer, or to the next measure that it has to wait for. */
static void go_on(struct usage *u, struct question *q)
{
	for (; q->at < q->n; q->at++) {
		struct measure *m = map_get(&u->by_address, q->needs[q->at].address);

		if (m != NULL && m->asked) {
			TAILQ_INSERT_TAIL(&m->waiting, q, entry);
			u->nwaiting++;
			return;
		}
		if (m == NULL || m->bytes < q->needs[q->at].bytes) {
			finish(u, q, false);
			return;
		}
	}
	finish(u, q, true);
}

static void learned(struct usage *u, struct measure *m, uint64_t bytes, int64_t now)
{
	struct questions waiting = TAILQ_HEAD_INITIALIZER(waiting);
	struct question *q;

	map_deln(&u->by_number, m->number);
	TAILQ_REMOVE(&u->asked, m, entry);
	u->nasked--;
	m->asked = false;
	m->bytes = bytes;
	m->since = now;
	TAILQ_INSERT_TAIL(&u->told, m, entry);
	TAILQ_CONCAT(&waiting, &m->waiting, entry);
	while ((q = TAILQ_FIRST(&waiting)) != NULL) {
		TAILQ_REMOVE(&waiting, q, entry);
		u->nwaiting--;
		go_on(u, q);
	}
}

static struct measure *measure_new(struct usage *u, struct str address)
{
	struct measure *m = mem_alloc(sizeof(*m));

	m->address = mem_dup(address);
	TAILQ_INIT(&m->waiting);
	map_put(&u->by_address, str_mem(m->address, address.n), m);
	TAILQ_INSERT_TAIL(&u->told, m, entry);
	u->kept++;
	return m;
}

/* Ask telltale-local, unless it was asked just now. */
static void want(struct usage *u, struct str address, int64_t now)
{
	struct measure *m = map_get(&u->by_address, address);
	struct lookup_usage question = { address };

	if (m != NULL && (m->asked || now - m->since < USAGE_FRESH_MS))
		return;
	if (u->nasked == USAGE_ASKED_MAX || (m == NULL && u->kept == USAGE_KEPT_MAX)) {
		if (m != NULL)
			measure_free(u, m);
		return;
	}
	if (m == NULL)
		m = measure_new(u, address);
	TAILQ_REMOVE(&u->told, m, entry);
	m->asked = true;
	m->since = now;
	m->number = ++u->next_number;
	TAILQ_INSERT_TAIL(&u->asked, m, entry);
	map_putn(&u->by_number, m->number, m);
	u->nasked++;
	ipc_queue(u->local, &lookup_usage_type, m->number, &question, -1);
}

struct usage *usage_new(void)
{
	struct usage *u = mem_alloc(sizeof(*u));

	TAILQ_INIT(&u->asked);
	TAILQ_INIT(&u->told);
	TAILQ_INIT(&u->done);
	return u;
}

void usage_connect(struct usage *u, struct ipc_conn *local)
{
	u->local = local;
	while (local == NULL && !TAILQ_EMPTY(&u->asked)) {
		struct measure *m = TAILQ_FIRST(&u->asked);

		learned(u, m, 0, m->since - USAGE_FRESH_MS); /* nothing is known: the next one is asked anew */
	}
}

bool usage_connected(const struct usage *u)
{
	return u->local != NULL;
}

void usage_free(struct usage *u)
{
	struct question *q;

	usage_connect(u, NULL);
	while ((q = usage_take(u)) != NULL)
		question_free(q);
	while (!TAILQ_EMPTY(&u->told))
		measure_free(u, TAILQ_FIRST(&u->told));
	map_clear(&u->by_address);
	map_clear(&u->by_number);
	free(u);
}

void usage_ask(struct usage *u, struct question *q, int64_t now)
{
	if (u->local == NULL || u->nwaiting >= USAGE_WAITING_MAX) {
		finish(u, q, false);
		return;
	}
	usage_expire(u, now);
	for (size_t i = 0; i < q->n; i++)
		want(u, q->needs[i].address, now);
	go_on(u, q);
}

void usage_told(struct usage *u, uint64_t id, const struct lookup_usage_told *told, int64_t now)
{
	struct measure *m = map_getn(&u->by_number, id);

	if (m != NULL)
		learned(u, m, told->known == 1 ? told->bytes : 0, now);
}

int64_t usage_expire(struct usage *u, int64_t now)
{
	struct measure *m;

	while ((m = TAILQ_FIRST(&u->asked)) != NULL && now - m->since >= USAGE_WAIT_MS)
		learned(u, m, 0, now);
	while ((m = TAILQ_FIRST(&u->told)) != NULL && now - m->since >= USAGE_FRESH_MS)
		measure_free(u, m);
	m = TAILQ_FIRST(&u->asked);
	return m != NULL ? m->since + USAGE_WAIT_MS : INT64_MAX;
}

struct question *usage_take(struct usage *u)
{
	struct question *q = TAILQ_FIRST(&u->done);

	if (q != NULL)
		TAILQ_REMOVE(&u->done, q, entry);
	return q;
}
