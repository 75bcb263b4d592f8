/* deliver/resolve.h - questions to telltale-lookup from a loop that must not wait.
 *
 * Whatever happens, every question is answered once: RESOLVED_TEMPORARY, or
 * LEAVES_LATER, when the answer did not come in time, or telltale-lookup is away.
 */
#ifndef DELIVER_RESOLVE_H
#define DELIVER_RESOLVE_H

#include "lookup/lookup.h"

struct resolve;

/* path: run/lookup.sock.  NULL: *e says why. */
struct resolve *resolve_new(const char *path, struct err *e);
void resolve_free(struct resolve *r);
/* Readable when resolve_next() may have something; the same for life. */
int resolve_fd(const struct resolve *r);
/* Who is that?  False: too many are open, this id is, or telltale-lookup is away. */
bool resolve_ask(struct resolve *r, uint64_t id, struct str address);
/* May the mailbox `address` answer that sender by itself?  The answer has the text, and where his mail goes. */
bool resolve_reply(struct resolve *r, uint64_t id, struct str address, struct str sender);
/* Under which sender does mail leave that this alias sends on?  False as above. */
bool resolve_leaves(struct resolve *r, uint64_t id, struct str sender, struct str alias);

/* Where does mail for the members of that list go, for those behind this one?  The answer has them, and in `text` where
 * to go on.  False as above. */
bool resolve_list(struct resolve *r, uint64_t id, struct str list, struct str after);

struct resolve_told {
	uint64_t id;
	bool leaves; /* the answer is: */
	struct leaves_answer sender;
	struct lookup_answer answer; /* else */
};
/* Not a question: that mailbox's mail failed there for good.  Lost when telltale-lookup is away. */
void resolve_suppress(struct resolve *r, struct str mailbox, struct str address, struct str reason);
/* The next answer (all of it in `a`): true; false: none now. */
bool resolve_next(struct resolve *r, struct arena *a, struct resolve_told *out);
/* Are answers outstanding?  Then resolve_next() is to be asked once a second, for those that never come. */
bool resolve_busy(const struct resolve *r);

#endif
