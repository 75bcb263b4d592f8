/* mail/notice.h - read what a mail system wrote about a message: a bounce, a delay, a success, and what looks like one.
 *
 * The reader of what mail/dsn.c writes (RFC 3464, RFC 6522), and of the free
 * forms of others: qmail, Exim, Exchange, Domino, mobile carriers and so on.
 * It tells what stands there, in pieces; what it means is not its business.
 * An ordinary message is NOTICE_NONE.  Strs borrow from the arena.
 */
#ifndef MAIL_NOTICE_H
#define MAIL_NOTICE_H

#include "base/arena.h"
#include "base/str.h"

enum {
	NOTICE_MAX = 16 * 1024 * 1024, /* bytes of a message; what stands behind is not looked at */
	NOTICE_RCPTS_MAX = 100,        /* more are counted */
	NOTICE_WORDS_MAX = 3000,       /* bytes of words about one recipient */
	NOTICE_HUMAN_MAX = 32 * 1024
};

enum notice_kind {
	NOTICE_NONE,
	NOTICE_FAILURE,
	NOTICE_DELAY,
	NOTICE_SUCCESS,
	NOTICE_AUTOREPLY, /* a person's vacation or a program answered */
	NOTICE_FEEDBACK,  /* RFC 5965: a complaint about the message */
	NOTICE_RECEIPT    /* RFC 8098: it was displayed or deleted */
};

struct notice_rcpt {
	struct str address;    /* "" when nobody is named */
	struct str original;   /* what the sender wrote, where that differs */
	struct str action;     /* "failed" "delayed" ..., "" outside RFC 3464 */
	struct str status;     /* "5.1.1", or "" */
	struct str diagnostic; /* without its type, on one line */
	struct str remote;     /* the host that said it */
	struct str words;      /* what stands about it in the part for people, on one line */
};

struct notice {
	enum notice_kind kind;
	struct str head;     /* of the notice itself */
	struct str reporter; /* Reporting-MTA, or who else wrote the notice */
	struct str arrival;
	struct str human;     /* the part for people, `\n` between its lines, without what was quoted */
	struct str returned;  /* the header of the message that this is about, as far as it is there */
	struct str feedback;  /* of a feedback report: its type, "abuse" */
	struct str mechanism; /* of a receipt: what was done, "displayed" */
	struct notice_rcpt rcpts[NOTICE_RCPTS_MAX];
	size_t n, more;
	bool cut; /* the message was not read to its end */
};

/* The message may have any line ends, and an mbox's "From " line in front. */
void notice_read(struct arena *a, struct str message, struct notice *out);

#endif
