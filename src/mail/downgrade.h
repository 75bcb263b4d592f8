/* mail/downgrade.h - an 8-bit message made 7-bit, for a server that takes no other (RFC 6152, 3; RFC 2045; RFC 1428).
 *
 * It is read twice: first looked at whole, then written.  A part whose body has 8-bit bytes is written as
 * quoted-printable (text) or base64 (anything else); what encloses it says 7bit; all else stays byte for byte.
 * A message without MIME becomes text/plain in UTF-8, or in "unknown-8bit" where it is none (RFC 1428).
 * It breaks every signature over the body: who calls has no other way to get the message there.  So it is refused
 * where the receiver would see that something was changed, or where there is nothing to change it by the rules:
 *
 *	8-bit bytes in a multipart/signed; in a header field; in a part that says it is encoded; in a message/partial,
 *	external-body, delivery-status ...; parts deeper than 16 or more than 1000; a header of more than 64 KiB
 *
 * The result does not depend on how the message was cut into pieces.  Memory is bounded, whatever comes.
 */
#ifndef MAIL_DOWNGRADE_H
#define MAIL_DOWNGRADE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct downgrade;

struct downgrade *downgrade_new(void);
void downgrade_free(struct downgrade *d); /* NULL is nothing to do */
/* All of the message, in pieces. */
void downgrade_look(struct downgrade *d, struct str piece);
/* It was all: 0, it can be written; -1 with what stands in the way, as "it has ...". */
int downgrade_decide(struct downgrade *d, struct err *e);
/* The same pieces again, or others of the same message; what goes out has CRLF line ends. */
void downgrade_put(struct downgrade *d, struct str piece, struct buf *out);
void downgrade_end(struct downgrade *d, struct buf *out);

#endif
