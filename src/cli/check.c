#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "deliver/lmtp.h"
#include "deliver/remote_settings.h"
#include "dns/zone.h"
#include "gate/rules.h"
#include "session/consult.h"
#include "sign/sign.h"
#include "supervise/users.h"
#include "web/check.h"

static const char check_usage[] =
    "usage: telltale check [-c FILE]\n"
    "\n"
    "Read the configuration, its dns.zone, the files of the gate's lists and config-dir, and say whether\n"
    "they are valid.\n"
    "Errors are FILE:LINE: text.\n"
    "Exit codes: 0 valid, 1 invalid or unreadable, 2 wrong usage.\n";

/* A zone file may still be missing when the configuration is checked; what stands in one must be right. */
static int check_zone(struct conf *c, struct err *e, bool *missing)
{
	const char *zone = c->dns.zone.n > 0 ? conf_z(c->dns.zone) : NULL;

	*missing = zone != NULL && access(zone, F_OK) < 0 && errno == ENOENT;
	return zone == NULL || *missing ? 0 : zone_check_file(zone, e);
}

static int check(int argc, char **argv)
{
	struct err e = { 0 };
	struct args a;
	struct conf c = { 0 };
	const char *file;
	struct lmtp lmtp;
	bool missing = false;

	if (!args_take_alone(&a, argc, argv, check_usage))
		return CLI_USAGE;
	file = conf_find(a.config);
	if (conf_load(&c, file, &e) < 0 || check_zone(&c, &e, &missing) < 0 || policy_check(&c, &e) < 0 ||
	    consult_check(&c, &e) < 0 || remote_settings_check(&c, &e) < 0 || lmtp_read(&lmtp, &c, &e) < 0 ||
	    sign_check(&c, &e) < 0 || rules_check(&c, &e) < 0 || web_check(&c, &e) < 0 || users_check(&c, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		conf_clear(&c);
		return CLI_NO;
	}
	if (missing)
		fprintf(stderr, "%s: valid, but there is no %s\n", file, conf_z(c.dns.zone));
	else if (c.nports == 0)
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
