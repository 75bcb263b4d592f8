/* session/signing.h - the DKIM signature of a message that one of ours sends (RFC 6376), and the seal of a stranger's
 * that an alias sends on (session/sealing.h).
 *
 * Who has logged in, or may relay by a list, gets it, where telltale-signer has
 * a key: with the domain of From, else with that of the envelope's sender.  dkim { sign = "own" } signs a login's mail
 * with the key of the login's own domain only, so that nobody's From is vouched for by us because he is somebody
 * else's customer here.
 * The body is hashed while it comes in; what the header is hashed as is made of
 * the message as it is stored, milters' changes and all.
 */
#ifndef SESSION_SIGNING_H
#define SESSION_SIGNING_H

#include "session/intake.h"

struct session;
struct signing;

/* The header is there. */
void signing_begin(struct session *s, const struct intake *in);
void signing_body(struct session *s, struct str piece);
/* How many bytes they may have. */
size_t signing_most(const struct session *s);
/* It is to be stored: its signatures, if it gets any, appended to head, which will stand above `below`. */
void signing_put(struct session *s, const struct intake *in, struct str below, struct buf *head);
void signing_clear(struct signing *x); /* NULL is allowed */

#endif
