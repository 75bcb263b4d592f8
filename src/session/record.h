/* session/record.h - a visit as the SMTP log and the spamdyke log tell it.
 *
 * The SMTP log gets one group per transaction (session, helo, tls, auth, from, resp, to,
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
	bool told;              /* a group of this visit has been written */
	struct arena mem;       /* for one line */
};

void record_clear(struct record *r);

/* Open the group with its session and helo lines, if it is not open. */
void record_open(struct session *s);
bool record_is_open(const struct session *s);
/* The tls and auth lines, as far as there was such a thing. */
void record_secured(struct session *s);
/* A login just now, in an open group; one that opens later tells it by itself. */
void record_login(struct session *s);
/* account: empty when there is none of that name. */
void record_login_failed(struct session *s, const char *method, struct str account, const char *why);
void record_from(struct session *s, struct str sender);
void record_to(struct session *s, struct str path);
void record_resp(struct session *s, const struct reply *r);
void record_queued(struct session *s, int64_t epoch, uint64_t qp);
void record_size(struct session *s, uint64_t bytes);
void record_check(struct session *s, const struct check_row *row, struct str rcpt);
/* What a stage found: the line of each refusal, error and whitelist hit, and the stage's summary, which
 * leaves out the filters that are turned off. */
void record_stage(struct session *s, const struct ruling *r, struct str rcpt);
/* A refusal of an earlier stage, delivered now. */
void record_finding(struct session *s, const struct finding *f, struct str rcpt);
void record_end(struct session *s, const char *why);
void record_close(struct session *s);

/* The spamdyke log; nothing where the gate does not run. */
void record_verdict(struct session *s, enum reason code, struct str rcpt, struct str reason);
/* The recipient check refused: spamdyke's DENIED_OTHER. */
void record_other(struct session *s, const struct reply *r, struct str rcpt);
/* At level verbose: spamdyke's FILTER_ line of each filter of the stage that matched (words/filters.def). */
void record_notes(struct session *s, const struct ruling *r, struct str rcpt);
/* A list's hit as spamdyke's reason: the entry, or FILE:LINE. */
struct str record_hit(const struct hit *h, struct arena *a);
void record_spamdyke(struct session *s, struct log_line *l);
/* The log form of a reply, "250 ok ..." (memory from a). */
struct str record_words(const struct reply *r, struct arena *a);
struct str record_encryption(const struct session *s); /* spamdyke's "(none)", "TLS" (STARTTLS) or "SSL" (implicit) */
struct str record_host(const struct session *s);       /* the reverse name, or "unknown" */

#endif
