/* queue/space.h - is there room on the spool's disk?
 *
 * Delivery, the journal and the logs must always be able to go on: a part of
 * the disk stays free of new mail.  Both sides ask here: telltale-queue before
 * it gives or makes a segment, telltale-smtpd before it says 250 to MAIL, with
 * enough more that no message which was let in finds the other's door shut.
 */
#ifndef QUEUE_SPACE_H
#define QUEUE_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* Of a large disk; of a small one an eighth. */
#define SPACE_RESERVE ((uint64_t)64 * 1024 * 1024)
#define SPACE_INODES 1000

/* fd: anything on that disk.  Room for `size` bytes and a few files beyond the reserve?  Else *e says what is short. */
bool space_left(int fd, uint64_t size, struct err *e);

#endif
