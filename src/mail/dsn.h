/* mail/dsn.h - what we write to a sender about his message (RFC 3464, RFC 6522; asked for by RFC 3461): a bounce, the
 * notice of a delay, the word that it arrived.  In words for people and in fields for programs.
 *
 * Three parts: plain words, message/delivery-status, the message or its header.
 * All of what others sent is made harmless: no control character, no line over 998 bytes, no way out of
 * its part.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include "base/buf.h"
#include "base/str.h"

enum {
	DSN_HEADERS_MAX = 16 * 1024, /* of the header that is quoted */
	DSN_FULL_MAX = 256 * 1024    /* of a message that is returned whole; of a larger one, the header */
};

enum dsn_kind { DSN_FAILED, DSN_DELAYED, DSN_SUCCESS };
enum dsn_action { DSN_IS_FAILED, DSN_IS_DELAYED, DSN_IS_DELIVERED, DSN_IS_RELAYED, DSN_IS_EXPANDED };

struct dsn_rcpt {
	struct str final, original; /* addresses; original is what the client named */
	struct str orcpt;           /* `type;address`: what its client called it; or empty */
	struct str report;          /* plain lines, '\n' between them */
	enum dsn_action action;
	uint64_t attempts; /* how often it was tried */
	int64_t last;      /* when that was the last time, wall ms; 0: not known */
};

struct dsn {
	enum dsn_kind kind;
	struct str hostname, contact; /* who we are, whom to ask */
	struct str sender;            /* of the message: the notice goes there */
	struct str envid;             /* what its client called it, or empty */
	bool full;                    /* its sender wants a message that failed back, whole */
	uint64_t qp, parent;          /* numbers of the notice and of the message */
	int64_t now, arrival;         /* wall ms */
	int64_t until;                /* of one that is late: it is tried until then (wall ms) */
	struct str message;           /* CRLF lines; its beginning, all of it if `full` and it is within DSN_FULL_MAX */
	uint64_t size;                /* of the whole message */
	const struct dsn_rcpt *rcpts;
	size_t n;
};

/* The header of the notice, with its empty line, and the body, with CRLF line ends. */
void dsn_put(struct buf *head, struct buf *body, const struct dsn *d);

/* "5.1.1" of the last "(#5.1.1)" in the report, or of the other server's reply; when it has none "5.4.7" (RFC 3463:
 * its time was over) or "5.0.0". */
struct str dsn_status(struct str report);

#endif
