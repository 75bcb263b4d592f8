/* session/consult.h - what others think of a message: milters, and rspamd.
 *
 * Milters hear of each step when it happens and may refuse it; rspamd and the
 * milters' verdict are asked for once the message is there and the gate has no
 * objection.  Each answer, each absence and what is made of it is a `gate` line
 * (filters `milter` and `rspamd`).  Nothing that was accepted is thrown away: what
 * a filter wants discarded or quarantined goes into the Junk folder.
 * Who gives no answer is passed over, or the client is put off (option `absent`).
 *
 * What is common to all sessions is a struct consult, made before the sandbox
 * is entered; each session has its own connection to each milter.
 */
#ifndef SESSION_CONSULT_H
#define SESSION_CONSULT_H

#include "base/sandbox.h"
#include "handoff/milter.h"
#include "handoff/rspamd.h"
#include "words/words.h"
#include "wire/command.h"

struct session;
struct intake;

struct consult {
	const struct conf *conf;
	struct rspamd *rspamd; /* NULL: not asked */
	struct service rspamd_at;
	struct buf password; /* rspamd's */
	struct milter_set *milters;
	size_t n;
};

/* Are the services in the configuration well written?  -1 with "FILE: rspamd { url } ..." */
int consult_check(const struct conf *c, struct err *e);
/* Before sandbox and threads.  -1 when it cannot be. */
int consult_open(struct consult *x, const struct conf *c, struct err *e);
/* What the sandbox must let us do for it. */
void consult_needs(const struct consult *x, struct sandbox *box);
void consult_close(struct consult *x);

/* One session's part; a zeroed one asks nobody yet. */
struct consulting {
	struct milter_facts facts;
	struct milter **milters; /* as many as the consult has, once there was a MAIL */
	uint64_t helo_told;      /* session.helos, when the milters were told of one */
	bool told_failure;       /* that one gives no answer stands in the log */
	struct str args[2];      /* of MAIL */
	struct head *head;       /* of the message at hand, to be edited; NULL: it is not held */
	struct buf copy;         /* of its body, for rspamd */
	bool too_large;          /* for that */
};

/* The steps of one message.  True: they refuse it, with the reply, all of it logged. */
bool consult_mail(struct session *s, const struct command *c, struct reply *r);
bool consult_rcpt(struct session *s, const struct addr *to, struct str rcpt, struct reply *r);
bool consult_data(struct session *s, struct reply *r);
/* The message as it comes in. */
void consult_header(struct session *s, struct intake *in);
void consult_body(struct session *s, struct intake *in, struct str piece);
/* It is there, and the gate has no objection. */
struct consult_word {
	bool refused; /* with the reply; code: for the spamdyke log */
	struct reply reply;
	enum reason code;
	bool junk; /* it goes into the Junk folder */
};
void consult_end(struct session *s, struct intake *in, struct consult_word *out);
/* What they changed is too much for the spool: it is left out, and that is said.  bytes: what the header came to. */
void consult_undo(struct session *s, size_t bytes);
/* What they want put above our Received field. */
void consult_put_above(const struct session *s, struct buf *out);
/* The header below it, with what they want changed, and the empty line. */
void consult_put_head(const struct session *s, const struct intake *in, struct buf *out);
/* The transaction ended otherwise. */
void consult_abort(struct session *s);
void consult_clear(struct session *s);

#endif
