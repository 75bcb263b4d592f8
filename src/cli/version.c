#include <stdio.h>

#include "cli/args.h"
#include "cli/cli.h"

static const char version_usage[] = "usage: telltale version [--json]\n";

static int version(int argc, char **argv)
{
	struct args a;

	if (!args_take(&a, argc, argv, version_usage))
		return CLI_USAGE;
	if (a.nrest > 0)
		return args_fail(CLI_USAGE, "version takes no %s", a.rest[0]);
	puts(a.json ? "{\"version\":\"" TELLTALE_VERSION "\"}" : "telltale " TELLTALE_VERSION);
	return CLI_DONE;
}

const struct cli_command cli_command_version = {
	.name = "version",
	.summary = "print the version",
	.usage = version_usage,
	.run = version,
};
