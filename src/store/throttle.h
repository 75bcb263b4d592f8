/* store/throttle.h - how long a client waits for the answer to a password.
 *
 * An attempt counts as failed, for the client's address and for the account's
 * name, from its beginning until it has succeeded (a few at the same time are
 * let through: many people may share an address).  The first failures cost
 * nothing; then the wait doubles, up to LOGIN_WAIT_MAX for an address and up to
 * ACCOUNT_WAIT_MAX for an account: its owner, elsewhere, is not locked out by
 * those who guess.  Answers to one address that has to wait come one after the
 * other, however many connections it asks on; an attempt whose turn would come
 * later than LOGIN_WAIT_MAX is not made at all.  A good and a bad password wait alike.
 *
 * A success takes back what failed for the same account from the same address,
 * and nothing else: an account of one's own is no eraser.  Names that no account
 * has are counted like those that one has.  Not for two threads.
 */
#ifndef STORE_THROTTLE_H
#define STORE_THROTTLE_H

#include "base/str.h"

enum {
	THROTTLE_FREE = 3,           /* failures that cost no wait */
	THROTTLE_AT_ONCE = 20,       /* attempts under way at the same time that do not count yet */
	THROTTLE_SCORE_MAX = 12,     /* failures that are remembered of one key */
	THROTTLE_FORGIVE_MS = 60000, /* after so long, one of them is forgotten */
	THROTTLE_ACCOUNT_MAX = 5000,
	THROTTLE_KEYS_MAX = 10000 /* of each kind; the one not seen for longest is forgotten */
};

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);

/* One login under way. */
struct attempt {
	uint64_t address, account, both;
};
enum attempt_end { ATTEMPT_PASSED, ATTEMPT_FAILED, ATTEMPT_UNDECIDED };

/* ip: of the client, as text; an IPv6 address counts as its /64.  user: as sent.
 * The wait in ms, with *out for throttle_end(); -1: no attempt now. */
int64_t throttle_begin(struct throttle *t, struct str ip, struct str user, int64_t now, struct attempt *out);
void throttle_end(struct throttle *t, const struct attempt *a, enum attempt_end how, int64_t now);

#endif
