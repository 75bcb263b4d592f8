#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "cli/cli.h"
#include "cli/queue_call.h"
#include "cli/queue_text.h"

static const char queue_usage[] =
    "usage: telltale queue list [FILTER...] [--limit N] [--json]\n"
    "       telltale queue summary [FILTER...] [--limit N] [--json]     (or list --by destination)\n"
    "       telltale queue show QP[/RECIPIENT] [--no-history] [--json]\n"
    "       telltale queue hold|release|retry|delete QP[/RECIPIENT] | FILTER...  [--limit N] [--dry-run] [--why TEXT]\n"
    "       telltale queue reroute QP[/RECIPIENT] | FILTER...  --host HOST[:PORT] | --host none | --to-address "
    "ADDRESS\n"
    "       telltale queue pause DOMAIN|all|local|remote [--for 2h | --until TIME] [--why TEXT]\n"
    "       telltale queue resume DOMAIN|all|local|remote\n"
    "       telltale queue paused [--json]\n"
    "       telltale queue export QP\n"
    "(each takes -c FILE)\n"
    "\n"
    "What was accepted and is not delivered yet: why each message waits, when it is tried next, until when at all.\n"
    "FILTERS, all of which must hold; patterns take * wildcards:\n"
    "  --from PATTERN, --to PATTERN   an address, a domain, or <> for the null sender\n"
    "  --to-domain D, --destination D the recipient's domain\n"
    "  --older 1d, --younger 1h       since it was accepted\n"
    "  --size 10M, --attempts N       at least\n"
    "  --reason TEXT                  its last report has this text\n"
    "  --channel local|remote, --held, --failed, --paused, --all\n"
    "hold: it is not tried, and not given up, until it is released; this outlives restarts.\n"
    "retry: it is tried now; without more words all that wait are.  delete: it is gone, its sender is not told.\n"
    "reroute --host: it goes by that server; none: as before.  --to-address: a copy goes there instead.\n"
    "pause: nothing is begun to that destination; mail for it waits, which is no attempt and no failure.\n"
    "export: the message as it came, on stdout.  The delivery log says who held, deleted, rerouted what.\n"
    "A filter that deletes asks first on a terminal; elsewhere it wants --yes.  --dry-run lists and counts only.\n"
    "TIME: \"2026-12-01 08:00\", \"2026-12-01\" or \"08:00\" (the next one); times are this machine's.\n"
    "States: waiting (for its next try), trying, failed (goes back to its sender), held, done.\n"
    "Exit codes: 0 done, 1 no such message, nothing to do or no server running, 2 wrong usage.\n";

static bool is_filtered(const struct queue_call *q)
{
	for (int i = 1; i < q->args->nrest; i++)
		if (q->args->rest[i][0] == '-')
			return true;
	return false;
}

static bool has_word(const struct queue_call *q, const char *word)
{
	for (int i = 1; i < q->args->nrest; i++)
		if (strcmp(q->args->rest[i], word) == 0)
			return true;
	return false;
}

/* What the command would do, told as the question that it asks first. */
static int ask_first(struct queue_call *q)
{
	BUF(words);
	char answer[16];
	int rc;

	queue_words(q, &words);
	queue_word(&words, "--dry-run");
	rc = queue_ask(q, buf_str(&words));
	if (rc != 0)
		return rc;
	if (!isatty(STDIN_FILENO))
		return args_fail(CLI_USAGE, "%.*s; say --yes if that is meant", STR_ARG(q->done.message));
	fprintf(stderr, "%.*s. Type yes: ", STR_ARG(q->done.message));
	if (fgets(answer, sizeof(answer), stdin) == NULL || strcmp(answer, "yes\n") != 0)
		return args_fail(CLI_NO, "nothing was deleted");
	return 0;
}

