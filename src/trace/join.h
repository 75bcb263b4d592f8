/* trace/join.h - inside of complete.c: how records are found by what two logs share.
 *
 * Joins by the keys of LOG-FORMATS 4.4.  Every look-up is by hash, or from a
 * queue whose head only moves on, so that the whole is linear in the number of
 * records.  Never by IP address: the logs of one message may show two.
 */
#ifndef TRACE_JOIN_H
#define TRACE_JOIN_H

#include "trace/story.h"

enum {
	JOIN_NEAR = 2, /* seconds between two logs of the same event */
	JOIN_ANY_SECOND = -1
};

/* What two logs share about one recipient at one second. */
struct slot_key {
	int64_t second;
	uint32_t from, to;
};

struct slot {
	struct slot_key key;
	struct party *first, *last; /* parties not yet joined, by reading order */
	unsigned parties, rivals;   /* parties ever put here; records of the other log that fit */
};

struct completer {
	struct tale *tale;
	struct book *b;
	struct map by_reply;          /* epoch and qp -> visit */
	struct map by_qp;             /* our own numbers -> story */
	struct map by_connection;     /* our own numbers -> visit */
	struct map refused, accepted; /* slots of parties that await a gate line */
	struct map queued;            /* slots of parties that await an attempt, by second and by any second */
	struct map retrying;          /* slots of deferred parties, any second */
	struct map by_init;           /* init line -> story: attempts without a visit */
	struct map loose_gates;       /* connection -> story: gate lines without a visit */
};

struct slot_key slot_key(const struct name *from, const struct name *to, int64_t second);
struct slot *slot_get(const struct map *m, struct slot_key k);
struct slot *slot_need(struct completer *c, struct map *m, struct slot_key k);
/* Does exactly one party, and at most one record of the other log, stand within JOIN_NEAR seconds? */
bool slot_alone(const struct map *m, const struct name *from, const struct name *to, int64_t second);
/* A party waits in up to two queues at a time: for its gate line and for its attempt. */
void slot_push_gate(struct slot *s, struct party *p);
void slot_push_try(struct slot *s, struct party *p);
struct party *slot_pop_ungated(struct slot *s);
struct party *slot_pop_untried(struct slot *s);

struct story *join_new_story(struct completer *c, int64_t local);
struct party *join_add_party(struct completer *c, struct story *s, const struct name *name);
/* The party of that name, beginning where the last look-up ended: logs name recipients in the same order. */
struct party *join_find_party(struct parties *ps, const struct name *name);
/* Replied to with 2xx, and the message too. */
bool join_accepted(const struct party *p);

void join_gates(struct completer *c);
void join_attempts(struct completer *c);

#endif
