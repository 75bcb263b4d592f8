/* vouch/arc_seal.h - write one more set of an Authenticated Received Chain (RFC 8617 5.1).
 *
 * Pure, and in two halves like vouch/dkim_sign.h, whose signer writes the ARC-Message-Signature:
 *
 *	arc_next()         which set comes next on a message whose chain was verified (vouch/arc.h)
 *	arc_results()      its ARC-Authentication-Results, from our Authentication-Results
 *	arc_older()        what of the sets before is sealed once more
 *	arc_seal_over()    ARC-Seal and ARC-Message-Signature, to be put above that, above all that was signed
 */
#ifndef VOUCH_ARC_SEAL_H
#define VOUCH_ARC_SEAL_H

#include "vouch/arc.h"
#include "vouch/dkim_sign.h"

struct arc_next {
	unsigned instance;      /* i= */
	enum arc_result before; /* cv= */
};

/* False: none may.  The chain has ended (a hop said cv=fail), it has 50 sets, or nobody can say what it is worth. */
bool arc_next(const struct arc *c, struct arc_next *out);
/* The field, CRLF ended, appended; `results` is an Authentication-Results field.  False: it is none. */
bool arc_results(unsigned instance, struct str results, struct buf *out);
/* In relaxed form, appended; nothing of a chain that failed (RFC 8617 5.1.2).  False: CANON_HASH_MAX is used up. */
bool arc_older(const struct arc *c, struct canon_head *h, struct buf *out);
/* s: with the instance and relaxed forms.  fields, body: see dkim_sign_over().  results: what arc_results() made.
 * -1: as there. */
struct arc_seal {
	struct dkim_signer signer;
	enum arc_result before;
	struct str fields, results, older;
	const unsigned char *body; /* SHA256_SIZE */
};
int arc_seal_over(const struct arc_seal *s, struct buf *out, struct err *e);

#endif
