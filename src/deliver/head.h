/* deliver/head.h - a message's header on its way into a mailbox (LF line ends).
 *
 * Return-Path fields that the message brought are left out: exactly one belongs
 * there, and the server of the last step writes it (RFC 5321 4.4).  Is there a
 * Delivered-To field for this mailbox already?  Then the message is looping.
 * Where the header ends is where mail/header.h sees its end: what stands in the
 * body does not count.  Fed in pieces of any size, it says the same.
 */
#ifndef DELIVER_HEAD_H
#define DELIVER_HEAD_H

#include "base/buf.h"

#define HEAD_NAME_MAX 32   /* a longer name is none of ours */
#define HEAD_VALUE_MAX 400 /* the longest address fits well; a longer value is not ours */

struct head {
	struct str final; /* user@domain, lower case */
	bool ended;       /* the body has come */
	bool loops;

	/* the walk's own place */
	enum head_at { HEAD_LINE, HEAD_NAME, HEAD_GAP, HEAD_VALUE } at;
	enum head_field { HEAD_NONE, HEAD_OTHER, HEAD_RETURN_PATH, HEAD_DELIVERED_TO } field;
	bool long_name;
	size_t held, n;
	char name[HEAD_NAME_MAX]; /* bytes of the name (held), not yet written */
	char value[HEAD_VALUE_MAX];
};

/* *h is zero but for `final`.  Appends to out what is to be written of this piece. */
void head_feed(struct head *h, struct str in, struct buf *out);
/* The message ended. */
void head_end(struct head *h, struct buf *out);

/* An address in a header line of ours: it cannot begin another line. */
void head_put_address(struct buf *b, struct str address);

#endif
