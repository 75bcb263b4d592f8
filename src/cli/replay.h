/* cli/replay.h - telltale gate replay: decisions that the logs tell of, made again under another configuration.
 *
 *	replay_tale()	(replay_read.c) makes a struct recorded of each message, by the tracer's joins
 *	replay_judge()	(replay_judge.c) puts it into the facts of the gate, which judges as it always does
 *	replay_add()	(replay.c) counts what came out; replay_text() and replay_json() tell it
 *
 * What a decision saw: address, reverse name, sender, recipient, login, and what
 * the gate's own lines say of lists in DNS, SPF, graylisting...  DNS is not asked.
 * A fact that no log tells is none: where a check that lacks it could turn the
 * outcome, the decision "cannot be said", with the name of the fact.
 *
 * The tracer and the gate each have a `struct visit`: no file includes both.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/ipc.h"
#include "base/map.h"
#include "mail/recipient.h"
#include "words/words.h"

/* How a recipient came off. */
enum replay_end {
	REPLAY_TAKEN,
	REPLAY_LET_THROUGH, /* by the gate, at RCPT; it was refused then: what would have come next is not known */
	REPLAY_PUT_OFF,
	REPLAY_REFUSED,
	REPLAY_UNSAID,
	REPLAY_ENDS
};
extern const char *const replay_ends[REPLAY_ENDS]; /* "taken" ... */
enum replay_end replay_end(int code);

struct outcome_of {
	enum replay_end end;
	const char *why; /* the code ("DENIED_RBL_MATCH"); of UNSAID the missing fact, in words; "": none */
	bool assumed;    /* the reply is not in the logs: whether it was final is not known */
};

/* ---- what is recorded ---- */

enum recalled { RECALLED_NOT, RECALLED_NO, RECALLED_YES };

/* Of the lists: is it on one of those that were asked? */
enum recall_fact {
	RECALL_DNSBL,
	RECALL_DNSWL,
	RECALL_RHSBL_RDNS,
	RECALL_RHSBL_SENDER,
	RECALL_RHSWL_RDNS,
	RECALL_RHSWL_SENDER,
	RECALL_RDNS_RESOLVES,
	RECALL_SENDER_MX,
	RECALL_SENDER_LOCAL,
	RECALL_EARLY,
	RECALL_FACTS
};

enum { RECALL_LISTINGS = 8 };

struct recorded_rcpt {
	struct str address; /* lower case */
	uint64_t pair;      /* the same for the same sender and recipient */
	int64_t when;       /* UTC seconds */
	struct outcome_of was;
	bool known; /* found says something of it, by these lines or by others of the same logs */
	enum resolved found;
	bool ours; /* its domain takes mail here */
	/* What the gate's graylist knew: ms since 1970, as in struct gray_known. */
	bool gray_known;
	int64_t gray_first, gray_passed;
};

struct recorded {
	struct str label; /* of the listener; empty: not told */
	struct str ip, rdns, helo, sender, user;
	bool rdns_told; /* an empty rdns says that there is none */
	enum recalled facts[RECALL_FACTS];
	struct {
		struct str about, zone, answer;
	} listings[RECALL_LISTINGS];
	size_t nlistings;
	bool spf_asked, dmarc_asked;
	struct str spf, dmarc; /* what they said, in the words of gate lines; empty though asked: none */
	bool past;             /* client and sender were refused by nothing */
	struct str header;     /* the one field that a header list matched */
	struct recorded_rcpt *rcpts;
	size_t n;
};

/* ---- what comes of it ---- */

struct replay_kind {
	struct outcome_of was, would;
	uint64_t n;
	size_t shown; /* examples of it */
};

struct replay_example {
	int64_t time; /* UTC */
	struct str from, to, ip, rdns;
	struct outcome_of was, would;
	struct str seen; /* what the new decision saw; empty: nothing */
};

enum { REPLAY_KINDS_MAX = 1024, REPLAY_EXAMPLES_MAX = 10000 };

struct replay_gate;

struct replay {
	const struct conf *conf;
	struct replay_gate *gate;
	int64_t since; /* UTC seconds; INT64_MIN: all */
	size_t limit;  /* examples */

	uint64_t total, same, unsaid, left_out;
	uint64_t changed; /* another outcome */
	uint64_t renamed; /* refused all the same, for another reason */
	int64_t first, last;
	struct replay_kind kinds[REPLAY_KINDS_MAX];
	size_t nkinds;
	struct replay_example *examples;
	size_t nexamples;
	struct arena mem, message; /* message: of one */
	struct map met;            /* pair -> the time of their first mail that was taken */
};

/* was: the configuration under which the logs were written, NULL: not known; lookup: the accounts are asked, NULL: they
 * are not. */
struct replay_gate *replay_gate_new(const struct conf *conf, const struct conf *was, struct ipc_client *lookup,
				    struct err *e);
void replay_gate_free(struct replay_gate *g);
/* Does the gate run on that listener? */
bool replay_gate_on(const struct replay_gate *g, struct str label);
/* Each recipient of m again: into the totals of r. */
void replay_judge(struct replay *r, const struct recorded *m);

struct tale;
void replay_tale(struct replay *r, struct tale *t);
void replay_add(struct replay *r, const struct recorded *m, const struct recorded_rcpt *x, struct outcome_of would,
		struct str seen);
void replay_clear(struct replay *r);

struct day_frame;
void replay_text(struct buf *out, const struct replay *r, const struct day_frame *frame, bool colour);
void replay_json(struct buf *out, const struct replay *r, const struct day_frame *frame);

/* The words behind `gate replay`. */
struct args;
int gate_replay(const struct args *a, char **words, size_t n);
extern const char gate_replay_usage[];

/* ---- replay_recall.c: what lines of the SMTP log say ---- */

struct book;
struct visit;
struct party;
bool recall_known(struct str s); /* not "(unknown)" */
void recall_visit(struct recorded *m, const struct book *b, const struct visit *v);
/* Unless that is known already. */
void recall_listing(struct recorded *m, struct str about, struct str zone, struct str answer);
void recall_graylist(struct recorded_rcpt *x, const struct book *b, const struct party *p);

#endif
