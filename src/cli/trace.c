#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "cli/trace_follow.h"

static const char trace_usage[] =
    "usage: telltale trace QUESTION [--logs PATH...] [--tz ZONE] [--domain D] [--mailbox A]\n"
    "                      [--limit N] [--unreadable] [--unpack-limit SIZE] [--index DIR | --no-index]\n"
    "                      [--json] [-c FILE]\n"
    "       telltale trace --unreadable [--logs PATH...]\n"
    "       telltale trace --follow [QUESTION] [--since DURATION] [--limit N] [options]\n"
    "\n"
    "What happened to my mail?  A question is words, filters, or both:\n"
    "  telltale trace what happened to the mail from a@x.example to b@y.example on tuesday\n"
    "  telltale trace from:'*@x.example' to:b@y.example after:2021-03-09\n"
    "\n"
    "Filters (several intersect; values take * as a wildcard; \"...\" keeps spaces):\n"
    "  from: to: any:     an address, a domain, or a part of one; <root> is that whole address, <> the\n"
    "                     sender of bounces\n"
    "  ip:                the client's address, or ADDRESS/BITS\n"
    "  on: after: before: 2021-03-09, 2021-03-09T15:00+02:00, tuesday, today, yesterday,\n"
    "  since: until:      \"last week\" (the last seven days), \"last 2 hours\", march,\n"
    "                     \"end of tuesday\", \"15:00 EST\" (the latest, 15 minutes around it)\n"
    "  id:                a number, or \"qp N\", \"connection N\", \"delivery N\" (in logs of other servers\n"
    "                     each kind counts by itself); else a remote queue id or any mark in a line\n"
    "  verdict:           delivered forwarded relayed waiting refused refused-temporarily\n"
    "                     returned discarded abandoned unknown mixed\n"
    "  reason: text:      words of the refusal, of any line; reason:\"cause: mailbox-full\" means\n"
    "                     those that telltale stats counts\n"
    "  login:             who had logged in\n"
    "  port:              25, 465, 587, or NAME of smtp-NAME.log\n"
    "Words of a verdict count where they ask for it: \"mails refused on tuesday\" is verdict:refused; the\n"
    "numbers of a reply (\"550 5.1.1 user unknown\") are reason:.\n"
    "A lone address means any:, a lone queue id or number id:; what occurs as no address but as a\n"
    "Message-ID is understood as that, and the answer says so.  Days are those of the logs' zone, or of\n"
    "--tz.  Relative days count from now if the logs reach now, else from their newest line, as is said.\n"
    "A message belongs to the day on which it began.\n"
    "\n" ASK_USAGE "  --limit N          show at most N messages, and N lines not understood (default 100)\n"
    "  --unreadable       list the lines that were not understood, and why; needs no question\n" ASK_USAGE_UNPACK
	ASK_USAGE_INDEX
    "  --follow           what happens from now on: each new story, and each change of one, as the logs\n"
    "                     grow and whatever rotates them; first those that wait now.  Without a\n"
    "                     question: all.  Ends with Ctrl-C, or after N events (--limit N)\n"
    "  --since DURATION   with --follow: first all that happened in the last 10m, 2h, 1d\n"
    "  --json             the answer as JSON; with --follow one object for each event, on a line\n"
    "\n"
    "Exit codes: 0 found; 1 not found; 2 the question or usage is wrong; 3 found, but ambiguous\n"
    "(several fit although sender, recipient and day, or a number, were named) or incomplete\n"
    "(a join is only a guess, or the logs end before the outcome).  Several messages for a question\n"
    "that asks for a list (a wildcard, one address only, \"last week\") are 0.\n";

struct options {
	struct ask ask;
	bool json, follow;
	int64_t since; /* seconds; 0: not asked for */
};

static int take_since(struct options *o, const char *z)
{
	int64_t ms;

	if (!conf_duration(str_of(z), &ms) || ms < 1000)
		return args_fail(CLI_USAGE, "trace: --since %s is not a duration (examples: 10m, 2h, 1d)", z);
	o->since = ms / 1000;
	return 0;
}