static void print_done(const struct queue_call *q)
{
	if (q->args->json)
		printf("%.*s\n", STR_ARG(q->done.output));
	else
		fprintf(stderr, "%.*s\n", STR_ARG(q->done.message));
}

enum { WORDS_MOST = 80 };

static bool is_own(const char *word)
{
	static const char *const own[] = { "--dry-run", "--why", "--host", "--to-address" };

	for (size_t i = 0; i < COUNT(own); i++)
		if (strcmp(word, own[i]) == 0)
			return true;
	return false;
}

/* Of a dry run: what would be touched is listed before it is counted. */
static int list_touched(struct queue_call *q)
{
	char *words[WORDS_MOST];
	struct args listed = *q->args;
	const struct args *whole = q->args;
	int n = 0, rc;

	for (int i = 0; i < whole->nrest && n < WORDS_MOST; i++) {
		if (is_own(whole->rest[i]))
			i += strcmp(whole->rest[i], "--dry-run") != 0;
		else
			words[n++] = whole->rest[i];
	}
	listed.rest = words;
	listed.nrest = n;
	q->args = &listed;
	rc = queue_list(q);
	q->args = whole;
	return rc;
}

static int queue_act(struct queue_call *q)
{
	BUF(words);
	char limit[24];
	int rc = 0;

	if (has_word(q, "--dry-run") && !q->args->json && is_filtered(q))
		rc = list_touched(q);
	if (rc == 0 && strcmp(q->args->rest[0], "delete") == 0 && is_filtered(q) && !q->yes &&
	    !has_word(q, "--dry-run"))
		rc = ask_first(q);
	if (rc != 0)
		return rc;
	queue_words(q, &words);
	snprintf(limit, sizeof(limit), "%lld", q->limit);
	if (q->limit > 0)
		queue_word(&words, "--limit"), queue_word(&words, limit);
	rc = queue_ask(q, buf_str(&words));
	if (rc == 0)
		print_done(q);
	return rc;
}

static int copy_out(int fd, uint64_t offset, uint64_t size)
{
	char chunk[64 * 1024];

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < sizeof(chunk) ? (size_t)(size - at) : sizeof(chunk);

		if (io_pread_all(fd, chunk, n, (off_t)(offset + at)) < 0)
			return args_fail(CLI_NO, "the message cannot be read");
		if (fwrite(chunk, 1, n, stdout) != n)
			return CLI_NO; /* cli_main() says why */
		at += n;
	}
	return 0;
}

static int queue_export(struct queue_call *q)
{
	BUF(words);
	json_t *j;
	int rc;

	queue_words(q, &words);
	rc = queue_ask(q, buf_str(&words));
	if (rc == 0)
		rc = queue_json(q, &j);
	if (rc != 0)
		return rc;
	rc = copy_out(q->fd, (uint64_t)json_integer_value(json_object_get(j, "offset")),
		      (uint64_t)json_integer_value(json_object_get(j, "size")));
	json_decref(j);
	return rc;
}

static const struct verb {
	const char *name;
	int least; /* words, its own included */
	int (*run)(struct queue_call *q);
} verbs[] = {
	{ "list", 1, queue_list },  { "summary", 1, queue_summary }, { "show", 2, queue_show },
	{ "hold", 2, queue_act },   { "release", 2, queue_act },     { "retry", 1, queue_act },
	{ "delete", 2, queue_act }, { "reroute", 2, queue_act },     { "pause", 2, queue_act },
	{ "resume", 2, queue_act }, { "paused", 1, queue_paused },   { "export", 2, queue_export },
};

static const struct verb *verb_of(const struct args *a)
{
	for (size_t i = 0; a->nrest > 0 && i < COUNT(verbs); i++)
		if (strcmp(a->rest[0], verbs[i].name) == 0 && a->nrest >= verbs[i].least)
			return &verbs[i];
	return NULL;
}

