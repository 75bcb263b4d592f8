#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "trace/answer.h"

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
    "\n"
    "  --logs PATH...     files or folders to search (default: the configuration's log-dir); plain,\n"
    "                     .gz, .zst and .xz; a folder may be rotated meanwhile, copies are read once;\n"
    "                     logs of Postfix, qmail-send and Exim too, of several hosts at a time\n"
    "  --tz ZONE          show times, and count days, in this zone (Europe/Sofia, UTC, +02:00)\n"
    "  --domain D         only messages of that domain's mailboxes; other addresses are masked, in the\n"
    "                     question too: one who asks learns no more than one who reads\n"
    "  --mailbox A        the same for one mailbox\n"
    "  --limit N          show at most N messages, and N lines not understood (default 100)\n"
    "  --unreadable       list the lines that were not understood, and why; needs no question\n"
    "  --unpack-limit SIZE   unpack at most so much of compressed files (default 2G); a reached\n"
    "                     limit is said\n"
    "  --json             the answer as JSON\n"
    "\n"
    "Exit codes: 0 found; 1 not found; 2 the question or usage is wrong; 3 found, but ambiguous\n"
    "(several fit although sender, recipient and day, or a number, were named) or incomplete\n"
    "(a join is only a guess, or the logs end before the outcome).  Several messages for a question\n"
    "that asks for a list (a wildcard, one address only, \"last week\") are 0.\n";

struct options {
	struct trace_ask ask;
	struct buf words;
	const char **paths;
	int npaths;
	size_t unpack; /* 0: the default */
	bool json;
};

static bool is_option(const char *z)
{
	return z[0] == '-' && z[1] != '\0';
}

/* The value of an option, or NULL after a message. */
static char *value_of(const struct args *a, int *i)
{
	if (*i + 1 < a->nrest)
		return a->rest[++*i];
	args_fail(CLI_USAGE, "trace: %s needs a value", a->rest[*i]);
	return NULL;
}

static int take_limit(struct options *o, const char *z)
{
	uint64_t n;

	if (!str_u64(str_of(z), 1000000, &n) || n == 0)
		return args_fail(CLI_USAGE, "trace: --limit %s is not a number from 1 to 1000000", z);
	o->ask.limit = (size_t)n;
	return 0;
}

/* The first word is a path; further ones are as long as they exist: the question may follow. */
static void take_paths(struct options *o, const struct args *a, int *i)
{
	int first = *i + 1;

	while (*i + 1 < a->nrest && !is_option(a->rest[*i + 1]) &&
	       (*i + 1 == first || access(a->rest[*i + 1], F_OK) == 0))
		o->paths[o->npaths++] = a->rest[++*i];
}

static int take_unpack_limit(struct options *o, const char *z)
{
	int64_t n;

	if (!conf_size(str_of(z), &n))
		return args_fail(CLI_USAGE, "trace: --unpack-limit %s is not a size (examples: 500M, 8G)", z);
	o->unpack = (size_t)n;
	return 0;
}

/* An empty scope would be none: who asks for an owner without a name must not be shown everything. */
static int take_scope(struct options *o, const char *name, const char *z)
{
	bool domain = strcmp(name, "--domain") == 0;

	if (domain && z[0] == '@')
		z++;
	if (z[0] == '\0')
		return args_fail(CLI_USAGE, "trace: %s needs %s", name, domain ? "a domain" : "an address");
	if (strchr(z, '*') != NULL || (domain && strpbrk(z, "@?, ") != NULL))
		return args_fail(CLI_USAGE, "trace: %s takes one %s, spelt in full: %s is none", name,
				 domain ? "domain" : "address", z);
	if (domain)
		o->ask.domain = str_of(z);
	else
		o->ask.mailbox = str_of(z);
	return 0;
}

