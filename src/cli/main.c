#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/args.h"
#include "cli/cli.h"

static const struct cli_command *const commands[] = {
#define CLI_COMMAND(name) &cli_command_##name,
#include "cli/commands.def"
#undef CLI_COMMAND
};

static void usage(FILE *to)
{
	fputs("usage: telltale COMMAND [-c FILE] [--json] ...\n\n", to);
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`telltale COMMAND --help` explains one of them.  The configuration is -c FILE, else\n"
	      "$TELLTALE_CONFIG, else ./var/telltale.conf, else /etc/telltale/telltale.conf.\n",
	      to);
}

int cli_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		usage(stdout);
		return args_written(CLI_DONE);
	}
	if (strcmp(name, "--version") == 0)
		name = "version";
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(name, commands[i]->name) == 0)
			return args_written(commands[i]->run(argc - 1, argv + 1));
	if (argc > 1)
		fprintf(stderr, "telltale: there is no command %s\n\n", name);
	usage(stderr);
	return CLI_USAGE;
}
