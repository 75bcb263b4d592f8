/* deliver/remote.h - telltale-remote: brings messages to other servers, many at one time, each by a fiber of its own.
 *
 * One channel to telltale-queue.  When it breaks, every try that is under way ends at once and unheard: telltale-queue
 * counts it as a deferral, so that a recipient may get what was just being sent twice, and never nothing.
 * It keeps no state but connections that wait some seconds for another message (remote_try.h).
 */
#ifndef DELIVER_REMOTE_H
#define DELIVER_REMOTE_H

#include "deliver/remote_try.h"

struct remote_set {
	const char *socket; /* run/queue.sock */
	struct remote_world *world;
	struct ipc_client *signer; /* who signs what is our own; NULL: nobody */
	int signals;               /* a signalfd: SIGHUP asks us to finish what we have, SIGTERM to do so soon */
	int64_t drain, grace;      /* ms to finish what we have after these */
};

/* Runs, as the first fiber of its thread, until asked to leave. */
void remote_run(const struct remote_set *set);

#endif
