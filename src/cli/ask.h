/* cli/ask.h - a question over logs, as trace and stats take it from the command line. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/args.h"
#include "trace/answer.h"

struct ask {
	const char *command; /* whose mistakes are told */
	struct trace_ask trace;
	struct buf words;
	const char **paths;
	int npaths;
	size_t unpack;
	const char *index; /* its folder; NULL: none */
	bool no_index;
	struct buf log_dir, index_dir; /* of the configuration */
};

#define ASK_USAGE \
	"  --logs PATH...     files or folders (not those inside them; default: the configuration's log-dir);\n" \
	"                     plain, .gz, .zst and .xz; may be rotated meanwhile, copies are read once; logs\n" \
	"                     of Postfix, qmail-send and Exim too, of several hosts at a time\n" \
	"  --tz ZONE          show times, and count days, in this zone (Europe/Sofia, UTC, +02:00)\n" \
	"  --domain D         only messages of that domain's mailboxes; other addresses are masked, in the\n" \
	"                     question too: one who asks learns no more than one who reads\n" \
	"  --mailbox A        the same for one mailbox\n"
#define ASK_USAGE_UNPACK \
	"  --unpack-limit SIZE   unpack at most so much of compressed files (default 2G); a reached\n" \
	"                     limit is said\n"

#define ASK_USAGE_INDEX \
	"  --index DIR        the index of these logs (telltale index), for the same answer sooner; the\n" \
	"                     configuration's logs have theirs in the data folder\n" \
	"  --no-index         read the logs\n"

void ask_init(struct ask *k, const char *command, const struct args *a);
void ask_clear(struct ask *k);

/* The option at *i with its values: 0, or an exit code after a message.  ASK_NOT_MINE: another one. */
enum { ASK_NOT_MINE = -1 };
int ask_option(struct ask *k, const struct args *a, int *i);
bool ask_is_option(const char *z);
/* The value of an option, or NULL after a message. */
char *ask_value(const struct ask *k, const struct args *a, int *i);
int ask_number(const struct ask *k, const char *name, const char *z, size_t *out);
/* A word of the question. */
void ask_word(struct ask *k, const char *z);
/* Make the answer, from the index if it stands for the logs that were named or are configured, else from these.  An
 * index that turns out to be damaged has its answer thrown away, and it is made again.  make() adds to out, and gives
 * an exit code. */
int ask_answer(struct ask *k, const struct args *a, int (*make)(void *with, const struct trace_ask *t, struct buf *out),
	       void *with, struct buf *out);

#endif
