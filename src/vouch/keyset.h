/* vouch/keyset.h - the keys that a message's signatures need: each asked for once, all in one question.
 *
 * Who needs one says so first and gets a place; after keyset_ask() the place
 * holds what DNS said.  A record set may hold several records (RFC 6376 3.6.2.2
 * leaves the choice to us): those that are keys are kept, up to KEYSET_RECORDS.
 */
#ifndef VOUCH_KEYSET_H
#define VOUCH_KEYSET_H

#include "vouch/ask.h"
#include "vouch/key.h"

enum { KEYSET_MAX = 128, KEYSET_RECORDS = 4 };

struct keyset_place {
	struct str name; /* SELECTOR._domainkey.DOMAIN, lower case */
	enum dns_status status;
	struct str said;   /* by DNS, if not found */
	const char *wrong; /* why a record that was found is no key */
	struct key key[KEYSET_RECORDS];
	size_t n;
};

struct keyset {
	struct arena *arena;
	struct keyset_place *place[KEYSET_MAX];
	size_t n;
};

void keyset_init(struct keyset *k, struct arena *a);
void keyset_clear(struct keyset *k);
/* NULL when there are too many. */
struct keyset_place *keyset_want(struct keyset *k, struct str selector, struct str domain);
/* By the deadline all places are filled. */
void keyset_ask(struct keyset *k, const struct vouch_ask *ask, int64_t deadline);

#endif
