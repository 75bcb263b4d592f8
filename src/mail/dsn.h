/* mail/dsn.h - a bounce, or the notice of a delay, as text (RFC 3464, RFC 6522): what failed or waits, in words for
 * people and in fields for programs.
 *
 * Three parts: plain words, message/delivery-status, the header of the message
 * that failed (text/rfc822-headers).  All of what others sent is made harmless: no control
 * character, no line over 998 bytes, no way out of its part.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include "base/buf.h"
#include "base/str.h"

enum { DSN_HEADERS_MAX = 16 * 1024 };

struct dsn_rcpt {
	struct str final, original; /* addresses; original is what the sender wrote */
	struct str report;          /* plain lines, '\n' between them */
};

struct dsn {
	struct str hostname, contact; /* who we are, whom to ask */
	struct str sender;            /* of the message that failed: the bounce goes there */
	uint64_t qp, parent;          /* numbers of the bounce and of the message that failed */
	int64_t now, arrival;         /* wall ms */
	int64_t until;                /* not 0: nothing has failed, it is late, and is tried until then (wall ms) */
	struct str message; /* its beginning, CRLF lines; all up to the empty line is quoted, within the limit */
	const struct dsn_rcpt *rcpts;
	size_t n;
};

/* The header of the bounce, with its empty line, and the body, with CRLF line ends. */
void dsn_put(struct buf *head, struct buf *body, const struct dsn *d);

/* "5.1.1" of the last "(#5.1.1)" in the report; when it has none "5.4.7" (RFC 3463: its time was over) or "5.0.0". */
struct str dsn_status(struct str report);

#endif
