/* supervise/control.h - run/telltaled.ctl: the questions of `telltale status`, `reload` and `stop`.
 *
 * For root and our own user only; anybody else finds the channel closed.
 * Nothing here waits: who sends half a question or does not read
 * his answer is dropped after some seconds, and beyond a few visitors at one time the others wait in the backlog.
 */
#ifndef SUPERVISE_CONTROL_H
#define SUPERVISE_CONTROL_H

#include <poll.h>
#include "base/ipc.h"

enum { CONTROL_VISITORS = 16 };

enum control_ask { CONTROL_NOTHING, CONTROL_STATUS, CONTROL_RELOAD, CONTROL_STOP };

struct control_visitor {
	struct ipc_conn conn;
	bool here;
	uint64_t id;      /* of its question */
	bool waits;       /* its question is being worked on */
	int64_t deadline; /* it is dropped then, unless it waits */
};

struct control {
	int listening;
	struct control_visitor at[CONTROL_VISITORS];
};

int control_open(struct control *t, const char *path, struct err *e);
void control_close(struct control *t);
size_t control_watch(const struct control *t, struct pollfd *at); /* at most 1 + CONTROL_VISITORS */
/* Take newcomers, read, write.  The next question and who asks it; to be called until there is none. */
enum control_ask control_next(struct control *t, struct control_visitor **from);
/* Answer a question, with a descriptor (or -1) that goes along; takes it. */
void control_tell(struct control_visitor *v, int status, struct str output, const char *message, int fd);
/* ms until somebody's deadline, or -1. */
int64_t control_due(const struct control *t);

#endif
