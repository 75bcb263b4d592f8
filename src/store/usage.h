/* store/usage.h - inside of telltale-lookup: are these mailboxes full?
 *
 * telltale-lookup knows how much a mailbox may hold, telltale-local how much it
 * holds.  A question waits for telltale-local a second at most; what it said is
 * good for three.  Without an answer a mailbox is not full: mail is not lost to a
 * program that is slow, and the delivery looks again.  Nothing here blocks.
 *
 *	usage_ask(u, q, now);
 *	...                                     // turns of the loop: usage_told(), usage_expire()
 *	while ((q = usage_take(u)) != NULL)     // answered, in any order
 *		tell(q->visitor, q->full), question_free(q);
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include <sys/queue.h>

#include "base/ipc.h"
#include "lookup/lookup.h"

enum {
	USAGE_WAIT_MS = 1000,
	USAGE_FRESH_MS = 3000,
	USAGE_KEPT_MAX = 10000,   /* mailboxes that are remembered */
	USAGE_ASKED_MAX = 1000,   /* questions that telltale-local has at one time */
	USAGE_WAITING_MAX = 10000 /* of our visitors */
};

/* One mailbox and the size at which it is full. */
struct need {
	struct str address;
	uint64_t bytes;
};

struct question {
	uint64_t visitor, id; /* who asked: the loop's own number, and the frame's */
	struct arena mem;     /* of all below */
	struct lookup_answer answer;
	struct need *needs;
	size_t n, at; /* full are all before at */
	bool full;    /* each of them is */
	TAILQ_ENTRY(question) entry;
};

struct usage;

struct usage *usage_new(void);
void usage_free(struct usage *u);
/* telltale-local is at the other end of this channel; NULL: nowhere.  It must be taken back before the channel is
 * cleared.  Questions are only queued there: the caller flushes. */
void usage_connect(struct usage *u, struct ipc_conn *local);
bool usage_connected(const struct usage *u);

/* Takes q. */
void usage_ask(struct usage *u, struct question *q, int64_t now);
/* telltale-local's answer to its question of that id; an unknown id is one that we wait for no more. */
void usage_told(struct usage *u, uint64_t id, const struct lookup_usage_told *told, int64_t now);
/* Give up what has waited too long.  When to come again, or INT64_MAX. */
int64_t usage_expire(struct usage *u, int64_t now);
/* The next question that has its answer, or NULL; it is the caller's again. */
struct question *usage_take(struct usage *u);
void question_free(struct question *q);

/* At how many bytes a mailbox with that limit is full. */
uint64_t usage_threshold(uint64_t limit, uint64_t percent);

#endif
