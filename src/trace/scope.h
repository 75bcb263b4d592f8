/* trace/scope.h - who may see what: a domain's or a mailbox's owner sees his own rows.
 *
 * A story is in scope when a party of it is.  Recipients of others stay hidden
 * unless the sender is in scope; every address that is not in scope is shown
 * masked (j***n@example.org), in raw lines too: masking is the last step before
 * bytes go out, so no text can go around it.
 */
#ifndef TRACE_SCOPE_H
#define TRACE_SCOPE_H

#include "trace/story.h"

struct scope {
	struct str domain, mailbox; /* lower case; both empty: everything is seen */
	bool masked;                /* set when scope_mask() hid something */
};

bool scope_all(const struct scope *sc);
bool scope_has(const struct scope *sc, struct str address);
bool scope_story(const struct scope *sc, const struct story *s);
bool scope_party(const struct scope *sc, const struct story *s, const struct party *p);
/* Append text, every address out of scope masked. */
void scope_mask(struct scope *sc, struct buf *out, struct str text);

#endif
