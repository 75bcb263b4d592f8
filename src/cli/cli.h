/* cli/cli.h - the command: one file per subcommand, each ending in one const struct.
 *
 * run() gets the arguments from the subcommand's own name on (argv[0] is
 * "explain") and returns the exit code of INTERFACE 2.  Data goes to stdout,
 * words for people who made a mistake to stderr.  A new subcommand is a file
 * and a line in commands.def; args.h reads the options that all of them have.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

struct cli_command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	const char *usage;   /* all that --help prints, ending in a newline */
	int (*run)(int argc, char **argv);
};

enum cli_exit {
	CLI_DONE = 0,
	CLI_NO = 1,        /* the answer is no: not found, invalid, refused */
	CLI_USAGE = 2,     /* the question or usage is wrong */
	CLI_AMBIGUOUS = 3, /* found, but ambiguous or incomplete */
	CLI_BUG = 70,
};

#define CLI_COMMAND(name) extern const struct cli_command cli_command_##name;
#include "cli/commands.def"
#undef CLI_COMMAND

/* The whole command line; returns its exit code. */
int cli_main(int argc, char **argv);

#endif
