/* vouch/text.h - text of strangers as the checks of this folder read it and show it. */
#ifndef VOUCH_TEXT_H
#define VOUCH_TEXT_H

#include "base/arena.h"
#include "base/str.h"

/* The strings of a TXT record, glued together without separator (RFC 7208 3.3, RFC 6376 3.6.2.2). */
struct str vouch_txt(struct str rdata, struct arena *a);

/* At most max bytes of s on one line of printable ASCII: every other byte is a `?`, `...` stands where it was cut. */
struct str vouch_shown(struct str s, size_t max, struct arena *a);

#endif
