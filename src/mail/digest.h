/* mail/digest.h - the weekly letter about what was refused for a mailbox and the domains of its owner.
 *
 * Pure text: who gets it and what was refused is the caller's to find out.  Plain text and a simple page that asks
 * nobody for anything, ASCII both, from a name that nobody reads, under the null sender: no machine answers it.
 */
#ifndef MAIL_DIGEST_H
#define MAIL_DIGEST_H

#include "mail/seal.h"
#include "words/words.h"

enum {
	DIGEST_LINES = 30,       /* senders that are named, of those who can be allowed and of the others */
	DIGEST_REASONS = 30,     /* that are explained */
	DIGEST_MOST = 128 * 1024 /* bytes of a letter, whatever strangers called themselves */
};

/* One sender and reason. */
struct digest_line {
	struct str from;         /* empty: the null sender */
	const struct word *word; /* why */
	bool lifts;              /* an entry on the list of allowed senders would let it in */
	uint64_t count, later;   /* refused for good; put off, and not seen again */
	int64_t last;            /* the latest of them, UTC seconds */
};

struct digest_letter {
	struct str hostname, contact;
	struct str to;             /* the mailbox */
	const struct str *domains; /* its owner's, told of too */
	size_t ndomains;
	struct str page;           /* "https://host/" of the page; empty: nobody knows it */
	struct str unsubscribe;    /* a link of its own that ends the letter; empty: there is none */
	int64_t since, until;      /* the weeks, UTC seconds; until: the begin of the next one */
	int64_t now;               /* ms since 1970 */
	int64_t week;              /* the last one told of */
	uint64_t serial;           /* no two letters of one moment have the same: for the Message-ID */
	struct digest_line *lines; /* put into order */
	size_t n;
};

/* head: the fields, without the empty line; body: from the empty line on, as queue_digest wants them. */
void digest_put(struct buf *head, struct buf *body, struct digest_letter *d);

/* What stands for the mailbox in that link; key: SEAL_KEY bytes (mail/seal.h). */
void digest_token_put(struct buf *b, struct str key, struct str mailbox);
/* Append the mailbox; false: the token is none of ours. */
bool digest_token_read(struct str token, struct str key, struct buf *mailbox);

#endif
