#include <stdio.h>

#include "cli/args.h"
#include "cli/cli.h"

static const char version_usage[] = "usage: telltale version [--json]\n";

static int version(int argc, char **argv)
{
	struct args a;

	if (!args_take_alone(&a, argc, argv, version_usage))
		return CLI_USAGE;
	puts(a.json ? "{\"version\":\"" TELLTALE_VERSION "\"}" : "telltale " TELLTALE_VERSION);
	return CLI_DONE;
}

const struct cli_command cli_command_version = {
	.name = "version",
	.summary = "print the version",
	.usage = version_usage,
	.run = version,
};
