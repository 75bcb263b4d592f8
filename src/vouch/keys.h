/* vouch/keys.h - the keys that a message's signatures need: each asked for once, all in one question.
 *
 * Who needs one says so first and gets a place; after keys_ask() the place
 * holds what DNS said.  A record set may hold several records (RFC 6376 3.6.2.2
 * leaves the choice to us): those that are keys are kept, up to KEYS_RECORDS.
 */
#ifndef VOUCH_KEYS_H
#define VOUCH_KEYS_H

#include "vouch/ask.h"
#include "vouch/key.h"

enum { KEYS_MAX = 128, KEYS_RECORDS = 4 };

struct keys_place {
	struct str name; /* SELECTOR._domainkey.DOMAIN, lower case */
	enum dns_status status;
	struct str said;   /* by DNS, if not found */
	const char *wrong; /* why a record that was found is no key */
	struct key key[KEYS_RECORDS];
	size_t n;
};

struct keys {
	struct arena *arena;
	struct keys_place *place[KEYS_MAX];
	size_t n;
};

void keys_init(struct keys *k, struct arena *a);
void keys_clear(struct keys *k);
/* NULL when there are too many. */
struct keys_place *keys_want(struct keys *k, struct str selector, struct str domain);
/* By the deadline all places are filled. */
void keys_ask(struct keys *k, const struct vouch_ask *ask, int64_t deadline);

#endif
