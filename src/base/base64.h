/* base/base64.h - RFC 4648, strictly. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Append what s means.  False (and out as it was) when s is not the one way to write some bytes: a length that is no
 * multiple of four, another character, padding elsewhere than at the end, bits behind the end.  out grows before the
 * first byte is written and never again, so a secret is in one place. */
bool base64_decode(struct str s, struct buf *out);

/* Append s as base64; out is grown before the first byte too. */
void base64_encode(struct str s, struct buf *out);

#endif
