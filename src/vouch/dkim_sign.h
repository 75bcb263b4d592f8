/* vouch/dkim_sign.h - write the DKIM-Signature field of a message (RFC 6376 5, RFC 8463).
 *
 * Pure: header block and the body's digest (vouch/body.h, in the form that
 * `body` names) in, one folded field with its CRLF out, to be put on top.
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
	EVP_PKEY *key;       /* RSA: rsa-sha256; Ed25519: ed25519-sha256 */
	enum canon head, body;
	struct str names;     /* h=, with colons: as often as it is there and once more, and nobody can add one */
	int64_t time, expiry; /* seconds since 1970; 0: not said */
};

/* Append the field to out.  -1: names has no From, or OpenSSL will not sign with this key; out is then as it was. */
int dkim_sign(const struct dkim_signer *s, struct str header, const unsigned char body[SHA256_SIZE], struct buf *out,
	      struct err *e);

#endif
