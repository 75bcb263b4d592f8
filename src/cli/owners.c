/* telltale allow|digest: what the owner of a mailbox or a domain does himself on the page, for the administrator. */
#include "cli/accounts.h"
#include "cli/cli.h"

static const char allow_usage[] =
    "usage: telltale allow add USER@DOMAIN|DOMAIN SENDER [--sure] [-c FILE]\n"
    "       telltale allow remove USER@DOMAIN|DOMAIN SENDER\n"
    "       telltale allow list USER@DOMAIN|DOMAIN [--json]\n"
    "\n"
    "Senders whom a mailbox, or all of a domain, hears whatever the gate has against them: user@domain, or\n"
    "@domain for all of it and below.  It is the option sender-whitelist-entry of their settings.  It makes no\n"
    "mailbox exist and lets nobody relay; what scanners for viruses refuse stays refused.  The sender is the\n"
    "envelope's, which whoever forges it gets in with too.  All of a domain of ours, or of one where anybody\n"
    "gets an address, is taken with --sure only; a registry (@com, @co.uk) never; 100 senders at most.\n"
    "Changes count for the next recipient, without a reload.\n"
    "Exit codes: 0 done, 1 refused or not found, 2 wrong usage.\n";

static const char digest_usage[] =
    "usage: telltale digest on|off|show USER@DOMAIN [-c FILE]\n"
    "       telltale digest list [AFTER] [--json]\n"
    "       telltale digest note USER@DOMAIN WEEK\n"
    "\n"
    "A letter each Monday about the mail of the week before that was refused for the mailbox, and for the\n"
    "domains that its owner has (telltale domain owner): who wrote, how often, and why it was refused.  Weeks\n"
    "without refusals bring none; up to four that were missed while the server was down come in one.\n"
    "list: who gets it, and up to which week he has; a hundred at a time, those behind AFTER.  note: he has been\n"
    "told of all weeks up to that one.  It is the option digest=weekly of telltale account set.\n"
    "Exit codes: 0 done, 1 refused or not found, 2 wrong usage.\n";

static int allow(int argc, char **argv)
{
	return accounts_run("allow", allow_usage, argc, argv);
}

static int digest(int argc, char **argv)
{
	return accounts_run("digest", digest_usage, argc, argv);
}

const struct cli_command cli_command_allow = {
	.name = "allow",
	.summary = "senders whom a mailbox or a domain hears whatever the gate has against them",
	.usage = allow_usage,
	.run = allow,
};

const struct cli_command cli_command_digest = {
	.name = "digest",
	.summary = "a weekly letter about what was refused for a mailbox: on, off, list",
	.usage = digest_usage,
	.run = digest,
};
