/* cli/control.h - questions to telltaled over run/telltaled.ctl. */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/ipc.h"
#include "supervise/proto.h"

struct control_call {
	struct ipc_conn conn;
	struct arena mem;
	struct control_told told; /* the answer; its strs live in mem */
	int fd;                   /* came with it, or -1 */
};

/* Ask one of the questions of supervise/proto.def and wait so long (ms) for its answer.  0, or an exit code after a
 * message on stderr; the channel stays open until control_hang_up(), which is to be called in any case. */
int control_ask(struct control_call *k, struct conf *c, const struct ipc_type *question, int64_t patience);
void control_hang_up(struct control_call *k);

#endif
