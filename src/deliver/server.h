/* deliver/server.h - telltale-queue's loop: its clients, the depot, the schedule, one thread.
 *
 * A turn: take all that is ready, do it, sync the journal once, then tell.
 * What a client is told may depend on the journal, so nothing is flushed to
 * telltale-local or the command before the sync of its turn has returned; a sync
 * that fails for good ends the program, and recovery decides.
 */
#ifndef DELIVER_SERVER_H
#define DELIVER_SERVER_H

#include "deliver/recovered.h"
#include "deliver/resolve.h"
#include "deliver/settings.h"

struct server_set {
	struct depot *depot;
	struct dlog *log;
	struct schedule *schedule;
	struct settings *settings;
	struct resolve *resolve; /* asked by the schedule */
	struct recovered *recovered;
	int service, control; /* listening sockets; control may be -1 */
	int signals;          /* a signalfd: its first signal asks us to leave */
	int64_t grace;        /* ms for what is under way after that */
};

/* Runs until asked to leave: 0; -1 when the disk makes going on wrong. */
int server_run(const struct server_set *set, struct err *e);

#endif
