#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"

static const char check_usage[] = "usage: telltale check [-c FILE]\n"
				  "\n"
				  "Read the configuration and say whether it is valid.  Errors are FILE:LINE: text.\n"
				  "Exit codes: 0 valid, 1 invalid or unreadable, 2 wrong usage.\n";

static int check(int argc, char **argv)
{
	struct err e = { 0 };
	struct args a;
	struct conf c;
	const char *file;

	if (!args_take(&a, argc, argv, check_usage))
		return CLI_USAGE;
	if (a.nrest > 0)
		return args_fail(CLI_USAGE, "check takes no %s", a.rest[0]);
	file = conf_find(a.config);
	if (conf_load(&c, file, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return CLI_NO;
	}
	if (c.nports == 0)
		fprintf(stderr, "%s: valid, but no listener is configured\n", file);
	else
		fprintf(stderr, "%s: valid\n", file);
	conf_clear(&c);
	return CLI_DONE;
}

const struct cli_command cli_command_check = {
	.name = "check",
	.summary = "validate the configuration",
	.usage = check_usage,
	.run = check,
};
