/* telltale gate: what concerns the gate and is no configuration. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/import_graylist.h"

static const char usage[] =
    "usage: telltale gate import --graylist DIR [--json] [-c FILE]\n"
    "\n"
    "Bring the folders of a spamdyke's graylist-dir into the graylist: who was let through there is let through\n"
    "here, at once.  It may be repeated; what is known here already is kept.\n"
    "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 some of it could not be read.\n";

static int run(int argc, char **argv)
{
	struct args a;
	struct conf c;
	int code;

	if (!args_take(&a, argc, argv, usage))
		return CLI_USAGE;
	if (a.nrest != 3 || strcmp(a.rest[0], "import") != 0 || strcmp(a.rest[1], "--graylist") != 0) {
		fputs(usage, stderr);
		return CLI_USAGE;
	}
	code = args_conf(&a, &c);
	if (code != 0)
		return code;
	code = import_graylist(&c, a.rest[2], a.json);
	conf_clear(&c);
	return code;
}

const struct cli_command cli_command_gate = {
	.name = "gate",
	.summary = "bring a spamdyke's graylist here",
	.usage = usage,
	.run = run,
};
