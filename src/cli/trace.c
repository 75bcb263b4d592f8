#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/ask.h"
#include "cli/cli.h"

static const char trace_usage[] =
    "usage: telltale trace QUESTION [--logs PATH...] [--tz ZONE] [--domain D] [--mailbox A]\n"
    "                      [--limit N] [--unreadable] [--unpack-limit SIZE] [--json] [-c FILE]\n"
    "       telltale trace --unreadable [--logs PATH...]\n"
    "\n"
    "What happened to my mail?  The question is words, filters, or both:\n"
    "  telltale trace what happened to the mail from a@x.example to b@y.example on tuesday\n"
    "  telltale trace from:'*@x.example' to:b@y.example after:2021-03-09\n"
    "\n"
    "Filters (several intersect; values take * as a wildcard; \"...\" keeps spaces):\n"
    "  from: to: any:     an address, a domain, or a part of one; <> is the sender of bounces\n"
    "  ip:                the client's address, or ADDRESS/BITS\n"
    "  on: after: before: 2021-03-09, 2021-03-09T15:00+02:00, tuesday, today, yesterday,\n"
    "                     \"last week\" (the last seven days), \"15:00 EST\" (a quarter of an hour around it)\n"
    "  id:                a number, or \"qp N\", \"connection N\", \"delivery N\" (in logs of other servers\n"
    "                     each kind counts by itself); else a remote queue id or any mark in a line\n"
    "  verdict:           delivered forwarded relayed waiting refused refused-temporarily\n"
    "                     returned discarded abandoned unknown mixed\n"
    "  reason: text:      words of the refusal, of any line\n"
    "  port:              25, 465, 587\n"
    "Words of a verdict count where they ask for it: \"mails refused on tuesday\" is verdict:refused; the\n"
    "numbers of a reply (\"550 5.1.1 user unknown\") are reason:.\n"
    "A lone address means any:, a lone queue id or number id:; what occurs as no address but as a\n"
    "Message-ID is understood as that, and the answer says so.  Days are those of the logs' zone, or of --tz.  "
    "Relative days count\n"
    "from now if the logs reach now, else from their newest line; the answer says which.\n"
    "A message belongs to the day on which it began.\n"
    "\n" ASK_USAGE "  --limit N          show at most N messages, and N lines not understood (default 100)\n"
    "  --unreadable       list the lines that were not understood, and why; needs no question\n" ASK_USAGE_UNPACK
    "  --json             the answer as JSON\n"
    "\n"
    "Exit codes: 0 found; 1 not found; 2 the question or usage is wrong; 3 found, but ambiguous\n"
    "(several fit although sender, recipient and day, or a number, were named) or incomplete\n"
    "(a join is only a guess, or the logs end before the outcome).  Several messages for a question\n"
    "that asks for a list (a wildcard, one address only, \"last week\") are 0.\n";

struct options {
	struct ask ask;
	bool json;
};

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
	if (strcmp(name, "--limit") != 0)
		return args_fail(CLI_USAGE, "trace: there is no option %s", name);
	if ((value = ask_value(&o->ask, a, i)) == NULL)
		return CLI_USAGE;
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

static int answer(const struct options *o)
{
	BUF(out);
	struct err e = { 0 };
	struct answer r;
	int rc;

	if (trace_answer(&r, &o->ask.trace, &e) < 0)
		return args_fail(CLI_USAGE, "trace: %s", e.text);
	if (o->json)
		answer_json(&out, &r);
	else
		answer_text(&out, &r, isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL);
	rc = answer_exit(&r);
	answer_clear(&r);
	if (io_write_all(STDOUT_FILENO, out.p, out.n) < 0)
		return args_fail(CLI_USAGE, "trace: the answer could not be written: %s", strerror(errno));
	return rc;
}

static int trace_with(struct options *o, struct args *a)
{
	struct source source;
	int rc = read_options(o, a);

	if (rc != 0)
		return rc;
	source_init(&source);
	rc = ask_open(&o->ask, &source, a);
	if (rc == 0)
		rc = answer(o);
	source_clear(&source);
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
	o.ask.trace.limit = 100;
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
