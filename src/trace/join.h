/* trace/join.h - inside of complete.c: how records are found by what two logs share.
 *
 * Joins by the keys of LOG-FORMATS 4.4.  Every look-up is by hash, or from a
 * queue whose head only moves on, so that the whole is linear in the number of
 * records.  Never by IP address: the logs of one message may show two.
 * Seconds are moments by the clock of the SMTP log (moment.h).
 */
#ifndef TRACE_JOIN_H
#define TRACE_JOIN_H

#include "trace/known.h"
#include "trace/moment.h"
#include "trace/reach.h"
#include "trace/story.h"

enum {
	JOIN_AHEAD = 6, /* records of which the slots are fetched before they are looked at */
	JOIN_NEAR = 2,  /* seconds between two logs of the same event */
	JOIN_ANY_SECOND = -1
};

/* What two logs share about one recipient at one second.  No sender: of any; no recipient: of any. */
struct slot_key {
	int64_t second;
	uint32_t from, to;
};

/* A party that awaits its next attempt after this one, which was deferred. */
struct waiter {
	struct party *party;
	const struct attempt *since;
	struct waiter *next;
};

/* What stands in it depends on the table that it is of. */
struct slot {
	struct slot_key key;
	unsigned parties, rivals; /* parties ever put here; records of the other log that fit */
	union {
		struct {
			struct party *some, *other; /* the first two ever put here, to name a rival by */
			struct party *first, *last; /* parties not yet joined, by reading order */
		};
		struct {
			struct visit *visits, *last_visit;
		};
		struct waiter *waiting; /* the latest first */
	};
};

/* The slots of one kind by their keys.  A slot stays where it is until slots_clear(). */
struct slots {
	struct arena *mem;
	struct slot_ref *refs; /* by hash, open addressing */
	void *room;            /* which they stand in */
	size_t cap, n;
	char **pieces;
	size_t npieces, size; /* of a slot: to the end of what this table needs of it */
	const uint64_t *secret;
};

struct completer {
	struct tale *tale;
	struct book *b;
	struct arena mem;               /* what nobody needs when all is joined */
	struct slots replied;           /* the accepted message, by epoch and qp */
	struct slots refused, accepted; /* parties that await a gate line */
	struct slots queued;      /* parties that await an attempt, by second; by any second and sender: and attempts */
	struct slots recipients;  /* by second: those parties, of any sender, and as rivals the attempts */
	struct slots begun;       /* accepted messages that await their init, by sender and second */
	struct slots retrying;    /* deferred parties, any second */
	struct map by_qp;         /* our own numbers -> story */
	struct map by_connection; /* our own numbers -> visit */
	struct map many;          /* story and name -> party, of stories with many */
	struct map loose_gates;   /* connection -> story: gate lines without a visit */
	bool onward;              /* join_foreign.c: some story goes on in another server's log */
	struct map makers;        /* join_child.c: what makes messages here */
	struct map twins;         /* join_known.c: stories and parties as they are known -> as they are now */
	struct relied **relied;   /* join_init.c: by name; NULL: none yet */
	struct map again;         /* join_known.c: lines that are pointed at, by known_key() */
	uint8_t *refused_names;   /* join_retry.c: by name; NULL: nobody was refused for now */
};

/* The accepted message whose reply that was, or NULL. */
struct visit *join_replied(const struct completer *c, uint64_t epoch, uint64_t qp);

