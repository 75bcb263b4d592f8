/* lookup/suppressed.h - does a mailbox's mail go to this address, or did it fail there for good before?
 *
 * By option of the mailbox or its domain (suppress=on).  What cannot be known now suppresses nothing.
 */
#ifndef LOOKUP_SUPPRESSED_H
#define LOOKUP_SUPPRESSED_H

#include "lookup/lookup.h"

struct suppressed {
	int64_t since, until; /* ms since 1970; until 0: no end */
	struct str reason;    /* printable ASCII */
};

/* True with *out (its reason in `a`) when it is on the list of that mailbox. */
bool lookup_suppressed(struct ipc_client *c, struct str mailbox, struct str address, struct arena *a,
		       struct suppressed *out, int64_t deadline);

#endif
