/* sign/keyring.h - the keys that a domain signs with: DIR/DOMAIN/keys says which, DIR/DOMAIN/SELECTOR.pem are they.
 *
 *	# SELECTOR ALGORITHM STATE SINCE       algorithm: rsa or ed25519
 *	t20261128r rsa active 1795870000       state: next, active or retired; since: seconds since 1970
 *
 * `telltale dkim` is the only writer; it replaces the file at once, after the
 * keys that it names are there.  telltale-signer signs with every key that is
 * active, one signature each.  next: its record is to be published first.  retired: nothing is signed with it any
 * more, but its record is needed for as long as mail that it signed may be on its way.
 */
#ifndef SIGN_KEYRING_H
#define SIGN_KEYRING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "vouch/key.h"

enum { KEYRING_KEYS_MAX = 32, KEYRING_SELECTOR_MAX = 63, KEYRING_BYTES_MAX = 16 * 1024 };

enum keyring_state { KEYRING_NEXT, KEYRING_ACTIVE, KEYRING_RETIRED, KEYRING_STATES };

struct keyring_key {
	char selector[KEYRING_SELECTOR_MAX + 1];
	enum key_type type;
	enum keyring_state state;
	int64_t since;
};

struct keyring {
	struct keyring_key at[KEYRING_KEYS_MAX];
	size_t n;
};

const char *keyring_state_word(enum keyring_state s);
const char *keyring_type_word(enum key_type t);

/* May it be a folder's and a d='s name?  Lower case letters, digits, '-', '_', single dots inside. */
bool keyring_domain_ok(struct str s);
/* Lower case letters, digits, '-'. */
bool keyring_selector_ok(struct str s);

/* The text of the file.  -1: what is wrong with it. */
int keyring_parse(struct str text, struct keyring *out, struct err *e);
void keyring_put(const struct keyring *r, struct buf *out);

/* The private key in these bytes, if it is of that kind and of a size that verifiers take; else NULL. */
EVP_PKEY *keyring_private(struct str pem, enum key_type type, struct err *e);

/* A new one; its PEM; its record in DNS, "v=DKIM1; k=rsa; p=..." */
EVP_PKEY *keyring_make(enum key_type type, unsigned bits, struct err *e);
int keyring_pem(EVP_PKEY *key, struct buf *out, struct err *e);
void keyring_record(EVP_PKEY *key, struct buf *out);

#endif
