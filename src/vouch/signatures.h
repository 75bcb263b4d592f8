/* vouch/signatures.h - all cryptographic signatures of one message, verified while it comes in.
 *
 *	struct signatures s;
 *	signatures_begin(&s, &arena, header, now);      // the whole header block, which must stay where it is
 *	signatures_body(&s, piece);                     // as often as pieces come
 *	signatures_end(&s, &ask, deadline);             // the only step that waits: one question for all keys
 *	... s.dkim, s.arc ...
 *	signatures_clear(&s);                           // also without the steps between
 *
 * What comes out does not depend on how the body was cut.  Memory grows with
 * the header, not with the body; how much is hashed and how many keys are
 * fetched is limited (vouch/canon.h, dkim.h, arc.h).  Nothing here fails: a mistake of
 * the sender is a result, and so is a silent DNS.
 */
#ifndef VOUCH_SIGNATURES_H
#define VOUCH_SIGNATURES_H

#include "vouch/arc.h"
#include "vouch/dkim.h"

struct signatures {
	struct canon_head head;
	struct body body;
	struct keyset keys;
	struct dkim dkim;
	struct arc arc;
};

/* now: seconds since 1970.  The arena must live as long as the results are looked at. */
void signatures_begin(struct signatures *s, struct arena *a, struct str header, int64_t now);
/* Is there anything to verify?  If not, the body need not be brought and the end does not wait. */
bool signatures_any(const struct signatures *s);
void signatures_body(struct signatures *s, struct str piece);
void signatures_end(struct signatures *s, const struct vouch_ask *ask, int64_t deadline);
void signatures_clear(struct signatures *s);

#endif