/* Seconds between two moments. */
static inline int64_t join_apart(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

static inline struct slot_key slot_key(const struct name *from, const struct name *to, int64_t second)
{
	return (struct slot_key){ second, from != NULL ? from->id + 1 : 0, to != NULL ? to->id + 1 : 0 };
}
/* The accepted messages of one reply: their `visits`. */
struct slot_key slot_reply_key(uint64_t epoch, uint64_t qp);
struct slot *slot_get(const struct slots *m, struct slot_key k); /* NULL: there is none */
struct slot *slot_need(struct slots *m, struct slot_key k);
/* size: of struct slot, or less where its last members are not used. */
void slots_begin(struct slots *m, struct arena *mem, size_t size);
void slots_clear(struct slots *m);
/* Soon somebody will ask for that key: look-ups that wait for memory then wait side by side. */
void slot_soon(const struct slots *m, struct slot_key k);
void slot_sooner(const struct slots *m, struct slot_key k); /* some steps behind that: the slot itself */
/* Does exactly one party, and at most one record of the other log, stand within JOIN_NEAR seconds? */
bool slot_alone(const struct slots *m, const struct name *from, const struct name *to, int64_t second);
/* The party there that is not p: what a guess must name. */
const struct party *slot_rival(const struct slots *m, struct slot_key k, const struct party *p);
/* A party waits in up to two queues at a time: for its gate line and for its attempt. */
void slot_push_gate(struct slot *s, struct party *p);
void slot_push_try(struct slot *s, struct party *p);
void slot_note(struct slot *s, struct party *p); /* it waits in no queue there */
struct party *slot_pop_ungated(struct slot *s);
struct party *slot_untried(struct slot *s); /* the next one, which stays; NULL: none */

struct story *join_new_story(struct completer *c, const struct line *began);
struct party *join_add_party(struct completer *c, struct story *s, struct name *name);
/* The story's party of that name, beginning where the last look-up ended: logs name recipients in the same order. */
struct party *join_find_party(const struct completer *c, struct story *s, const struct name *name);
/* Replied to with 2xx, and the message too. */
bool join_accepted(const struct party *p);
void join_widen(struct story *s, int64_t at);
void join_attach(struct completer *c, struct party *p, struct attempt *a);

void join_skew(struct completer *c); /* skew.c: how far apart the clocks of the logs are */
/* What shows it of a delivery log of an old format: a sender who within an hour has one such visit and one init, which
 * are no further apart: an init later than that was delayed, not misdated.  (An index counts the same,
 * tail_old_clock.c.) */
enum { SKEW_HOUR = 3600, SKEW_FARTHEST = 900 };
static inline bool skew_shown_by(const struct visit *v)
{
	return v->connection == 0 && v->from != NULL && v->final != NULL && v->size_code < 400;
}
/* Hang the child under its parent, unless that would make a circle. */
bool join_child(struct book *b, struct story *parent, struct story *child);
/* Other servers' logs (join_foreign.c): before the gate's lines are joined, and after all is. */
void join_foreign_begin(struct completer *c);
uint32_t join_id_hash(struct str id);
void join_foreign(struct completer *c);

/* join_number.c: of other servers' messages with that qp, which the map holds, the one whose line that says so is
 * nearest to the moment; NULL: none within `reach`, an hour at most. */
struct number_reach {
	int64_t at, reach;
};
void join_number_put(const struct book *b, struct map *m, struct visit *v);
struct visit *join_number_near(const struct book *b, const struct map *m, uint64_t qp, struct number_reach near);

/* A message of `from` (NULL: of ours) was handed over by the attempt and is `to` there (hop_skew.c). */
void hop_skew_add(struct book *b, const struct foreign *from, const struct attempt *a, const struct visit *to);
void hop_skew_settle(struct book *b);

/* join_known.c: what is known already of the line of a visit, ...; NULL, false: it is joined anew. */
void join_known_visit(struct completer *c, struct visit *v);
bool join_known_gate(struct completer *c, struct gate *g);
void join_known_inits(struct completer *c);
bool join_known_attempt(struct completer *c, struct attempt *a);
/* What that story is known as, if it was joined with its parent before.  NULL: it is joined anew. */
const struct story *join_known_child(struct completer *c, const struct story *s);
struct story *join_twin(const struct completer *c, const struct story *known);
/* That line, read again; NULL stays NULL. */
struct line *join_known_line(struct completer *c, const struct line *known);
/* Which tries were one message's, of stories that are over. */
void join_known_tries(struct completer *c);
/* join_gate.c, join_attempt.c */
void join_attach_gate(struct completer *c, struct party *p, struct gate *g, struct join j);
struct story *join_gate_story(struct completer *c, struct gate *g);
void join_attach_retry(struct completer *c, struct party *p, struct attempt *a, bool sure);
extern const char join_retry_key[];

void join_gates(struct completer *c);
void join_inits(struct completer *c); /* join_init.c: which accepted message an init begins to deliver */
void join_attempts(struct completer *c);
void join_index_attempts(struct completer *c); /* join_ahead.c */

/* Attempts that will be looked at soon: first their names are fetched, then `look` fetches what is asked for under
 * these. */
struct ahead {
	struct attempt *near, *far;
	int n;
	void (*look)(const struct completer *, struct attempt *);
	void (*again)(const struct completer *, const struct attempt *); /* in half the time; NULL: not */
	const struct attempt *half;
};
/* At each step of a walk from that attempt on. */
void join_look_ahead(const struct completer *c, struct ahead *a);
void join_children(struct completer *c); /* join_child.c: forwards and bounces */
void join_refused(struct completer *c, const struct visit *v, const struct party *p); /* each party, seen once */
void join_first_tries(struct completer *c); /* join_retry.c: what was refused for now, and came again */

/* When it was to come: who else could be meant, and how well it keeps the time. */
struct due {
	bool sole;   /* nobody else waits */
	int64_t off; /* seconds from the moment when it was to come */
};
enum { WAIT_ON_TIME = 10 };                            /* seconds beside qmail's schedule that a busy queue explains */
void wait_begin(struct completer *c, struct party *p); /* its last attempt was deferred */
void wait_on(struct party *p, const struct attempt *since);
/* The party that waits for this attempt, of that sender (NULL: of any); of several the one that is due. */
struct party *wait_due(struct completer *c, const struct name *from, const struct attempt *a, struct due *due);
bool wait_nobody(struct completer *c, const struct attempt *a); /* for its recipient */

/* The inits that a try of an old log may be of: those that stand shortly before it, the nearest first. */
enum { INITS_MAX = 64, INIT_GAP = 3 };
struct inits {
	struct init *at[INITS_MAX];
	size_t n;
	size_t strange; /* of them, those that no accepted message accounts for */
};
void init_near(const struct attempt *a, struct inits *out);
/* Whose messages for the attempt's recipient were accepted about then: nearly always one sender's, or nobody's. */
struct senders {
	const struct name *at[2 * (2 * JOIN_NEAR + 1)];
	size_t n;
	bool more; /* than stand there */
};
void init_senders(const struct completer *c, const struct attempt *a, struct senders *out);
bool init_may_be(const struct senders *s, const struct name *from);
/* A message of these inits whose recipient was rewritten, so that its try bears another name; *n: how many fit. */
struct party *init_rewritten(struct completer *c, const struct inits *in, size_t *n);

#endif
