/* mail/reference.h - what stands for one decision of ours in a link: https://HOST/why/AaqMsAkB4pkB...
 *
 * It is sealed (mail/seal.h): 1, connection, index, day.  The numbers are written seven bits to a byte, the lowest
 * first, the last byte without its high bit, so a reference has some thirty letters and fits into any reply.  It names
 * no address and tells nothing but that there was such a visit.
 */
#ifndef MAIL_REFERENCE_H
#define MAIL_REFERENCE_H

#include "mail/seal.h"

enum {
	REFERENCE_KEY = SEAL_KEY, /* bytes of the key */
	REFERENCE_DAYS = 30,      /* for so long a reference opens something */
	REFERENCE_TEXT_MAX = 64,  /* bytes of any reference */
};

struct reference {
	uint64_t connection;
	uint64_t index; /* 2n: the nth RCPT of the visit; 2n+1: what was said of more than one, behind the nth */
	int64_t day;    /* the last one on which it is good: days since 1970, UTC */
};

enum reference_word { REFERENCE_GOOD, REFERENCE_FORGED, REFERENCE_EXPIRED };

/* The last day of one that is made at that moment (seconds since 1970). */
int64_t reference_day(int64_t seconds);
/* Append it; key: REFERENCE_KEY bytes. */
void reference_put(struct buf *b, struct str key, const struct reference *x);
/* Read it at that moment.  *out is written unless it is forged (cut, changed, spelt otherwise, or of another key). */
enum reference_word reference_read(struct str text, struct str key, int64_t seconds, struct reference *out);

#endif
