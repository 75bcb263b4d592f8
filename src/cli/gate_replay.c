/* telltale gate replay: its words, the logs, the answer. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/replay.h"
#include "cli/terminal.h"
#include "trace/day.h"
#include "trace/group.h"
#include "trace/story.h"

const char gate_replay_usage[] =
    "usage: telltale gate replay --config NEW [--logs PATH...] [--was OLD] [--since DAY] [--limit N]\n"
    "                            [--ask-accounts] [--json] [-c FILE]\n"
    "\n"
    "What if?  Makes the decisions that the logs tell of again, under the gate { } of NEW, its lists and its\n"
    "config-dir, and says which of them would come out differently.  No DNS is asked, nothing is changed.\n"
    "\n"
    "  --config NEW     the configuration to be tried\n"
    "  --logs PATH...   files or folders: SMTP and spamdyke logs of ours, or a provider's (default: the log-dir of\n"
    "                   the configuration, see -c)\n"
    "  --was OLD        the configuration under which the logs were written: an address that its lists in DNS did\n"
    "                   not have then is known to be on none of those (default: that of -c where --logs is not\n"
    "                   given)\n"
    "  --since DAY      only decisions since then: 2021-03-09, yesterday, tuesday ...\n"
    "  --limit N        show at most N examples (default 20)\n"
    "  --ask-accounts   ask the running server of -c whether recipients exist, and for their own settings\n"
    "\n"
    "A decision is one recipient of one message.  \"let through\": the gate would let it past at RCPT, where it\n"
    "refused it; what would have come then (the mailbox, the message itself) nobody knows.  \"cannot be said\": the\n"
    "outcome hangs on something that is not in the logs, which is named.  Graylisting is judged by what its lines\n"
    "say, and by mail of the same two that was taken before.\n"
    "\n"
    "JSON: "
    "{\"config\":..,\"decisions\":N,\"from\":..,\"to\":..,\"same\":N,\"changed\":N,\"other_reason\":N,\"unsaid\":N,"
    "\"left_out\":N,\n"
    "\"changes\":[{\"count\":N,\"was\":{\"outcome\":\"taken|put off|refused\",\"code\":..},\n"
    "\"would_be\":{\"outcome\":\"taken|let through|put off|refused\",\"code\":..}}],\n"
    "\"other_reasons\":[..],\"cannot_be_said\":[{\"count\":N,\"was\":{..},\"would_be\":{\"outcome\":\"cannot be "
    "said\",\"missing\":..}}],\n"
    "\"examples\":[{\"time\":..,\"from\":..,\"to\":..,\"ip\":..,\"rdns\":..,\"was\":{..},\"would_be\":{..},\"seen\":..}"
    "]}\n"
    "\n"
    "Exit codes: 0 done, 1 the accounts cannot be asked, 2 wrong usage, or a configuration is wrong.\n";

struct options {
	const char *config, *was, *since;
	char **logs;
	size_t nlogs, limit;
	bool accounts;
};

/* One option and its values; how many words, 0 after a message. */
static size_t take(struct options *o, char **words, size_t n)
{
	const char *name = words[0];
	uint64_t limit;
	size_t k = 1;

	if (strcmp(name, "--ask-accounts") == 0) {
		o->accounts = true;
		return 1;
	}
	if (n < 2)
		return args_fail(0, "gate replay: %s needs a value", name);
	if (strcmp(name, "--logs") == 0) {
		while (k < n && (k == 1 || words[k][0] != '-'))
			k++;
		o->logs = words + 1;
		o->nlogs = k - 1;
		return k;
	}
	if (strcmp(name, "--config") == 0)
		o->config = words[1];
	else if (strcmp(name, "--was") == 0)
		o->was = words[1];
	else if (strcmp(name, "--since") == 0)
		o->since = words[1];
	else if (strcmp(name, "--limit") == 0 && str_u64(str_of(words[1]), REPLAY_EXAMPLES_MAX, &limit))
		o->limit = (size_t)limit;
	else
		return args_fail(0, "gate replay: there is no option %s %s", name, words[1]);
	return 2;
}

static int take_all(struct options *o, char **words, size_t n)
{
	for (size_t i = 0, k; i < n; i += k)
		if ((k = take(o, words + i, n - i)) == 0)
			return CLI_USAGE;
	return o->config != NULL ? 0 : args_fail(CLI_USAGE, "gate replay needs --config NEW");
}

