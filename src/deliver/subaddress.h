/* deliver/subaddress.h - user+folder@domain: the part behind the plus (RFC 5233 calls it the detail).
 *
 * Which mailbox an address ends in, telltale-lookup has said (final); what the client named stands beside it
 * (original).  There is a detail when original is final and a plus with more behind it.  An alias carries none on.
 * A detail is anybody's word: it is a folder's name only when it has letters, digits, - and _, and single dots between
 * them (Maildir++ writes a subfolder so), and at most SUBADDRESS_MAX bytes; the rest is no name of ours.
 */
#ifndef DELIVER_SUBADDRESS_H
#define DELIVER_SUBADDRESS_H

#include "base/str.h"

enum { SUBADDRESS_MAX = 100 };

/* The folder's name, a piece of original; empty: there is none. */
struct str subaddress_of(struct str final, struct str original);

#endif
