/* wire/dot.h - the body of DATA: from bytes on the wire to the message.
 *
 * Only CRLF "." CRLF ends it, and CRLF is the only line end; the result does
 * not depend on how the bytes were cut into pieces.  Bare CR and LF are passed
 * through and remembered, so that the session reads the body to its true end
 * and then refuses it: that is what keeps a second message from being
 * smuggled in behind somebody else's idea of a line end.
 *
 *	      "."          CR          LF
 *	LINE -----> DOT -----> DOTCR -----> (done)
 *	 ^           | else      | else
 *	 | LF        v           v           LINE: after CRLF, and before the first byte
 *	CR <------- TEXT <-------+
 */
#ifndef WIRE_DOT_H
#define WIRE_DOT_H

#include "base/buf.h"

struct dot {
	enum dot_at { DOT_LINE, DOT_TEXT, DOT_CR, DOT_DOT, DOT_DOTCR } at;
	bool done;
	bool bare; /* a CR or LF that was no part of a CRLF */
};

/* A zeroed struct dot stands before the first byte.  Uses bytes up to the end
 * of the body at most, appends what they decode to, returns how many it used. */
size_t dot_feed(struct dot *d, const char *p, size_t n, struct buf *out);

#endif
