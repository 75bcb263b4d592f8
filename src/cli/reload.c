#include <stdio.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/control.h"

static const char reload_usage[] =
    "usage: telltale reload [-c FILE]\n"
    "\n"
    "Make the running server read its configuration again, with dns.zone, the gate's lists, certificate and key.\n"
    "New sessions get the new settings, those that are open go on with the old ones until they end.\n"
    "A configuration that is not valid changes nothing.  Folders, accounts and users need a restart.\n"
    "Exit codes: 0 reloaded, 1 refused (the old one stays) or no server running, 2 wrong usage,\n"
    "3 reloaded, but something keeps its old settings.\n";

enum { PATIENCE = 60000 };

static int reload(int argc, char **argv)
{
	struct control_call k;
	struct err e = { 0 };
	struct args a;
	struct conf c;
	int rc;

	if (!args_take_alone(&a, argc, argv, reload_usage))
		return CLI_USAGE;
	if (conf_load(&c, conf_find(a.config), &e) < 0)
		return args_fail(CLI_NO, "the configuration was not reloaded: %s", e.text);
	rc = control_ask(&k, &c, &control_reload_type, PATIENCE);
	if (rc == 0) {
		rc = (int)k.told.status;
		fprintf(stderr, "telltale: %.*s\n", STR_ARG(k.told.message));
	}
	control_hang_up(&k);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_reload = {
	.name = "reload",
	.summary = "read the configuration again, without losing a session",
	.usage = reload_usage,
	.run = reload,
};
