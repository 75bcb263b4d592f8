#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "cli/waiting.h"
#include "trace/stats.h"

static const char stats_usage[] =
    "usage: telltale stats [changed|unusual] [FILTERS] [--top N] [--json | --csv TABLE | --html FILE]\n"
    "                      [--logs PATH...] [--tz ZONE] [--domain D] [--mailbox A] [-c FILE]\n"
    "\n"
    "How much mail, what became of it, why it was refused, whose it was, how long it took.\n"
    "  telltale stats after:yesterday\n"
    "  telltale stats changed from:'*@partner.example'    since when it is refused, and what is different since\n"
    "  telltale stats unusual --csv unusual               who sends far more than he usually does\n"
    "\n"
    "FILTERS are those of telltale trace (from: to: any: ip: on: after: before: verdict: reason: login: port: text:);\n"
    "without any, all messages of the logs are counted.  Each message counts once, however many servers tell\n"
    "of it and however often it was tried; recipients count one by one, and only those that fit.\n"
    "\n"
    "  --top N            rows of each table of names (default 10); what is left out is said; --limit N is\n"
    "                     the same\n"
    "  --json             all tables as JSON\n"
    "  --csv TABLE        one table as CSV: totals, hours, days, verdicts, reasons, latencies, senders,\n"
    "                     recipients, sender_domains, recipient_domains, networks, clients, logins, ports;\n"
    "                     of changed: reasons, differences, clients; of unusual: unusual\n"
    "  --html FILE        all tables and pictures as one page that needs nothing else (`-`: standard "
    "output)\n" ASK_USAGE ASK_USAGE_UNPACK ASK_USAGE_INDEX "\n"
    "Exit codes: 0 counted; 1 no message fits; 2 the question or usage is wrong.\n";

enum { TOP = 10, WIDTH = 100 /* columns, where nobody says */ };

struct options {
	struct ask ask;
	void (*make)(struct report *, const struct stats_ask *);
	const char *csv, *html;
	size_t top;
	bool json;
};

static int take_option(struct options *o, const struct args *a, int *i)
{
	const char *name = a->rest[*i];
	int rc = ask_option(&o->ask, a, i);
	char *value;

	if (rc != ASK_NOT_MINE)
		return rc;
	if (strcmp(name, "--top") != 0 && strcmp(name, "--limit") != 0 && strcmp(name, "--csv") != 0 &&
	    strcmp(name, "--html") != 0)
		return args_fail(CLI_USAGE, "stats: there is no option %s", name);
	if ((value = ask_value(&o->ask, a, i)) == NULL)
		return CLI_USAGE;
	if (strcmp(name, "--csv") == 0)
		o->csv = value;
	else if (strcmp(name, "--html") == 0)
		o->html = value;
	else
		return ask_number(&o->ask, name, value, &o->top);
	return 0;
}

static bool is_report(const char *z)
{
	return strcmp(z, "changed") == 0 || strcmp(z, "unusual") == 0;
}

static int read_options(struct options *o, const struct args *a)
{
	for (int i = 0; i < a->nrest; i++) {
		int rc = 0;

		if (ask_is_option(a->rest[i]))
			rc = take_option(o, a, &i);
		else if (i == 0 && strcmp(a->rest[i], "changed") == 0)
			o->make = stats_changed;
		else if (i == 0 && strcmp(a->rest[i], "unusual") == 0)
			o->make = stats_unusual;
		else if (is_report(a->rest[i]))
			return args_fail(CLI_USAGE, "stats: %s must be the first word: telltale stats %s FILTERS",
					 a->rest[i], a->rest[i]);
		else
			ask_word(&o->ask, a->rest[i]);
		if (rc != 0)
			return rc;
	}
	o->ask.trace.tables = true;
	if (o->json + (o->csv != NULL) + (o->html != NULL) > 1)
		return args_fail(CLI_USAGE, "stats: --json, --csv and --html are three answers: ask for one at a time");
	return 0;
}

/* May bars be drawn with characters beyond ASCII? */
static bool speaks_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *z = getenv(names[i]);

		if (z != NULL && z[0] != '\0')
			return strstr(z, "UTF-8") != NULL || strstr(z, "utf8") != NULL || strstr(z, "UTF8") != NULL;
	}
	return false;
}

static int put_csv(struct buf *out, const struct options *o, const struct report *r)
{
	const struct sheet *s = report_find(r, str_of(o->csv));

	if (s == NULL) {
		BUF(names);

		for (s = r->sheets; s != NULL; s = s->next)
			buf_fmt(&names, " %s", s->form->name);
		return args_fail(CLI_USAGE, "stats: there is no table %s here; there are:%s", o->csv, buf_z(&names));
	}
	waiting_for(NULL);
	if (!source_whole(r->answer->book.source))
		fputs("telltale: stats: some of the logs could not be read, or not to their end: what stands there\n"
		      "is not counted (Limits names them, without --csv)\n",
		      stderr);
	sheet_csv(out, r, s);
	return 0;
}

static int write_to(const char *path, struct str text)
{
	FD(fd) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0 || io_write_all(fd, text.p, text.n) < 0)
		return args_fail(CLI_USAGE, "stats: %s could not be written: %s", path, strerror(errno));
	return 0;
}

static int put(const struct options *o, struct report *r, struct buf *out)
{
	size_t columns = terminal_columns();
	struct sheet_look look = { columns > 0 ? columns : WIDTH, terminal_colours(), speaks_utf8() };

	if (o->json)
		report_put_json(out, r);
	else if (o->csv != NULL)
		return put_csv(out, o, r);
	else if (o->html != NULL)
		report_put_html(out, r);
	else
		report_put_text(out, r, &look);
	return 0;
}

static int report(void *with, const struct trace_ask *t, struct buf *out)
{
	const struct options *o = with;
	ARENA(mem);
	struct report r = { .mem = &mem };
	struct err e = { 0 };
	struct answer answer;
	int rc;

	if (trace_answer(&answer, t, &e) < 0)
		return args_fail(CLI_USAGE, "stats: %s", e.text);
	o->make(&r, &(struct stats_ask){ .answer = &answer, .top = o->top });
	rc = put(o, &r, out);
	if (rc == 0 && r.counted == 0)
		rc = CLI_NO;
	answer_clear(&answer);
	return rc;
}

static int stats_with(struct options *o, struct args *a)
{
	int rc = read_options(o, a), put_rc = 0;
	BUF(out);

	if (rc == 0)
		rc = ask_answer(&o->ask, a, report, o, &out);
	if (rc != 0 && rc != CLI_NO)
		return rc;
	if (o->html != NULL && strcmp(o->html, "-") != 0)
		put_rc = write_to(o->html, buf_str(&out));
	else if (io_write_all(STDOUT_FILENO, out.p, out.n) < 0)
		put_rc = args_fail(CLI_USAGE, "stats: the answer could not be written: %s", strerror(errno));
	return put_rc != 0 ? put_rc : rc;
}

static int stats(int argc, char **argv)
{
	struct options o = { .make = stats_report, .top = TOP };
	struct args a;
	int rc;

	if (!args_take(&a, argc, argv, stats_usage))
		return CLI_USAGE;
	ask_init(&o.ask, "stats", &a);
	o.ask.trace.limit = SIZE_MAX;
	o.ask.trace.everything = true;
	o.json = a.json;
	rc = stats_with(&o, &a);
	ask_clear(&o.ask);
	return rc;
}

const struct cli_command cli_command_stats = {
	.name = "stats",
	.summary = "numbers over many messages: volume, refusals by reason, top senders, how long it took",
	.usage = stats_usage,
	.run = stats,
};
