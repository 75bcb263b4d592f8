/* deliver/usage_serve.h - answers telltale-lookup's question how full a mailbox is.
 *
 * A thread of its own with a connection of its own to run/lookup.sock, so that a
 * mailbox that takes long to count delays no delivery, only other questions.
 * After a break it connects again.  A connection is also renewed from time to
 * time, since an old telltale-lookup that is being replaced keeps those it has:
 * so its successor has one soon, and the old one can end.
 */
#ifndef DELIVER_USAGE_SERVE_H
#define DELIVER_USAGE_SERVE_H

#include "base/err.h"
#include "deliver/maildir.h"

struct usage_serve {
	const char *socket;
	const struct maildir *m; /* root and quota are there */
	int64_t renew;           /* ms; 0: the usual 15 s */
};

/* s->m must outlive the process: the thread never ends. */
int usage_serve_start(const struct usage_serve *s, struct err *e);

#endif
