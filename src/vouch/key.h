/* vouch/key.h - the public key of a selector, as its TXT record says it (RFC 6376 3.6.1, 8301, 8463).
 *
 * What is accepted: v= first and DKIM1, or absent; unknown tags and flags are
 * passed over.  RSA keys come as SubjectPublicKeyInfo or as RSAPublicKey; DER is
 * read here, so that no key of a size that we refuse ever reaches OpenSSL.
 */
#ifndef VOUCH_KEY_H
#define VOUCH_KEY_H

#include <openssl/types.h>
#include "base/arena.h"

enum {
	KEY_RSA_MIN = 1024, /* RFC 8301 3.2: no signature of a smaller one is valid */
	KEY_RSA_MAX = 4096, /* what a larger one costs is decided by us */
	KEY_RECORD_MAX = 8 * 1024
};

enum key_type { KEY_RSA, KEY_ED25519 };

struct key {
	enum key_type type;
	unsigned bits;
	bool testing;    /* t=y: its owner only tries (RFC 6376 3.6.1) */
	bool strict;     /* t=s: i= must be at d= itself */
	bool no_sha256;  /* h= names other hashes only */
	bool no_email;   /* s= names other services only */
	bool revoked;    /* p= is empty */
	bool weak, vast; /* an RSA key out of the limits: there is no pkey */
	EVP_PKEY *pkey;  /* NULL if one of the last three */
};

/* NULL and the key (key_clear() when done), or why the record is no key. */
const char *key_read(struct str record, struct arena *a, struct key *out);
void key_clear(struct key *k);

/* The text of a TXT record's rdata in wire form; false: it is malformed or too long. */
bool key_text(struct str rdata, struct arena *a, struct str *text);

/* Modulus and exponent (big-endian, no zeros in front) of an RSA key in DER. */
bool key_read_rsa(struct str der, struct str *n, struct str *e);

/* Does it vouch for this SHA-256 digest?  Nothing is left in OpenSSL's queue of errors, which TLS looks at. */
bool key_verify(const struct key *k, struct str signature, const unsigned char digest[32]);

#endif
