/* deliver/pipe.h - telltale-pipe: gives messages to the programs that the administrator named (program { }).
 *
 * One channel to telltale-queue, one thread, a few programs at a time (pipe_run.h), each row as many as it says.  A
 * channel that breaks ends what runs: telltale-queue has it tried again, and two for one message would be one too many.
 * What a program leaves behind when it ends is ended too, also what left its session.
 */
#ifndef DELIVER_PIPE_H
#define DELIVER_PIPE_H

#include "base/conf.h"
#include "base/err.h"

struct pipe_set {
	const struct conf *conf;
	const char *socket; /* run/queue.sock */
	int signals;        /* a signalfd: SIGTERM gives `grace` ms to what runs, SIGHUP `drain` */
	int64_t grace, drain;
	int around;  /* of sandbox_around() */
	bool as_one; /* we are a user of our own */
};

/* Runs until asked to leave. */
int pipe_serve(const struct pipe_set *set, struct err *e);

#endif
