/* deliver/sweep.h - what a command wants of the queue, done a little in each turn of the loop.
 *
 * A sweep walks over the messages by their numbers, looks at those that a pick means, and acts on them, lists them or
 * counts them.  Each step takes some milliseconds at most, so a million messages hold up nobody.  A message
 * whose number was not given out when it began is none of its: it may be a copy that the sweep itself made.
 * Everything done in a step is on disk before its answer is told; when the command goes away, what was done stays done.
 */
#ifndef DELIVER_SWEEP_H
#define DELIVER_SWEEP_H

#include "deliver/schedule.h"
#include "deliver/show.h"

struct sweep;

/* Words: the verb, '\0', what pick.h understands.  NULL: *out says why not, or has the answer at once. */
struct sweep *sweep_new(struct schedule *s, struct str words, struct shown *out);
/* May telltale-web ask that?  It lists, and it holds, releases, retries and deletes; no message comes out of here to
 * it. */
bool sweep_of_page(struct str words);
void sweep_free(struct sweep *w);
/* True when it is done: *out has the answer. */
bool sweep_step(struct sweep *w, struct shown *out);
/* Has it nothing to do until telltale-lookup has answered? */
bool sweep_waits(const struct sweep *w);
/* How far it is: messages looked at, of so many, recipients found. */
struct sweep_progress {
	uint64_t looked, of, found;
};
struct sweep_progress sweep_progress(const struct sweep *w);
/* telltale-lookup's word about an address that a sweep asked about.  False: it was none of its. */
bool sweep_answer(struct sweep *w, uint64_t id, const struct lookup_answer *answer);

#endif
