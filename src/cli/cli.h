/* cli/cli.h - the command: one file per subcommand, each ending in one const struct.
 *
 * run() gets the arguments from the subcommand's own name on (argv[0] is
 * "explain") and returns the exit code of INTERFACE 2.  Data goes to stdout,
 * words for people who made a mistake to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

struct cli_command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	const char *usage; /* all that --help prints, ending in a newline */
	int (*run)(int argc, char **argv);
};

enum cli_exit {
	CLI_DONE = 0,
	CLI_NO = 1, /* the answer is no: not found, invalid, refused */
	CLI_USAGE = 2, /* the question or usage is wrong */
	CLI_AMBIGUOUS = 3, /* found, but ambiguous or incomplete */
	CLI_BUG = 70,
};

extern const struct cli_command cli_command_explain;

/* One line per subcommand, in alphabetical order. */
int cli_explain(int argc, char **argv);

#endif
