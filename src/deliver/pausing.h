/* deliver/pausing.h - destinations to which nothing is begun for a while, by the postmaster's word.
 *
 * A destination is a recipient's domain, or all, local, remote.  What is under way goes on.  Who is due meanwhile
 * waits: that is no attempt and no failure.  His lifetime goes on, but nobody is given up without an attempt: one whose
 * lifetime ends in a pause has his last try after it.
 */
#ifndef DELIVER_PAUSING_H
#define DELIVER_PAUSING_H

#include "deliver/pick.h"
#include "deliver/schedule.h"
#include "deliver/show.h"

/* `pause D`, `paused`.  *out has the answer. */
void pausing_begin(struct schedule *s, const struct pick *p, struct shown *out);
void pausing_list(struct schedule *s, struct shown *out);
/* `resume D`: it is not paused any more, and p means those that waited for that.  False: *out says why not. */
bool pausing_end(struct schedule *s, struct pick *p, struct shown *out);

#endif
