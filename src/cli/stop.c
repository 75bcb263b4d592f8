#include <stdio.h>

#include "base/clock.h"
#include "base/io.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/control.h"

static const char stop_usage[] =
    "usage: telltale stop [-c FILE]\n"
    "\n"
    "Stop the running server and wait until it has ended: sessions are told to come again, the queue is kept.\n"
    "Exit codes: 0 stopped, 1 no server running or it does not end, 2 wrong usage.\n";

enum { ANSWER_TIME = 10000, END_TIME = 90000 };

/* telltaled closes the channel when all is over. */
static int wait_for_end(struct control_call *k)
{
	int64_t deadline = deadline_in(END_TIME);
	struct ipc_frame f = { .fd = -1 };
	struct err e;

	(void)ipc_recv(&k->conn, &f, deadline, &e);
	fd_clear(&f.fd);
	if (clock_mono() >= deadline)
		return args_fail(CLI_NO, "the server has not ended within %d s", END_TIME / 1000);
	fprintf(stderr, "telltale: the server has stopped\n");
	return CLI_DONE;
}

static int stop(int argc, char **argv)
{
	struct control_call k;
	struct args a;
	struct conf c;
	int rc;

	if (!args_take_alone(&a, argc, argv, stop_usage))
		return CLI_USAGE;
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	rc = control_ask(&k, &c, &control_stop_type, ANSWER_TIME);
	if (rc == 0)
		rc = wait_for_end(&k);
	control_hang_up(&k);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_stop = {
	.name = "stop",
	.summary = "stop the running server and wait for its end",
	.usage = stop_usage,
	.run = stop,
};
