/* supervise/crew.h - the programs: started, watched, started again, replaced.
 *
 * A program that ends by itself is started again after a pause that begins at
 * 50 ms and doubles up to 10 s; one that was healthy for a second has earned a
 * pause of 50 ms again.  Only before all were ready does a status of 78
 * (EX_CONFIG) end the start instead: trying again would not mend a configuration.
 *
 * A new generation works beside the old one: crew_next() names it, crew_try()
 * starts its programs in two steps, those who answer before those who ask; when
 * all are ready crew_commit() sends the old ones SIGHUP (finish what you have, take
 * nobody new) and from then on they are not started again; crew_give_up() does
 * that to the new ones.  telltale-local, alone on the mail folder, is
 * exchanged at the commit; telltale-queue stays.
 *
 * At the end they are asked to stop in waves, so that
 * whoever still has something to hand over finds its taker alive: first the
 * sessions, then the queue, then the deliverer, last those who only answer.
 * From then on nobody is started again, and the sockets of whoever has ended are
 * closed: who calls him learns it at once.
 */
#ifndef SUPERVISE_CREW_H
#define SUPERVISE_CREW_H

#include <poll.h>
#include "base/conf.h"
#include "base/err.h"
#include "base/json.h"
#include "supervise/generation.h"
#include "supervise/users.h"

struct crew;

/* What every program gets besides what its generation has; all stays the caller's. */
struct crew_set {
	const struct house *house;
	const struct users *users;
	int log, census, sessions;
	int census_read; /* the same memory, for telltale-web, which only looks */
};

struct crew *crew_new(const struct crew_set *set);
void crew_free(struct crew *k); /* frees its generations too */

/* The generation at work; the crew owns it.  The first one is started by the first crew_tick(). */
void crew_begin(struct crew *k, struct generation *first);
struct generation *crew_now(struct crew *k);

/* Start whoever is due, stop whoever is too slow to go; ms until it must be called again, or -1. */
int64_t crew_tick(struct crew *k);
/* After every event: hear who is ready, collect those that ended.  False: one cannot start with the first
 * configuration and has said why. */
bool crew_reap(struct crew *k);
/* All programs of the generation at work have once said that they can work; it stays true. */
bool crew_opened(struct crew *k);

enum crew_kind {
	CREW_ALL,
	CREW_SESSIONS
}; /* of a reload: CREW_SESSIONS exchanges telltale-smtpd and telltale-web, who show certificates */
enum crew_trial { CREW_WAIT, CREW_GOOD, CREW_FAILED };
/* Begin with a next generation; -1 when there is no room beside the old ones: then it is still the caller's. */
int crew_next(struct crew *k, struct generation *next, enum crew_kind kind, struct err *e);
/* How it goes with them; to be asked after every event.  CREW_FAILED: *e says who and why. */
enum crew_trial crew_try(struct crew *k, struct err *e);
void crew_commit(struct crew *k);
void crew_give_up(struct crew *k);
/* May one of those that were asked to go still take a client? */
bool crew_takes_still(struct crew *k);

/* The descriptors that become readable when another program is ready: at most `most` of them. */
size_t crew_watch(struct crew *k, struct pollfd *at, size_t most);
/* An array of the programs: program, worker, generation, pid, state, since, restarts. */
void crew_put(struct crew *k, struct json *j);

/* Ask everybody to stop, wave by wave; whoever takes longer than his deadline is killed.  Blocks; 0 when nobody was. */
int crew_stop(struct crew *k);

#endif
