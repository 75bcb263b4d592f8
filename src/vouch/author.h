/* vouch/author.h - the domains that a message's From says it is from (RFC 5322 3.4, 3.6.2, RFC 6854, RFC 9989 5.3.1).
 *
 * What a reader's program shows must not be somebody else than whom we judge.
 * So the field is read strictly: comments nest and end, words are quoted, a
 * route or a second address without comma is a mistake.  When it is malformed,
 * every domain behind any `@` of its text is a possible author, and the caller
 * judges them all; only if they are all one and the same, and none can be read
 * in another way too (`more`), nothing is in doubt.
 * Bytes beyond ASCII are taken in display names and comments; a domain with
 * them is malformed (SMTPUTF8 is not announced).  Domains come back lower case.
 */
#ifndef VOUCH_AUTHOR_H
#define VOUCH_AUTHOR_H

#include "base/arena.h"
#include "base/str.h"

enum {
	AUTHORS_MAX = 5,              /* distinct domains */
	AUTHOR_FIELD_MAX = 64 * 1024, /* bytes of a field: a longer one is malformed */
	AUTHOR_DEPTH_MAX = 100,       /* comments in comments */
};

struct authors {
	struct str domain[AUTHORS_MAX]; /* distinct ones */
	size_t n;
	bool more;       /* there are more of them, or may be: some domain cannot be told */
	const char *why; /* NULL, or why the message has not exactly one author domain, or a malformed From */
};

/* The values of all From fields of the message (what stands behind the colon, folds and all). */
void authors_read(const struct str *from, size_t n, struct arena *a, struct authors *out);

#endif
