/* mail/reply.h - what we say to a client: one value, two ways to write it.
 *
 * On the wire the enhanced code (RFC 3463, RFC 2034) stands after the number;
 * in the logs the classic text stands without it (INTERFACE 6).  Texts that
 * carry their own code (chkuser's) have enhanced empty.
 */
#ifndef MAIL_REPLY_H
#define MAIL_REPLY_H

#include "base/buf.h"
#include "base/str.h"

struct reply {
	int code;             /* 200..599; 0: no reply */
	const char *enhanced; /* "2.1.5", or "" */
	struct str text;      /* one line, no CR or LF */
};

bool reply_ok(const struct reply *r);                  /* 2xx or 3xx */
void reply_wire(struct buf *b, const struct reply *r); /* "250 2.1.5 ok\r\n" */
void reply_log(struct buf *b, const struct reply *r);  /* "250 ok" */

#endif
