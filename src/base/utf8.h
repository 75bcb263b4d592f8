/* base/utf8.h - bytes from outside, where people look at them.
 *
 * A terminal obeys some bytes and hides others; what goes there, or into a
 * document of ours, is looked at here first.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"
#include "base/str.h"

/* Length of the well-formed sequence (RFC 3629) at the start of s and its code point; 0: there is none. */
size_t utf8_at(struct str s, uint32_t *code);
/* Does it hide, reorder or break what a person sees: controls, direction marks, invisible letters? */
bool utf8_unseen(uint32_t code);
/* Append s for a terminal: unseen code points and bytes that are not UTF-8 become \xHH. */
void utf8_show(struct buf *b, struct str s);

#endif