/* TIME as ms since 1970; -1: it is none. */
static int64_t read_time(const char *z)
{
	time_t now = (time_t)(clock_wall() / 1000);
	struct tm t;
	const char *end;

	localtime_r(&now, &t);
	t.tm_sec = 0;
	if ((end = strptime(z, "%H:%M", &t)) != NULL && *end == '\0')
		return ((int64_t)mktime(&t) + (mktime(&t) <= now ? 86400 : 0)) * 1000;
	t = (struct tm){ .tm_isdst = -1 };
	end = strptime(z, "%Y-%m-%d", &t);
	if (end != NULL && (*end == ' ' || *end == 'T'))
		end = strptime(end + 1, "%H:%M", &t);
	return end != NULL && *end == '\0' ? (int64_t)mktime(&t) * 1000 : -1;
}

static int take_limit(struct queue_call *q, const char *value)
{
	char *end;

	q->limit = strtoll(value, &end, 10);
	if (*end != '\0' || end == value || q->limit < 0)
		return args_fail(CLI_USAGE, "--limit cannot be %s", value);
	return 0;
}

static int take_until(const char *value, char until[24])
{
	snprintf(until, 24, "%lld", (long long)read_time(value));
	return until[0] != '-' ? 0 : args_fail(CLI_USAGE, "--until cannot be %s; see --help", value);
}

static int take_by(struct queue_call *q, const char *value)
{
	q->summary = strcmp(value, "destination") == 0;
	return q->summary ? 0 : args_fail(CLI_USAGE, "--by is destination");
}

/* One option of ours with its value, at *i.  1: it is none of ours. */
static int take_valued(struct queue_call *q, struct args *a, int *i, char until[24])
{
	const char *z = a->rest[*i], *value = a->rest[*i + 1];
	bool limit = strcmp(z, "--limit") == 0, by = strcmp(z, "--by") == 0, time = strcmp(z, "--until") == 0;

	if (!limit && !by && !time)
		return 1;
	if (value == NULL)
		return args_fail(CLI_USAGE, "%s needs a value", z);
	*i += 1;
	return limit ? take_limit(q, value) : by ? take_by(q, value) : take_until(value, until);
}

/* What is ours leaves the words, the rest is telltale-queue's to understand.  `until` is room for a number. */
static int take_own(struct queue_call *q, struct args *a, char until[24])
{
	int n = 0;

	for (int i = 0; i < a->nrest; i++) {
		char *z = a->rest[i];
		int rc = take_valued(q, a, &i, until);

		if (rc > 1)
			return rc;
		if (rc == 0 && strcmp(z, "--until") == 0)
			a->rest[n++] = z, a->rest[n++] = until;
		if (rc == 0)
			continue;
		if (strcmp(z, "--yes") == 0)
			q->yes = true;
		else if (strcmp(z, "--no-history") == 0)
			q->brief = true;
		else
			a->rest[n++] = z;
	}
	a->rest[n] = NULL;
	a->nrest = n;
	return 0;
}

static int queue_run(int argc, char **argv)
{
	struct queue_call q = { .conn.fd = -1, .fd = -1, .limit = -1 };
	char until[24];
	const struct verb *verb;
	struct args a;
	struct conf c;
	int rc;

	if (!args_take(&a, argc, argv, queue_usage))
		return CLI_USAGE;
	rc = take_own(&q, &a, until);
	if (rc != 0)
		return rc;
	verb = verb_of(&a);
	if (verb == NULL)
		return args_fail(CLI_USAGE,
				 "queue wants list, summary, show, hold, release, retry, delete, reroute, pause, "
				 "resume, paused or export; see --help");
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	q.conf = &c;
	q.args = &a;
	rc = queue_connect(&q);
	if (rc == 0)
		rc = verb->run(&q);
	queue_hang_up(&q);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_queue = {
	.name = "queue",
	.summary = "what is not delivered yet, and why: list, hold, retry, reroute, pause ...",
	.usage = queue_usage,
	.run = queue_run,
};
