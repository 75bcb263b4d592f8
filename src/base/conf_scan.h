/* base/conf_scan.h - the first reading of a configuration text (private to conf.c).
 *
 * libconfuse is kind: it takes a file cut in mid-section, drops bytes it does
 * not know, puts environment variables into values and stumbles over a comment
 * inside a list.  So the text is read here first.  What passes has only
 * printable UTF-8, complete comments, strings and brackets, no ${...}, no
 * escapes but \\ and a quote, and does not end inside a word: a file that was
 * cut is refused or ends between two complete items.
 */
#ifndef BASE_CONF_SCAN_H
#define BASE_CONF_SCAN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Read text; on 0 `clean` holds it with comments blanked out and every line where it was.
 * On -1 *e is "FILE:LINE: text". */
int conf_scan(struct str text, const char *file, struct buf *clean, struct err *e);

/* Length of the UTF-8 sequence at the start of s, 0 when it is none (control characters count as none, tab and newline
 * do not). */
size_t conf_utf8(struct str s);

#endif
