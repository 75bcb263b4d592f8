/* mail/autoreply.h - an answer that a mailbox gives by itself (RFC 3834): may it, and its text.
 *
 * Never to nobody, to a list, a robot or another automatic answer, and only when the recipient was named in the header
 * (a blind copy and a list's member get none).  Who was answered lately is not known here.
 */
#ifndef MAIL_AUTOREPLY_H
#define MAIL_AUTOREPLY_H

#include "base/arena.h"
#include "base/buf.h"

struct autoreply_ask {
	struct str message;         /* its beginning, CRLF lines */
	struct str sender;          /* of the envelope */
	struct str final, original; /* whose mailbox it is, and as the sender named it */
};

/* What the answer takes from the message; each may be empty. */
struct autoreply_of {
	struct str message_id, references, subject; /* one line each, as they came */
};

/* NULL: it may be answered, and *out is set; else why not. */
const char *autoreply_refuses(const struct autoreply_ask *q, struct arena *a, struct autoreply_of *out);

struct autoreply {
	struct str hostname;
	struct str from, to;
	struct str subject; /* UTF-8; empty: "Auto: " and that of the message */
	struct str text;    /* UTF-8, any line ends */
	struct autoreply_of of;
	uint64_t qp;
	int64_t now; /* wall ms */
};

/* The header with its empty line, and the body, with CRLF line ends. */
void autoreply_put(struct buf *head, struct buf *body, const struct autoreply *r);

#endif
