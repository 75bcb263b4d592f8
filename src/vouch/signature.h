/* vouch/signature.h - one signature's field: DKIM-Signature, ARC-Message-Signature or ARC-Seal, read and checked.
 *
 * RFC 6376 3.5 and 6.1.1, RFC 8617 4.1: which tags there are, which are
 * needed and what they may hold stands in one table for the three.  Reading
 * goes on after a mistake, so that what a report names (d=, s=) is there; the first mistake counts.
 */
#ifndef VOUCH_SIGNATURE_H
#define VOUCH_SIGNATURE_H

#include "vouch/body.h"
#include "vouch/canon.h"
#include "vouch/keyset.h"
#include "vouch/tags.h"

/* RFC 8601 2.7.1, in its words. */
enum dkim_result { DKIM_NONE, DKIM_PASS, DKIM_FAIL, DKIM_POLICY, DKIM_NEUTRAL, DKIM_TEMPERROR, DKIM_PERMERROR };

/* What came out and why, in a few words; "why" of a pass is empty. */
struct signature_word {
	enum dkim_result result;
	struct str why;
};

enum signature_kind { SIGNATURE_DKIM = 1, SIGNATURE_ARC = 2, SEAL_ARC = 4 };
enum seal_state { SEAL_NONE, SEAL_PASS, SEAL_FAIL };

#define SIGNATURE_NO_TIME INT64_MIN

struct signature {
	enum signature_kind kind;
	const struct canon_field *field;
	struct str algorithm, domain, selector; /* safe in a line; empty if they were not what they should be */
	struct str identity;                    /* i= of DKIM, or "@" and d=; a stranger's bytes */
	struct str b;                           /* its base64 without white space */
	struct str signed_names;                /* h= */
	struct str hole;                        /* the place of b='s value in the field */
	struct str bytes;                       /* b= decoded */
	unsigned char bh[SHA256_SIZE];
	enum key_type type;
	enum canon head, body;
	uint64_t length;      /* l=, or BODY_ALL */
	int64_t time, expiry; /* t=, x=, or SIGNATURE_NO_TIME */
	unsigned instance;    /* i= of ARC, 0: there is none */
	enum seal_state seal; /* cv= */
};

/* *f is DKIM_PASS if nothing is wrong so far. */
void signature_read(struct arena *a, enum signature_kind kind, const struct canon_field *field, struct signature *out,
		    struct signature_word *f);

/* The hash over the fields that h= names and over its own field; false: CANON_HASH_MAX is used up. */
bool signature_digest(struct canon_head *h, const struct signature *s, unsigned char out[SHA256_SIZE]);

/* Does one of the keys vouch for the digest (NULL: could it)?  *used is the key that this is about, or NULL. */
void signature_verify(const struct signature *s, const struct keyset_place *place, const unsigned char *digest,
		      struct arena *a, struct signature_word *f, const struct key **used);

/* Did the body that came have the hash that is in bh=? */
void signature_body(const struct signature *s, const struct body *b, int want, struct signature_word *f);

#endif
