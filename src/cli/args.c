#include "cli/args.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/waiting.h"
#include "index/index.h"
#include "supervise/users.h"

int args_fail(int code, const char *fmt, ...)
{
	va_list ap;

	waiting_for(NULL); /* its line ends */
	fputs("telltale: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int args_written(int rc)
{
	bool whole = fflush(stdout) == 0 && ferror(stdout) == 0;

	if (whole || rc == CLI_USAGE)
		return rc;
	args_fail(CLI_NO, "the output cannot be written");
	return rc == CLI_DONE ? CLI_NO : rc;
}

bool args_is_value(const char *word)
{
	return word != NULL && strncmp(word, "--", 2) != 0;
}

bool args_take(struct args *a, int argc, char **argv, const char *usage)
{
	bool plain = false;

	*a = (struct args){ .rest = argv };
	for (int i = 1; i < argc; i++) {
		const char *z = argv[i];

		if (!plain && (strcmp(z, "--help") == 0 || strcmp(z, "-h") == 0)) {
			fputs(usage, stdout);
			exit(args_written(CLI_DONE));
		}
		if (!plain && strcmp(z, "--json") == 0) {
			a->json = true;
		} else if (!plain && strcmp(z, "-c") == 0) {
			if (!args_is_value(argv[i + 1])) {
				args_fail(CLI_USAGE, "-c needs a file");
				return false;
			}
			a->config = argv[++i];
		} else if (!plain && strcmp(z, "--") == 0) {
			plain = true;
		} else {
			argv[a->nrest++] = argv[i];
		}
	}
	argv[a->nrest] = NULL;
	return true;
}

bool args_take_alone(struct args *a, int argc, char **argv, const char *usage)
{
	const char *command = argv[0]; /* the words that are left take its place */

	if (!args_take(a, argc, argv, usage))
		return false;
	if (a->nrest > 0)
		args_fail(CLI_USAGE, "%s takes no %s", command, a->rest[0]);
	return a->nrest == 0;
}

int args_conf(const struct args *a, struct conf *c)
{
	struct err e = { 0 };

	if (conf_load(c, conf_find(a->config), &e) < 0)
		return args_fail(CLI_USAGE, "%s", e.text);
	return 0;
}

void args_believe(const struct conf *c)
{
	struct users u;

	if (users_find(&u, c, NULL) == 0 && u.of[ROLE_SEARCH].named)
		index_believe(u.of[ROLE_SEARCH].as.uid);
}

const char *args_who(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = sudo == NULL ? getpwuid(getuid()) : NULL;

	return sudo != NULL ? sudo : pw != NULL ? pw->pw_name : "postmaster";
}
