/* vouch/dkim_sign.h - write the DKIM-Signature field of a message (RFC 6376 5, RFC 8463).
 *
 * Pure, and in two halves, so that whoever has the message needs no key, and whoever has the key sees no message:
 *
 *	dkim_sign_gather()  the signed fields' canonical bytes, of a header
 *	dkim_sign_over()    these bytes and the body's digest (vouch/body.h, in the form that `body` names) in, one
 *			    folded field with its CRLF out, to be put on top
 *
 * Which key signs for whom, and which fields, is for the caller to know.
 */
#ifndef VOUCH_DKIM_SIGN_H
#define VOUCH_DKIM_SIGN_H

#include <openssl/types.h>
#include "base/buf.h"
#include "base/err.h"
#include "vouch/canon.h"
#include "vouch/sha256.h"

struct dkim_signer {
	struct str domain, selector;
	struct str identity; /* i=, or empty: the default "@" and the domain */
	unsigned instance;   /* not 0: an ARC-Message-Signature of that set is written instead (RFC 8617 4.1.2) */
	EVP_PKEY *key;       /* RSA: rsa-sha256; Ed25519: ed25519-sha256 */
	enum canon head, body;
	struct str names;     /* h=, with colons: as often as it is there and once more, and nobody can add one */
	int64_t time, expiry; /* seconds since 1970; 0: not said */
};

/* Append what the fields in `names` (h=) are hashed as: for each name the next one from below, nothing where none is
 * left.  False: CANON_HASH_MAX is used up. */
bool dkim_sign_gather(struct canon_head *h, struct str names, enum canon form, struct buf *out);
/* Does h= name From?  Nothing else is a signature (RFC 6376 5.4). */
bool dkim_sign_names_from(struct str names);

/* Append the field to out.  -1: names has no From, or OpenSSL will not sign with this key; out is then as it was. */
int dkim_sign_over(const struct dkim_signer *s, struct str fields, const unsigned char body[SHA256_SIZE],
		   struct buf *out, struct err *e);
/* Both halves. */
int dkim_sign(const struct dkim_signer *s, struct str header, const unsigned char body[SHA256_SIZE], struct buf *out,
	      struct err *e);

#endif
