/* vouch/sign_field.h - inside of dkim_sign.c and arc_seal.c: a signature's field as it is written, and its b=. */
#ifndef VOUCH_SIGN_FIELD_H
#define VOUCH_SIGN_FIELD_H

#include <openssl/types.h>
#include "base/buf.h"
#include "vouch/sha256.h"

/* A field that grows; lines are folded between pieces. */
struct field_text {
	struct buf *out;
	size_t column;
};

void sign_open(struct field_text *t, struct str text); /* its first bytes */
void sign_fold(struct field_text *t);
void sign_put(struct field_text *t, struct str s);
void sign_tag(struct field_text *t, const char *name, struct str value);
void sign_moment(struct field_text *t, const char *name, int64_t when); /* nothing when it is 0 */
void sign_put_names(struct field_text *t, struct str names);            /* h= */
void sign_base64(struct field_text *t, const unsigned char *p, size_t n);

bool sign_is_ed25519(EVP_PKEY *key);
struct str sign_algorithm(EVP_PKEY *key); /* a= */
/* The signature, and the field's CRLF.  False: OpenSSL will not sign with this key. */
bool sign_digest(struct field_text *t, EVP_PKEY *key, const unsigned char digest[SHA256_SIZE]);

#endif
