/* deliver/lmtp.h - hand messages to an LMTP server (RFC 2033), Dovecot's for example, instead of writing Maildirs.
 *
 * Jobs of the same message go in one transaction; each recipient has an answer of its own after the message.  2xx: it
 * is that server's now; 4xx: a deferral; 5xx: a failure.  The report keeps the whole reply.  A server that cannot be
 * reached, greets with a refusal, breaks off or says what is no reply is a deferral, never a failure.
 *
 * Nothing is staged: whoever dies between the message and the settling of its recipient lets it come twice, never lets
 * it be lost.  The folder is asked for as user+folder, and user+Junk for what the gate doubted; a server that refuses
 * that name for good is asked for the user alone.  It writes Return-Path and Delivered-To; a Delivered-To for the same
 * mailbox that the message brings is a loop.
 *
 * No job is in hand for longer than ten minutes, whatever the server does: who waited for four is deferred, and a
 * transaction takes four at most.
 */
#ifndef DELIVER_LMTP_H
#define DELIVER_LMTP_H

#include <stdatomic.h>
#include "base/conf.h"
#include "deliver/maildir.h"
#include "handoff/service.h"

struct lmtp {
	struct service at;
	struct str host;         /* our name */
	int64_t patience;        /* ms: longest wait for one reply */
	bool subaddress;         /* user+folder is said as it came */
	atomic_llong away_until; /* monotonic ms: it did not answer, and is not asked again before */
};

/* What the configuration says of it (local { lmtp ... }; the strs stay the configuration's).  Nothing, when it names
 * none; -1: *e says what is wrong. */
int lmtp_read(struct lmtp *l, const struct conf *c, struct err *e);
/* Every job ends.  For any number of threads. */
void lmtp_deliver(struct lmtp *l, struct maildir_job **jobs, size_t n);

#endif
