/* deliver/quota.h - may one more message come into this mailbox?
 *
 * telltale-lookup knows how much a mailbox may hold, usage.h how much it holds; both
 * answers are kept for seconds, and what we let in meanwhile is added.  What
 * cannot be known refuses nobody: a mailbox that is a little too full until the
 * accounts answer again harms nobody, mail that comes late does.  For all threads.
 */
#ifndef DELIVER_QUOTA_H
#define DELIVER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/ipc.h"
#include "base/str.h"

struct quota;

/* Whom to ask: run/lookup.sock. */
struct quota *quota_new(const char *socket);
void quota_free(struct quota *q); /* nobody asks any more */

/* Room for so many bytes is asked for; what the mailbox may hold (0: no limit) and holds, with them, is the answer. */
struct room {
	uint64_t size, limit, used;
};

/* Has user@domain no such room?  When it has, they count as there. */
bool quota_full(struct quota *q, int root, struct str address, struct room *r);

/* How much does it hold?  -1: no such mailbox, or it cannot be measured. */
int quota_usage(struct quota *q, int root, struct str address, uint64_t *bytes);

#endif
