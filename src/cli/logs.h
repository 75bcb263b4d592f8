/* cli/logs.h - the parts of `telltale logs`. */
#ifndef CLI_LOGS_H
#define CLI_LOGS_H

#include "cli/args.h"
#include "logs/rotate.h"

extern const char logs_rotate_usage[], logs_forget_usage[];

/* words[0..n): what stands behind the subcommand's name. */
int logs_rotate(const struct args *a, char **words, size_t n);
int logs_forget(const struct args *a, char **words, size_t n);

/* For people, that a log's last lines must age before it is packed: a sentence, on a terminal the seconds too. */
struct logs_wait {
	bool said;
};
void logs_tell_wait(struct logs_wait *w, const struct rotate_news *n);

#endif
