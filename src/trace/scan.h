/* trace/scan.h - the lines of a text in which some bytes stand, as fast as memory gives them.
 *
 * Nothing is parsed.  What is found is a place to look at, never an answer: a log may spell an address in more than one
 * way (\xHH for bytes that are no word's, a BATV tag in front), so "it stands nowhere" is true of the bytes alone.
 * The time is that of reading the text, whatever it holds, as long as few places resemble the literal.
 */
#ifndef TRACE_SCAN_H
#define TRACE_SCAN_H

#include "base/str.h"

/* Calls see() with the offset of each line that holds the literal, once and in their order, until it returns false.
 * A line ends at its newline or with the text.  fold: ASCII letters of either case are the same.  A literal that is
 * empty or holds a newline stands nowhere. */
void scan_each(struct str text, struct str literal, bool fold, bool (*see)(void *with, size_t line), void *with);
/* Does it stand in any? */
bool scan_any(struct str text, struct str literal, bool fold);

#endif