static int take_option(struct options *o, const struct args *a, int *i)
{
	const char *name = a->rest[*i];
	int rc = ask_option(&o->ask, a, i);
	char *value;

	if (rc != ASK_NOT_MINE)
		return rc;
	if (strcmp(name, "--unreadable") == 0) {
		o->ask.trace.unreadable = true;
		return 0;
	}
	if (strcmp(name, "--follow") == 0) {
		o->follow = true;
		return 0;
	}
	if (strcmp(name, "--limit") != 0 && strcmp(name, "--since") != 0)
		return args_fail(CLI_USAGE, "trace: there is no option %s", name);
	if ((value = ask_value(&o->ask, a, i)) == NULL)
		return CLI_USAGE;
	if (strcmp(name, "--since") == 0)
		return take_since(o, value);
	return ask_number(&o->ask, name, value, &o->ask.trace.limit);
}

static int read_options(struct options *o, const struct args *a)
{
	for (int i = 0; i < a->nrest; i++) {
		int rc = 0;

		if (ask_is_option(a->rest[i]))
			rc = take_option(o, a, &i);
		else
			ask_word(&o->ask, a->rest[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int answer(void *with, const struct trace_ask *t, struct buf *out)
{
	const struct options *o = with;
	struct err e = { 0 };
	struct answer r;
	int rc;

	if (trace_answer(&r, t, &e) < 0)
		return args_fail(CLI_USAGE, "trace: %s", e.text);
	if (o->json)
		answer_json(out, &r);
	else
		answer_text(out, &r, terminal_colours(), terminal_columns());
	rc = answer_exit(&r);
	answer_clear(&r);
	return rc;
}

/* The same paths and scope; the files are opened there. */
static int follow(struct options *o, const struct args *a)
{
	struct follow_ask ask = { .paths = o->ask.paths,
				  .npaths = (size_t)o->ask.npaths,
				  .question = buf_str(&o->ask.words),
				  .tz = o->ask.trace.tz,
				  .domain = o->ask.trace.domain,
				  .mailbox = o->ask.trace.mailbox,
				  .since = o->since };
	size_t most = o->ask.trace.limit;
	const char *log_dir;
	struct conf c;
	int rc;

	if (o->ask.trace.unreadable || o->ask.unpack != SOURCE_UNPACKED_MAX)
		return args_fail(CLI_USAGE, "trace: --follow goes with neither --unreadable nor --unpack-limit");
	if (ask.npaths > 0)
		return trace_follow(&ask, o->json, most);
	if ((rc = args_conf(a, &c)) != 0)
		return rc;
	log_dir = conf_z(c.top.log_dir);
	ask.paths = &log_dir;
	ask.npaths = 1;
	ask.lifetime = c.queue.lifetime / 1000;
	rc = trace_follow(&ask, o->json, most);
	conf_clear(&c);
	return rc;
}

static int trace_with(struct options *o, struct args *a)
{
	int rc = read_options(o, a);
	BUF(out);

	if (rc != 0)
		return rc;
	if (o->follow)
		return follow(o, a);
	if (o->since > 0)
		return args_fail(CLI_USAGE, "trace: --since goes with --follow; a question has after:");
	if (o->ask.trace.limit == 0)
		o->ask.trace.limit = 100;
	rc = ask_answer(&o->ask, a, answer, o, &out);
	if (io_write_all(STDOUT_FILENO, out.p, out.n) < 0)
		return args_fail(CLI_USAGE, "trace: the answer could not be written: %s", strerror(errno));
	return rc;
}

static int trace(int argc, char **argv)
{
	struct options o = { 0 };
	struct args a;
	int rc;

	if (!args_take(&a, argc, argv, trace_usage))
		return CLI_USAGE;
	if (a.nrest == 0) {
		fputs(trace_usage, stderr);
		return CLI_USAGE;
	}
	ask_init(&o.ask, "trace", &a);
	o.json = a.json;
	rc = trace_with(&o, &a);
	ask_clear(&o.ask);
	return rc;
}

const struct cli_command cli_command_trace = {
	.name = "trace",
	.summary = "what happened to a message: the logs' answer to a question",
	.usage = trace_usage,
	.run = trace,
};
