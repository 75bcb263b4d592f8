/* deliver/settings.h - another configuration while telltale-queue goes on (queue_settings).
 *
 * In force at once: lifetime, first-retry, delay-notice, local-concurrency, remote-concurrency,
 * destination-concurrency, relay { enabled, host, rate }, all routes, hostname, contact,
 * the logs' time, the size of new segments.  Paths need a restart.
 */
#ifndef DELIVER_SETTINGS_H
#define DELIVER_SETTINGS_H

#include "base/conf.h"
#include "deliver/schedule.h"

struct settings {
	struct conf *conf; /* the one in force; replaced */
	struct schedule *schedule;
	struct depot *depot;
};

/* Read a configuration from the descriptor.  0: all of it is in force; 1: all but what *why
 * names; -1: nothing, and *why says what is wrong with it. */
int settings_take(struct settings *s, int fd, struct buf *why);
/* What of a configuration takes part in the schedule. */
struct schedule_set settings_schedule(const struct conf *c);

#endif
