/* session/sealing.h - what an alias sends on to others is sealed (ARC, RFC 8617): they learn what we saw of its sender.
 *
 * At acceptance, when it is known whether SPF, DKIM and DMARC passed here: the set
 * says so, and stands with its signatures above the message, of which not a byte is
 * changed.  Sealed is what comes in from strangers where the gate verified it and the domain of an
 * alias, or hostname's, has an RSA key.  A chain that came broken is sealed as
 * broken; one that has ended, or whose keys could not be fetched, is left alone.
 */
#ifndef SESSION_SEALING_H
#define SESSION_SEALING_H

#include "base/buf.h"
#include "vouch/canon.h"

struct session;

/* Its recipients are known: does one of them lead elsewhere? */
bool sealing_wanted(const struct session *s);
/* h: the header as it will be stored; body: its digest, relaxed.  The set, if it gets one, appended to head. */
void sealing_put(struct session *s, struct canon_head *h, const unsigned char *body, struct buf *head);

#endif
