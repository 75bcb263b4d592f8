/* vouch/keyring.h - the keys that a message's signatures need: each asked for once, all in one question.
 *
 * Who needs one says so first and gets a place; after keyring_ask() the place
 * holds what DNS said.  A record set may hold several records (RFC 6376 3.6.2.2
 * leaves the choice to us): those that are keys are kept, up to KEYS_RECORDS.
 */
#ifndef VOUCH_KEYRING_H
#define VOUCH_KEYRING_H

#include "vouch/ask.h"
#include "vouch/key.h"

enum { KEYS_MAX = 128, KEYS_RECORDS = 4 };

struct keyring_place {
	struct str name; /* SELECTOR._domainkey.DOMAIN, lower case */
	enum dns_status status;
	struct str said;   /* by DNS, if not found */
	const char *wrong; /* why a record that was found is no key */
	struct key key[KEYS_RECORDS];
	size_t n;
};

struct keyring {
	struct arena *arena;
	struct keyring_place *place[KEYS_MAX];
	size_t n;
};

void keyring_init(struct keyring *k, struct arena *a);
void keyring_clear(struct keyring *k);
/* NULL when there are too many. */
struct keyring_place *keyring_want(struct keyring *k, struct str selector, struct str domain);
/* By the deadline all places are filled. */
void keyring_ask(struct keyring *k, const struct vouch_ask *ask, int64_t deadline);

#endif
