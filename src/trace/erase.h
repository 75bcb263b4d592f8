/* trace/erase.h - one address leaves a line of a log, however it is spelt there.
 *
 * In any case, in brackets or quotes, with a tag behind a plus, as a login, as a
 * mailbox's folder, encoded (\x40, %40, =40, xtext), and carried by another
 * address: BATV, VERP (list-john=x.example@y.example), SRS, john%x.example@.
 * What carries it goes as a whole.  In its place stands one constant of the same
 * form, the same for everybody, so that the line is still what it was and nobody
 * is to be found out by it.  All else of the line stays, byte for byte.
 */
#ifndef TRACE_ERASE_H
#define TRACE_ERASE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define ERASED_LOCAL "erased"
#define ERASED_DOMAIN "erased.invalid"
#define ERASED_ADDRESS ERASED_LOCAL "@" ERASED_DOMAIN

struct erase {
	struct str local, domain; /* lower case */
	uint64_t places;          /* that were masked so far */
	uint64_t lines;
};

/* False: this is no address of the form local@domain. */
bool erase_init(struct erase *x, struct str address, struct arena *a);
/* Could any line of this text name it?  Quick, and true too often. */
bool erase_may(const struct erase *x, struct str text);
/* Append the text, all its lines with the address masked.  True: something was. */
bool erase_text(struct erase *x, struct str text, struct buf *out);

#endif
