/* telltale gate: what concerns the gate and is no configuration. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/gate_import.h"
#include "cli/gate_try.h"
#include "cli/replay.h"
#include "cli/import_graylist.h"

static const char usage[] =
    "usage: telltale gate import SPAMDYKE.CONF [--config-dir DIR]...\n"
    "       telltale gate import --graylist DIR [--json] [-c FILE]\n"
    "       telltale gate try --ip IP --from ADDRESS --to ADDRESS ...    (see telltale gate try --help)\n"
    "       telltale gate replay --config NEW ...                       (see telltale gate replay --help)\n"
    "\n"
    "Print a configuration of spamdyke (3.x to 5.0.1) as our gate { }, with a comment for each thing that could\n"
    "not be taken over and what takes its place.  The files that it names are tried too.\n"
    "With --graylist: bring the folders of a spamdyke's graylist-dir into the graylist: who was let through there\n"
    "is let through here, at once.  It may be repeated; what is known here already is kept.\n"
    "Exit codes: 0 done, 1 refused, or something is to be looked at by hand, 2 wrong usage, 3 some of it could not\n"
    "be read.\n";

/* The words behind `import`: a file, and --config-dir DIR before or behind it. */
static int import(char **words, size_t n)
{
	const char *file = NULL;
	size_t ndirs = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], "--config-dir") == 0 && i + 1 < n)
			words[ndirs++] = words[++i];
		else if (file == NULL && words[i][0] != '-')
			file = words[i];
		else
			return args_fail(CLI_USAGE, "gate import takes no %s", words[i]);
	}
	if (file == NULL)
		return args_fail(CLI_USAGE, "gate import takes a file of spamdyke's, or --graylist and a folder");
	return gate_import(file, words, ndirs);
}

static int graylist(const struct args *a, const char *dir)
{
	struct conf c;
	int code = args_conf(a, &c);

	if (code != 0)
		return code;
	code = import_graylist(&c, dir, a->json);
	conf_clear(&c);
	return code;
}

static const char *usage_of(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	return strcmp(word, "try") == 0 ? gate_try_usage : strcmp(word, "replay") == 0 ? gate_replay_usage : usage;
}

static int run(int argc, char **argv)
{
	struct args a;

	if (!args_take(&a, argc, argv, usage_of(argc, argv)))
		return CLI_USAGE;
	if (a.nrest >= 1 && strcmp(a.rest[0], "try") == 0)
		return gate_try(&a, a.rest + 1, (size_t)a.nrest - 1);
	if (a.nrest >= 1 && strcmp(a.rest[0], "replay") == 0)
		return gate_replay(&a, a.rest + 1, (size_t)a.nrest - 1);
	if (a.nrest < 1 || strcmp(a.rest[0], "import") != 0) {
		fputs(usage, stderr);
		return CLI_USAGE;
	}
	if (a.nrest == 3 && strcmp(a.rest[1], "--graylist") == 0)
		return graylist(&a, a.rest[2]);
	return import(a.rest + 1, (size_t)a.nrest - 1);
}

const struct cli_command cli_command_gate = {
	.name = "gate",
	.summary = "ask the gate without sending mail, or what if; take over a spamdyke's configuration or graylist",
	.usage = usage,
	.run = run,
};
