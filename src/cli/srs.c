/* telltale srs: the secrets behind the senders of forwarded mail. */
#include "cli/accounts.h"
#include "cli/cli.h"

static const char usage[] =
    "usage: telltale srs list [--json] [-c FILE]\n"
    "       telltale srs rotate\n"
    "       telltale srs show ADDRESS [--json]\n"
    "\n"
    "Mail that an alias sends on to another server leaves under an address of ours that stands for its sender\n"
    "(SRS0=HASH=DAY=DOMAIN=NAME@OURS), so that SPF passes there and bounces come back through us.  The hash is made\n"
    "with a secret: the first one is made by the first such mail, a new one every thirty days, or now by rotate.\n"
    "What the former ones signed stays good for 21 days; list shows them, never the secrets themselves.  show tells\n"
    "whom an address stands for, and until when.\n"
    "Exit codes: 0 done, 1 the address is forged, expired or not such a one, 2 wrong usage.\n";

static int run(int argc, char **argv)
{
	return accounts_run("srs", usage, argc, argv);
}

const struct cli_command cli_command_srs = {
	.name = "srs",
	.summary = "the senders that forwarded mail leaves under: list and rotate their secrets, read an address",
	.usage = usage,
	.run = run,
};
