/* deliver/local.h - telltale-local: delivers what telltale-queue hands over, on one channel.
 *
 * One channel at a time: after a break all that was in work comes to rest
 * before the next hello, so that two attempts for one recipient never meet;
 * and a lock on the mail folder sees to it that there is one telltale-local.
 * It keeps no state: the journal of telltale-queue knows what was staged.
 * Beside that it tells telltale-lookup how full mailboxes are (usage_serve.h).
 */
#ifndef DELIVER_LOCAL_H
#define DELIVER_LOCAL_H

#include "base/err.h"
#include "base/str.h"

struct lmtp;

struct local_set {
	const char *socket;   /* run/queue.sock */
	const char *lookup;   /* run/lookup.sock: for quotas */
	const char *mail_dir; /* made when it is not there */
	struct str host;
	bool subaddress;   /* user+folder has a folder of its own */
	struct lmtp *lmtp; /* NULL: Maildirs are written */
	size_t workers;
	int signals;   /* a signalfd: its first signal asks us to leave */
	int64_t grace; /* ms to finish what we have after that */
};

/* Runs until asked to leave.  -1: it cannot work at all. */
int local_run(const struct local_set *set, struct err *e);

#endif
