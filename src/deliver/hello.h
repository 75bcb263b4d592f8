/* deliver/hello.h - who a client of telltale-queue is: the first thing that he says. */
#ifndef DELIVER_HELLO_H
#define DELIVER_HELLO_H

#include "queue/spool.h"

/* The letter of the role that his first frame claims (queue_hello), if it is his user's; 0: *e says why he is
 * nobody. */
char hello_role(int fd, const struct ipc_frame *f, struct err *e);

#endif
