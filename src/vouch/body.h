/* vouch/body.h - the hashes of a message's body, while it comes in.
 *
 * RFC 6376 3.4.3, 3.4.4, 3.7: signatures say which canonical form they hash
 * and how much of it (l=).  First everybody says what is wanted, then the body
 * comes in pieces of any size, then the digests are there; they do not depend
 * on the pieces.  However many signatures there are, each of the two forms is
 * made and hashed once (a shorter length is the hash on its way), and memory
 * does not grow with the body.
 */
#ifndef VOUCH_BODY_H
#define VOUCH_BODY_H

#include "vouch/canon.h"
#include "vouch/sha256.h"

enum { BODY_WANTS_MAX = 64 };
#define BODY_ALL UINT64_MAX

struct body_want {
	enum canon canon;
	uint64_t length; /* BODY_ALL or bytes of the canonical form */
	bool there;      /* false until that many bytes have come */
	unsigned char digest[SHA256_SIZE];
};

/* One canonical form on its way into the hash. */
struct body_form {
	struct sha256 *sum; /* NULL: nobody wants it */
	uint64_t bytes;     /* hashed so far */
	uint64_t next;      /* where the hash is looked at next */
	uint64_t crlfs;     /* line ends held back, as they may be the last ones */
	bool cr, blank;     /* then a CR, or (relaxed) white space, of which the next byte tells what it is */
};

struct body {
	struct body_form form[2];
	struct body_want wants[BODY_WANTS_MAX];
	size_t n;
};

void body_init(struct body *b);
void body_clear(struct body *b);
/* The index of the digest that will be there, or -1: too many different ones are wanted.  Not after the first piece. */
int body_want(struct body *b, enum canon canon, uint64_t length);
void body_add(struct body *b, struct str piece);
void body_end(struct body *b);
/* After the end.  NULL: the body is shorter than that. */
const unsigned char *body_digest(const struct body *b, int want);
/* How long the canonical form was (if somebody wanted it). */
uint64_t body_length(const struct body *b, enum canon canon);

#endif
