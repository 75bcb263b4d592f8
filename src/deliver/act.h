/* deliver/act.h - what the postmaster does to the queue: hold, release, retry, delete, export.
 *
 * Words: `hold|release|delete|export QP[/RECIPIENT]`, `retry [QP[/RECIPIENT]]` (all that wait).
 * What was done is on disk before the answer goes out, as for every client.
 */
#ifndef DELIVER_ACT_H
#define DELIVER_ACT_H

#include "deliver/schedule.h"
#include "deliver/show.h"

/* False: these are not words of ours (show_answer() may know them). */
bool act_answer(struct schedule *s, struct str words, struct shown *out);

#endif
