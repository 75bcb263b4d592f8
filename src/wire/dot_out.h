/* wire/dot_out.h - the body of DATA, the other way: from the message to bytes on the wire.
 *
 * CRLF is the only line end that goes out: a bare CR or LF of the message becomes one, so that no server can see an
 * end, or a second message, where we see none.  A dot that begins a line is doubled; the last line is ended.
 * The result does not depend on how the message was cut into pieces; dot_feed() (dot.h) is its inverse.
 */
#ifndef WIRE_DOT_OUT_H
#define WIRE_DOT_OUT_H

#include "base/buf.h"

struct dot_out {
	bool inside; /* of a line */
	bool bare;   /* for BDAT: no dot is doubled, and none ends it */
	bool cr;     /* a CR was the last byte, and is not written yet */
};

/* A zeroed struct stands before the first byte. */
void dot_out_put(struct dot_out *d, struct str in, struct buf *out);
/* The message ended: its last line end, and the dot. */
void dot_out_end(struct dot_out *d, struct buf *out);

#endif
