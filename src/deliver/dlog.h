/* deliver/dlog.h - the delivery log: what each attempt says (INTERFACE 6), and the only place that says it.
 *
 * Lines gather in memory and go out in one append per turn of the loop, before
 * anything that depends on them is told or settled.  A log that cannot be
 * written never holds up mail: it is said once, and once more when it works again.
 */
#ifndef DELIVER_DLOG_H
#define DELIVER_DLOG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "mail/envelope.h"
#include "mail/outcome.h"

struct dlog_try {
	uint64_t delivery, qp;
	uint64_t attempt; /* 1 for the first one */
	uint64_t bytes;
	struct str sender;
	const struct recipient *rcpt;
};

/* The other server whose words a report has; host empty: there is none. */
struct dlog_peer {
	struct str host, ip, tls, policy, source;
	uint64_t port, connect, handshake, reply; /* ms */
};

struct dlog_result {
	uint64_t delivery;
	enum outcome_kind kind;
	struct str report; /* plain lines */
	int64_t millis;    /* how long it took */
	int64_t next;      /* wall ms of the next try; 0: there is none */
	bool gave_up;      /* the lifetime is over */
	bool handed_on;    /* of a success: another server tells the sender what he asked to hear (RFC 3461) */
	struct dlog_peer peer;
	struct landing at; /* of a success here: its path is not empty */
};

/* The text, stamped `now` (wall ms): init, info, [alias,] try. */
void dlog_put_try(struct buf *b, const struct dlog_try *t, int64_t now);
/* [remote,] [mailbox,] result, done, [next or gave-up]. */
void dlog_put_result(struct buf *b, const struct dlog_result *r, int64_t now);
/* bounce, delay-notice, success-notice or autoreply. */
enum dlog_notice { DLOG_BOUNCE, DLOG_DELAY_NOTICE, DLOG_SUCCESS_NOTICE, DLOG_AUTOREPLY };
void dlog_put_notice(struct buf *b, enum dlog_notice kind, uint64_t parent, uint64_t qp, int64_t now);
/* Does the line begin so, behind its stamp?  A start waits for what is asked of a million of them. */
bool dlog_says(struct str line, struct str verb);
/* One result line for each delivery number that `text` (lines of the log) opens and does not close. */
size_t dlog_put_restarted(struct buf *b, struct str text, int64_t now);

struct dlog;
/* Opens the log and closes the numbers that a crash left open. */
struct dlog *dlog_open(const char *path, struct err *e);
void dlog_close(struct dlog *d);
void dlog_try(struct dlog *d, const struct dlog_try *t);
void dlog_result(struct dlog *d, const struct dlog_result *r);
/* Which of them a child is that carries nothing on. */
enum dlog_notice dlog_notice_of(const struct envelope *v);
/* The sender of message `parent` is told by message `qp` that it failed, is late, or was delivered; or a
 * mailbox answers him by itself. */
void dlog_notice(struct dlog *d, enum dlog_notice kind, uint64_t parent, uint64_t qp);
/* The postmaster's word about a recipient. */
struct dlog_order {
	uint64_t qp, rcpt;
	struct str action; /* held, released, retried, deleted, rerouted */
	struct str by, detail;
};
void dlog_order(struct dlog *d, const struct dlog_order *o);
/* Append what has gathered. */
void dlog_flush(struct dlog *d);

#endif
