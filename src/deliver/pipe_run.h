/* deliver/pipe_run.h - one message through one program.
 *
 * The program gets the message on its standard input (LF line ends, Return-Path and Delivered-To in front, as in a
 * mailbox), an environment of a few names (doc/LOCAL.md) and nothing else of ours: no descriptor, no way into our
 * folders (sandbox_around), no new privileges.  It has a session of its own, by which our sockets know it for a
 * stranger; where it has not a user of its own, it reaches no Unix socket at all (sandbox_no_unix).  When it ends, or
 * its time is over, all of that session ends with it.  What it says is kept up to RUN_SAID_MOST bytes; what its status
 * means is qmail-command's.
 */
#ifndef DELIVER_PIPE_RUN_H
#define DELIVER_PIPE_RUN_H

#include <sys/types.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "mail/outcome.h"

enum { RUN_SAID_MOST = 1000 };

struct run_ask {
	const struct conf_runner *row;
	int fd; /* the message: `size` bytes from `offset`, CRLF line ends */
	uint64_t offset, size, qp;
	struct str sender, rcpt;
	int around;  /* of sandbox_around() */
	bool as_one; /* the programs have a user of their own: he may not have many processes, but Unix sockets */
};

struct run {
	pid_t pid;
	int end, out; /* a pidfd, and what it says */
	struct buf said;
	int64_t deadline, kill_at; /* monotonic ms */
	bool late;
};

/* Start it.  0; 1: it is not to be started, and *out says why; -1 with *e. */
int run_start(struct run *r, const struct run_ask *ask, struct arena *mem, struct outcome *out, struct err *e);
/* It said something. */
void run_hear(struct run *r);
/* Its time may be over; ms until the next look. */
int64_t run_tick(struct run *r, int64_t now);
/* It ended (r->end is readable): what that means, and nothing of it is left. */
void run_end(struct run *r, const struct conf_runner *row, struct arena *mem, struct outcome *out);
/* End it, whatever it does. */
void run_kill(struct run *r);

/* What a status of waitpid() means, with what the program said. */
struct outcome run_outcome(int status, struct str name, struct str said, struct arena *mem);

#endif
