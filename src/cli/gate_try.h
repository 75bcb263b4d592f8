/* cli/gate_try.h - telltale gate try: what would the gate say to this client, sender and recipients?
 *
 * Asks as a session does (gate/visit.h, the recipient check, the sockets of the
 * running server), but tells nobody: no line is written, the graylist learns
 * nothing, no mail is stored.
 */
#ifndef CLI_GATE_TRY_H
#define CLI_GATE_TRY_H

#include "base/conf.h"
#include "base/json.h"
#include "cli/args.h"
#include "gate/visit.h"
#include "gate/vouched.h"
#include "rcpt/rcpt.h"

enum { TRY_RCPTS_MAX = 100, TRY_MESSAGE_MAX = 64 << 20 };

/* One recipient, and what came of it. */
struct tried {
	struct str text, key; /* as it was written; lower case */
	struct addr addr;
	struct view *view; /* NULL: the gate does not run */
	bool own;          /* it has settings of its own */
	struct ruling at;  /* the recipient stage */
	struct ruling data;
	bool judged, data_judged, junk;
	bool accepted;
	struct reply reply; /* what the client gets */
	const char *code;   /* of the spamdyke log; NULL: no line */
	struct str reason;  /* its reason field */
	struct str check;   /* what the recipient check says; empty: it was not asked, or its words are the reply's */
	struct str passes;  /* refused by the gate: what would have let it through */
	struct str advice;  /* refused by the recipient check: what is to be done */
};

struct trial {
	/* the question */
	struct conf *conf;
	const struct conf_port *port;
	struct str ip, helo, user, from; /* from: as it was written, without brackets */
	struct addr sender;
	bool tls;
	struct str message; /* CRLF lines */
	bool has_message;
	struct tried *rcpts;
	size_t n;

	/* the answer */
	struct arena mem;
	struct policy policy;
	struct rules rules;
	struct facts facts;
	struct visit visit;
	struct vouched vouched;
	struct finding vouching[VOUCHED_FINDINGS];
	size_t nvouching;
	struct str trouble; /* settings of a recipient that could not be used */
};

/* Ask.  An exit code after a message when it cannot be. */
int trial_ask(struct trial *t);
void trial_clear(struct trial *t);
bool trial_taken(const struct trial *t); /* all of them */

void trial_text(struct buf *out, struct trial *t, bool colour);
void trial_json(struct buf *out, struct trial *t);

/* The words behind `gate try`. */
int gate_try(const struct args *a, char **words, size_t n);
extern const char gate_try_usage[];

#endif
