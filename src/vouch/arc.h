/* vouch/arc.h - the Authenticated Received Chain: what earlier hops saw, and whether they all vouch for having seen it.
 *
 * RFC 8617 5.2.  A pass says that nobody broke the chain and that the newest
 * hop's message is the one that came; whether those hops are believed is for
 * policy to say: it finds their domains here, and what the newest one saw.
 * Verified in the stream of vouch/signatures.h with the code of DKIM.
 */
#ifndef VOUCH_ARC_H
#define VOUCH_ARC_H

#include "vouch/signature.h"

enum { ARC_SETS_MAX = 50 };

enum arc_result { ARC_NONE, ARC_PASS, ARC_FAIL };

struct arc_set {
	/* d= and s= are seal.domain, seal.selector, message.domain ...: names, or empty */
	struct signature seal, message;
	struct canon_field *aar, *message_field, *seal_field;

	/* of the verifier */
	struct keyset_place *seal_key, *message_key;
	int body;
};

struct arc {
	enum arc_result result;
	struct str why;       /* why it failed */
	unsigned failed;      /* the set with which it failed; 0: none in particular */
	bool temporary;       /* it failed because a key could not be fetched */
	unsigned oldest_pass; /* RFC 8617 5.2 step 5, of a chain that passed; 0: every hop's message is this one */
	struct arc_set *sets; /* sets[0] is i=1 */
	unsigned n;           /* the highest i=; sets may be incomplete if the chain failed */
	struct str
	    saw; /* what the newest set's ARC-Authentication-Results says behind i=; one line, any bytes but folds */
};

const char *arc_word(enum arc_result r);

/* The three steps of vouch/signatures.h. */
void arc_begin(struct arc *c, struct canon_head *h, struct body *b, struct keyset *k);
void arc_end(struct arc *c, struct canon_head *h, const struct body *b);

#endif