static int since(struct replay *r, const char *day, const struct day_frame *frame)
{
	struct day d = { 0 };
	struct span span;

	if (day == NULL)
		return 0;
	if (!day_parse(str_of(day), &d) || !day_resolve(&d, frame, false, &span))
		return args_fail(CLI_USAGE, "gate replay: --since %s is no day", day);
	r->since = span.from;
	return 0;
}

static int put_out(const struct replay *r, const struct day_frame *frame, bool json)
{
	BUF(out);

	if (json)
		replay_json(&out, r, frame);
	else
		replay_text(&out, r, frame, terminal_colours());
	if (io_write_all(STDOUT_FILENO, out.p, out.n) < 0)
		return args_fail(CLI_NO, "the answer could not be written: %s", strerror(errno));
	return CLI_DONE;
}

/* The logs are read, as a trace reads them. */
static int run(struct replay *r, const struct options *o, struct source *source, bool json)
{
	int64_t now = clock_wall() / 1000;
	struct day_frame frame;
	struct tale tale;
	struct book book;
	int rc;

	source_settle(source);
	book_init(&book, source);
	group_read(&book, now);
	complete(&tale, &book);
	day_frame_init(&frame, &book.zone, STR(""), zone_utc(&book.zone, book.newest), now);
	rc = since(r, o->since, &frame);
	if (rc == 0)
		replay_tale(r, &tale);
	if (rc == 0)
		rc = put_out(r, &frame, json);
	book_clear(&book);
	return rc;
}

static int open_logs(struct source *s, const struct options *o, const struct conf *c)
{
	struct err e = { 0 };

	for (size_t i = 0; i < o->nlogs; i++)
		if (source_add(s, o->logs[i], &e) < 0)
			return args_fail(CLI_USAGE, "gate replay: %s", e.text);
	if (o->nlogs == 0 && source_add(s, conf_z(c->top.log_dir), &e) < 0)
		return args_fail(CLI_USAGE, "gate replay: %s", e.text);
	return 0;
}

static int open_accounts(struct ipc_client **out, struct conf *c)
{
	const char *path = proc_socket(c, "lookup.sock");
	struct err e = { 0 };
	FD(probe) = ipc_connect(path, deadline_in(1000), &e);

	if (probe < 0)
		return args_fail(
		    CLI_NO, "gate replay: the accounts cannot be asked: no server is running on %s, or you may not",
		    conf_z(c->top.data_dir));
	*out = ipc_client_new(path);
	return 0;
}

static int with(const struct options *o, const struct conf *config, const struct conf *was, struct conf *here,
		bool json)
{
	struct replay *r = mem_alloc(sizeof(*r));
	struct ipc_client *lookup = NULL;
	struct source source;
	struct err e = { 0 };
	int rc = o->accounts ? open_accounts(&lookup, here) : 0;

	*r = (struct replay){ .conf = config, .since = INT64_MIN, .limit = o->limit };
	source_init(&source);
	if (rc == 0 && (r->gate = replay_gate_new(config, was, lookup, &e)) == NULL)
		rc = args_fail(CLI_USAGE, "%s", e.text);
	if (rc == 0)
		rc = open_logs(&source, o, here);
	if (rc == 0)
		rc = run(r, o, &source, json);
	if (lookup != NULL)
		ipc_client_free(lookup);
	replay_clear(r);
	free(r);
	source_clear(&source);
	return rc;
}

int gate_replay(const struct args *a, char **words, size_t n)
{
	struct options o = { .limit = 20 };
	struct conf config, was, here = { 0 };
	struct err e = { 0 };
	int rc = take_all(&o, words, n);
	bool needs_here;

	if (rc != 0)
		return rc;
	needs_here = o.nlogs == 0 || o.accounts;
	if (conf_load(&config, o.config, &e) < 0)
		return args_fail(CLI_USAGE, "%s", e.text);
	if (o.was != NULL && conf_load(&was, o.was, &e) < 0)
		rc = args_fail(CLI_USAGE, "%s", e.text);
	if (rc == 0 && needs_here)
		rc = args_conf(a, &here);
	if (rc == 0)
		rc = with(&o, &config, o.was != NULL ? &was : o.nlogs == 0 ? &here : NULL, &here, a->json);
	conf_clear(&config);
	if (o.was != NULL && e.text[0] == '\0')
		conf_clear(&was);
	if (needs_here)
		conf_clear(&here);
	return rc;
}
