/* deliver/show.h - what the queue holds, as JSON, for the command and the page.
 *
 * Words: `list [AFTER]` (messages with a number above AFTER, in order, as many
 * as fit: then "more" is true) and `show QP[/RECIPIENT]`.
 */
#ifndef DELIVER_SHOW_H
#define DELIVER_SHOW_H

#include "queue/depot.h"

struct shown {
	int status;         /* exit code for the command */
	struct buf output;  /* JSON, or empty */
	struct buf message; /* a sentence for people, or empty */
	int fd;             /* goes with the answer, or -1 */
};

void shown_clear(struct shown *a);
/* words: '\0' between them. */
void show_answer(struct depot *d, struct str words, struct shown *out);

#endif
