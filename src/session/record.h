/* session/record.h - a visit as the SMTP log and the spamdyke log tell it.
 *
 * The SMTP log gets one group per transaction (session, helo, from, resp, to,
 * gate, check, resp, size, resp): lines are collected with the time at which
 * they happened, and record_close() appends them as one piece, just before the
 * last reply is sent.  The spamdyke log gets a line per recipient where the
 * gate runs.  A log that cannot be written is complained about and loses no mail.
 */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include "gate/gate.h"
#include "logs/logs.h"

struct session;

struct record {
	struct buf text, again; /* the group; its session line */
	struct arena mem;       /* for one line */
};

void record_clear(struct record *r);

/* Open the group with its session and helo lines, if it is not open. */
void record_open(struct session *s);
bool record_is_open(const struct session *s);
void record_from(struct session *s, struct str sender);
void record_to(struct session *s, struct str path);
void record_resp(struct session *s, const struct reply *r);
void record_queued(struct session *s, int64_t epoch, uint64_t qp);
void record_size(struct session *s, uint64_t bytes);
void record_check(struct session *s, const struct check_row *row, struct str rcpt);
/* What a stage found: the line of each refusal, error and whitelist hit, and the stage's summary. */
void record_stage(struct session *s, const struct ruling *r, struct str rcpt);
/* A refusal of an earlier stage, delivered now. */
void record_finding(struct session *s, const struct finding *f, struct str rcpt);
void record_end(struct session *s, const char *why);
void record_close(struct session *s);

/* The spamdyke log; nothing where the gate does not run. */
void record_verdict(struct session *s, enum reason code, struct str rcpt, struct str reason);
/* The log form of a reply, "250 ok ..." (memory from a). */
struct str record_words(const struct reply *r, struct arena *a);
struct str record_host(const struct session *s); /* the reverse name, or "unknown" */

#endif
