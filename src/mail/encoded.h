/* mail/encoded.h - encoded words of a header field (RFC 2047), for a person to read. */
#ifndef MAIL_ENCODED_H
#define MAIL_ENCODED_H

#include "base/arena.h"
#include "base/str.h"

/* The text with its encoded words decoded, as UTF-8, at most ENCODED_MAX bytes; words in letters that we do not know
 * (all but UTF-8, ASCII and ISO-8859-1) stay as they are.  What comes out is still a stranger's. */
enum { ENCODED_MAX = 1000 };
struct str encoded_text(struct str field, struct arena *mem);

#endif
