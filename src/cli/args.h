/* cli/args.h - the options that every subcommand has, read one way. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include "base/conf.h"
#include "base/err.h"

struct args {
	const char *config; /* of -c, or NULL */
	bool json;
	char **rest; /* the words that are no common option, in order; NULL-ended */
	int nrest;
};

/* Take -c FILE and --json out of argv[1..]; `--help` and `-h` print the usage
 * text on stdout and exit with 0.  What follows `--` is left alone.  False
 * after a message on stderr when an option lacks its value. */
bool args_take(struct args *a, int argc, char **argv, const char *usage);

/* The same for a command that takes nothing else. */
bool args_take_alone(struct args *a, int argc, char **argv, const char *usage);

/* The exit code of a command that has said all on stdout: another one, with a message, if that could not be written.
 * Of wrong usage there is no answer to be cut. */
int args_written(int rc);

/* May that word (NULL: there is none) be the value of the option before it?  Not one that begins with "--". */
bool args_is_value(const char *word);

/* Load the configuration the way INTERFACE 2 finds it; 0, or an exit code after a message on stderr. */
int args_conf(const struct args *a, struct conf *c);

/* Root believes the index that telltaled makes as the user of telltale-search (index_believe). */
void args_believe(const struct conf *c);

/* "telltale NAME: sentence" on stderr, for people; returns the code. */
int args_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Who types this, for lists and logs: root by sudo is somebody. */
const char *args_who(void);

#endif
