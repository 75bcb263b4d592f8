#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/house.h"
#include "supervise/supervise.h"

static const char serve_usage[] = "usage: telltale serve [-c FILE]\n"
				  "\n"
				  "Run the whole server in the foreground.  Prints `ready` on stderr when every\n"
				  "listener answers.  Ctrl-C or SIGTERM stops it: sessions end, the queue is kept.\n";

static int serve(int argc, char **argv)
{
	struct err e = { 0 };
	struct args a;
	struct conf c;
	int rc;

	if (!args_take_alone(&a, argc, argv, serve_usage))
		return CLI_USAGE;
	umask(077);
	if (args_conf(&a, &c) != 0)
		return CLI_NO;
	rc = supervise(&c, &house, &e);
	if (rc < 0)
		args_fail(CLI_NO, "%s", e.text);
	conf_clear(&c);
	return rc < 0 ? CLI_NO : CLI_DONE;
}

const struct cli_command cli_command_serve = {
	.name = "serve",
	.summary = "run the server in the foreground",
	.usage = serve_usage,
	.run = serve,
};
