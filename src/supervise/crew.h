/* supervise/crew.h - the programs: started, watched, started again.
 *
 * A program that ends by itself is started again after a pause that begins at
 * 50 ms and doubles up to 10 s; one that was healthy for a second has earned a
 * pause of 50 ms again.  Only before all were ready does a status of 78
 * (EX_CONFIG) end the start instead: trying again would not mend a configuration.
 * At the end they are asked to stop in waves, so that
 * whoever still has something to hand over finds its taker alive: first the
 * sessions, then the queue, then the deliverer, last those who only answer.
 */
#ifndef SUPERVISE_CREW_H
#define SUPERVISE_CREW_H

#include "base/conf.h"
#include "base/err.h"
#include "supervise/sockets.h"

struct crew;

/* What every program gets besides its sockets; the descriptors stay ours. */
struct crew_share {
	int conf, log, census;
	int certificate, key; /* -1: none */
};

struct crew *crew_new(const struct conf *c, const struct sockets *s, struct crew_share share);
void crew_free(struct crew *k);
/* Start whoever is due; returns ms until the next one is, or -1. */
int64_t crew_start_due(struct crew *k);
/* Collect those that ended (after SIGCHLD).  False: one cannot start with this configuration and has said why. */
bool crew_reap(struct crew *k);
/* Once true, it stays true: every program has said that it can work. */
bool crew_ready(struct crew *k);
/* The descriptor that becomes readable when another program is ready. */
int crew_ready_fd(const struct crew *k);
/* Ask everybody to stop, wave by wave; whoever takes longer than his deadline is killed.  Blocks; 0 when nobody was. */
int crew_stop(struct crew *k);

#endif
