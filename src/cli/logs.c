#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/logs.h"

static const char usage[] =
    "usage: telltale logs rotate [--keep AGE] [--json] [-c FILE]\n"
    "       telltale logs forget ADDRESS [--dry-run] [--json] [-c FILE]\n"
    "\n"
    "Make archives of the logs now; erase an address from all of them.  Each says more with --help.\n";

static const struct {
	const char *name, *usage;
	int (*run)(const struct args *a, char **words, size_t n);
} parts[] = {
	{ "rotate", logs_rotate_usage, logs_rotate },
	{ "forget", logs_forget_usage, logs_forget },
};

void logs_tell_wait(struct logs_wait *w, const struct rotate_news *n)
{
	bool tty = isatty(STDERR_FILENO) == 1;
	int seconds = (int)((n->left + 999) / 1000);

	if (!w->said)
		fprintf(stderr, "telltale: %s is packed when its last line is 70 s old: %d s yet\n", n->name, seconds);
	else if (tty)
		fprintf(stderr, n->left > 0 ? "\r\033[K%d s" : "\r\033[K", seconds);
	w->said = n->left > 0;
	fflush(stderr);
}

static int run(int argc, char **argv)
{
	size_t part = 0;
	struct args a;

	while (part < COUNT(parts) && (argc < 2 || strcmp(argv[1], parts[part].name) != 0))
		part++;
	if (!args_take(&a, argc, argv, part < COUNT(parts) ? parts[part].usage : usage))
		return CLI_USAGE;
	if (part < COUNT(parts))
		return parts[part].run(&a, a.rest + 1, (size_t)a.nrest - 1);
	fputs(usage, stderr);
	return CLI_USAGE;
}

const struct cli_command cli_command_logs = {
	.name = "logs",
	.summary = "make archives of the logs now; erase an address from them",
	.usage = usage,
	.run = run,
};