static int take_option(struct options *o, const struct args *a, int *i)
{
	const char *name = a->rest[*i];
	char *value;

	if (strcmp(name, "--logs") == 0) {
		take_paths(o, a, i);
		return o->npaths > 0 ? 0 : args_fail(CLI_USAGE, "trace: --logs needs a file or a folder");
	}
	if (strcmp(name, "--unreadable") == 0) {
		o->ask.unreadable = true;
		return 0;
	}
	if (strcmp(name, "--tz") != 0 && strcmp(name, "--domain") != 0 && strcmp(name, "--mailbox") != 0 &&
	    strcmp(name, "--limit") != 0 && strcmp(name, "--unpack-limit") != 0)
		return args_fail(CLI_USAGE, "trace: there is no option %s", name);
	if ((value = value_of(a, i)) == NULL)
		return CLI_USAGE;
	if (strcmp(name, "--limit") == 0)
		return take_limit(o, value);
	if (strcmp(name, "--unpack-limit") == 0)
		return take_unpack_limit(o, value);
	if (strcmp(name, "--tz") == 0)
		o->ask.tz = str_of(value);
	else
		return take_scope(o, name, value);
	return 0;
}

/* The shell took the quotes of text:"no such user"; they are put back.  Any other word goes as it is: one with
 * spaces is a whole question. */
static void add_word(struct buf *b, const char *z)
{
	static const char *const keys[] = { "text:", "reason:" };

	if (b->n > 0)
		buf_addc(b, ' ');
	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t n = strlen(keys[i]);

		if (strncmp(z, keys[i], n) == 0 && strchr(z, ' ') != NULL && strchr(z, '"') == NULL) {
			buf_fmt(b, "%s\"%s\"", keys[i], z + n);
			return;
		}
	}
	buf_adds(b, z);
}

static int read_options(struct options *o, const struct args *a)
{
	for (int i = 0; i < a->nrest; i++) {
		int rc = 0;

		if (is_option(a->rest[i]))
			rc = take_option(o, a, &i);
		else
			add_word(&o->words, a->rest[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The configuration's logs are this server's own: what it says of the queue holds for them. */
static int open_logs(struct source *s, struct options *o, const struct args *a)
{
	struct err e = { 0 };
	struct conf c;
	int rc;

	for (int i = 0; i < o->npaths; i++)
		if (source_add(s, o->paths[i], &e) < 0)
			return args_fail(CLI_USAGE, "trace: %s", e.text);
	if (o->npaths > 0)
		return 0;
	if ((rc = args_conf(a, &c)) != 0)
		return rc;
	o->ask.lifetime = c.queue.lifetime / 1000;
	rc = source_add(s, conf_z(c.top.log_dir), &e) < 0 ? args_fail(CLI_USAGE, "trace: %s", e.text) : 0;
	conf_clear(&c);
	return rc;
}

static int answer(const struct options *o)
{
	BUF(out);
	struct err e = { 0 };
	struct answer r;
	int rc;

	if (trace_answer(&r, &o->ask, &e) < 0)
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
	if (o->unpack > 0)
		source.most = o->unpack;
	o->ask.source = &source;
	o->ask.question = buf_str(&o->words);
	o->ask.now = clock_wall() / 1000;
	rc = open_logs(&source, o, a);
	if (rc == 0)
		rc = answer(o);
	source_clear(&source);
	return rc;
}

static int trace(int argc, char **argv)
{
	struct options o = { .ask.limit = 100, .words = BUF_INIT };
	struct args a;
	int rc;

	if (!args_take(&a, argc, argv, trace_usage))
		return CLI_USAGE;
	if (a.nrest == 0) {
		fputs(trace_usage, stderr);
		return CLI_USAGE;
	}
	o.json = a.json;
	o.paths = mem_alloc((size_t)a.nrest * sizeof(*o.paths));
	rc = trace_with(&o, &a);
	free(o.paths);
	buf_clear(&o.words);
	return rc;
}

const struct cli_command cli_command_trace = {
	.name = "trace",
	.summary = "what happened to a message: the logs' answer to a question",
	.usage = trace_usage,
	.run = trace,
};
