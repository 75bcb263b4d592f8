/* deliver/lmtp_talk.h - one connection to an LMTP server, as its client (RFC 2033): greeting, LHLO, commands, replies.
 *
 * What is said gathers until an answer is wanted.  Every wait ends: with the reply, with the deadline of one reply, or
 * with the transaction's.  When the server cannot be talked to, the connection is gone and t->why has a report for
 * those whose turn it was; nothing that it says is believed (wire/said.h).
 */
#ifndef DELIVER_LMTP_TALK_H
#define DELIVER_LMTP_TALK_H

#include "deliver/lmtp.h"
#include "wire/said.h"

struct talk {
	struct lmtp *l;
	struct wire wire;
	bool open;
	bool pipelining, eightbit, size, utf8; /* what its LHLO offers */
	struct said answer;                    /* the last reply */
	int64_t end;                           /* monotonic ms: no wait of this transaction is longer */
	struct buf why;
};

void talk_init(struct talk *t, struct lmtp *l);
/* QUIT, without waiting for the answer. */
void talk_clear(struct talk *t);

/* Connect, when it is not connected: 0, or -1. */
int talk_open(struct talk *t);
/* Talk over this connected, non-blocking descriptor, which is the talk's then: 0, or -1. */
int talk_take(struct talk *t, int fd);
/* The next reply: 0, or -1.  All that was said before goes out first. */
int talk_answer(struct talk *t);
/* Send what has gathered: 0, or -1. */
int talk_flush(struct talk *t);
/* Every job ends, by what is said here. */
void lmtp_deliver_by(struct talk *t, struct maildir_job **jobs, size_t n);
/* Hang up: it is in the middle of something. */
void talk_drop(struct talk *t);

#endif
