/* vouch/dkim.h - DKIM-Signature fields: which are there, what each is worth and why.
 *
 * RFC 6376 with 8301 (rsa-sha1 and short keys are over) and 8463 (Ed25519);
 * results in the words of RFC 8601 2.7.1.  A pass says that d= vouches for the
 * message as far as it is signed: whether that helps the author (From) is for
 * DMARC to say, whether a signature in testing counts is for policy.
 *
 *	fail       body or signed fields are not those that were signed
 *	policy     we do not accept it: key too short or too large, expired, a From that is not signed, too many of them
 *	neutral    the field is written wrongly, or in a way that we do not know
 *	temperror  the key could not be fetched
 *	permerror  no key, no usable key, rsa-sha1, From is not in h=, i= is not at d=
 *
 * What is not there: public keys of internationalised domains (RFC 8616) are
 * found if d= is written as an A-label, as it must be.
 */
#ifndef VOUCH_DKIM_H
#define VOUCH_DKIM_H

#include "vouch/signature.h"

enum {
	DKIM_VERIFIED_MAX = 8, /* the topmost ones: whoever handled it last wrote those */
	DKIM_LISTED_MAX = 32,  /* later ones are counted only */
	DKIM_B_SHOWN = 8,      /* characters of b= that tell signatures apart (RFC 6008) */
	DKIM_AHEAD = 24 * 3600 /* seconds that a signer's clock may be ahead of ours */
};

struct dkim_signature {
	enum dkim_result result;
	struct str why; /* empty for a pass */
	/* Letters, digits, '-', '_', '.' only (b: base64), empty when the field does not have them properly. */
	struct str domain, selector, algorithm, b;
	struct str identity;    /* i= or its default; any bytes but ';' and controls */
	unsigned bits;          /* of the key; 0: none was seen */
	bool testing;           /* its key says t=y */
	uint64_t body_unsigned; /* bytes of the canonical body behind l=: anybody could have added them */

	/* of the verifier */
	struct signature s;
	struct keyset_place *key;
	int body;
};

struct dkim {
	struct dkim_signature *list; /* in the header's order, topmost first */
	size_t n, total;             /* total: with those that are not listed */
};

const char *dkim_word(enum dkim_result r);

/* The three steps of vouch/signatures.h.  `now` is in seconds since 1970. */
void dkim_begin(struct dkim *d, struct canon_head *h, struct body *b, struct keyset *k, int64_t now);
void dkim_end(struct dkim *d, struct canon_head *h, const struct body *b);

#endif
