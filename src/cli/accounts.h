/* cli/accounts.h - a subcommand that works on the accounts: the running server is asked, or the file is changed. */
#ifndef CLI_ACCOUNTS_H
#define CLI_ACCOUNTS_H

/* `telltale NOUN ...`, whose words are rows of store/admin.def; the exit code. */
int accounts_run(const char *noun, const char *usage, int argc, char **argv);

#endif
