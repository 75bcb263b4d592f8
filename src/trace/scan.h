/* trace/scan.h - where some bytes stand in a text, as fast as memory gives them.
 *
 *	struct scan s = scan_for(literal, SCAN_WORDS);
 *
 *	for (size_t at = scan_find(&s, text, 0); at < text.n; at = scan_find(&s, text, at + 1))
 *		...
 *
 * Nothing is parsed.  What is found is a place to look at, never an answer: a log may spell an address in more than one
 * way (\xHH for bytes that are no word's, a BATV tag in front), so "it stands nowhere" is true of the bytes alone.
 * The time is that of reading the text, whatever it holds, as long as few places resemble the literal.
 */
#ifndef TRACE_SCAN_H
#define TRACE_SCAN_H

#include "base/str.h"

enum scan_fold {
	SCAN_BYTES, /* as they are */
	SCAN_WORDS  /* letters (ASCII) of either case are the same, and `_` is a space: reports are written so */
};

/* What is looked for: made once, used for any number of texts.  It borrows the literal. */
struct scan {
	struct str literal;
	enum scan_fold fold;
	struct scan_probe {
		size_t at;              /* in the literal */
		unsigned char fold, is; /* a byte of the text fits when it is `is` once the bits of `fold` are set */
	} one, two;
};

struct scan scan_for(struct str literal, enum scan_fold fold);
/* The first place from `from` on; text.n: none.  An empty literal stands nowhere. */
size_t scan_find(const struct scan *s, struct str text, size_t from);

static inline char scan_folded(char c, enum scan_fold fold)
{
	if (fold == SCAN_BYTES)
		return c;
	return c == '_' ? ' ' : ascii_lower(c);
}

#endif
