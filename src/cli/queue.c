#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/queue_text.h"
#include "queue/spool.h"

static const char queue_usage[] =
    "usage: telltale queue list [--json] [-c FILE]\n"
    "       telltale queue show QP[/RECIPIENT] [--json] [-c FILE]\n"
    "       telltale queue hold|release|delete QP[/RECIPIENT] [--json] [-c FILE]\n"
    "       telltale queue retry [QP[/RECIPIENT]] [--json] [-c FILE]\n"
    "       telltale queue export QP [-c FILE]\n"
    "\n"
    "What was accepted and is not delivered yet.  list: a line for each recipient that\n"
    "waits; show: all of one message, or of one of its recipients (by its index).\n"
    "hold: it is not tried, and not given up, until it is released; this outlives restarts.\n"
    "retry: it is tried now, or all that wait are.  delete: it is gone, its sender is not told;\n"
    "the delivery log says so.  export: the message as it came, on stdout.\n"
    "Times are this machine's.  States: waiting (for its next try), trying, failed (goes\n"
    "back to its sender), held, done.\n"
    "Exit codes: 0 done, 1 no such message, nothing to do or no server running, 2 wrong usage.\n";

enum { ANSWER_TIME = 10000 };

struct queue_call {
	struct conf *conf;
	struct ipc_conn conn;
	struct arena mem;
	struct queue_done done; /* the last answer; its strs live in mem */
	int fd;                 /* came with it, or -1 */
};

static int queue_connect(struct queue_call *q)
{
	struct err e = { 0 };
	int fd = ipc_connect(proc_socket(q->conf, "queue.ctl"), deadline_in(ANSWER_TIME), &e);

	if (fd < 0)
		return args_fail(CLI_NO, "no server is running here (%s)", e.text);
	ipc_conn_init(&q->conn, fd);
	return 0;
}

/* One question; its answer in q->done.  0, or an exit code after a message. */
static int queue_ask(struct queue_call *q, struct str words)
{
	struct queue_admin ask = { words };
	struct ipc_frame f;
	struct err e = { 0 };
	int64_t deadline = deadline_in(ANSWER_TIME);

	if (ipc_send(&q->conn, &queue_admin_type, 1, &ask, -1, deadline, &e) < 0 ||
	    ipc_recv(&q->conn, &f, deadline, &e) < 0)
		return args_fail(CLI_NO, "telltale-queue does not answer: %s", e.text);
	fd_clear(&q->fd);
	q->fd = f.fd;
	if (f.type != queue_done_number || ipc_unpack(f.body, &queue_done_type, &q->done, &e) < 0)
		return args_fail(CLI_NO, "telltale-queue speaks another version's language");
	ipc_keep(&q->mem, &queue_done_type, &q->done);
	if (q->done.status != CLI_DONE)
		return args_fail((int)q->done.status, "%.*s", STR_ARG(q->done.message));
	return 0;
}

/* The answer as JSON into *j, to be given up by the caller; 0, or an exit code after a message. */
static int queue_json(const struct queue_call *q, json_t **j)
{
	json_error_t why;

	*j = json_loadb(q->done.output.p, q->done.output.n, 0, &why);
	return *j != NULL ? 0 : args_fail(CLI_BUG, "telltale-queue's answer is not JSON: %s", why.text);
}

static void print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
}

/* One page into `all`; *after becomes its last number, 0 when there is no more. */
static int take_page(struct queue_call *q, json_t *all, long long *after)
{
	BUF(words);
	json_t *j, *page;
	int rc;

	buf_add(&words, "list", 5);
	buf_fmt(&words, "%lld", *after);
	rc = queue_ask(q, buf_str(&words));
	if (rc == 0)
		rc = queue_json(q, &j);
	if (rc != 0)
		return rc;
	page = json_object_get(j, "messages");
	*after = 0;
	if (json_is_true(json_object_get(j, "more")))
		*after = json_integer_value(json_object_get(json_array_get(page, json_array_size(page) - 1), "qp"));
	json_array_extend(all, page);
	json_decref(j);
	return 0;
}

static int queue_list(struct queue_call *q, bool as_json)
{
	json_t *all = json_array();
	long long after = 0;
	int rc;

	do
		rc = take_page(q, all, &after);
	while (rc == 0 && after > 0);
	if (rc == 0 && as_json) {
		json_t *j = json_pack("{s:O}", "messages", all);

		print_json(j);
		json_decref(j);
	} else if (rc == 0) {
		queue_print_messages(all);
	}
	json_decref(all);
	return rc;
}

static int queue_show(struct queue_call *q, const char *what, bool as_json)
{
	BUF(words);
	json_t *j;
	int rc;

	buf_add(&words, "show", 5);
	buf_adds(&words, what);
	rc = queue_ask(q, buf_str(&words));
	if (rc == 0)
		rc = queue_json(q, &j);
	if (rc != 0)
		return rc;
	if (as_json)
		print_json(j);
	else
		queue_print_message(j);
	json_decref(j);
	return 0;
}

static int queue_words(struct queue_call *q, char *const words[], int n)
{
	BUF(b);

	for (int i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(&b, '\0');
		buf_adds(&b, words[i]);
	}
	return queue_ask(q, buf_str(&b));
}

static int queue_act(struct queue_call *q, const struct args *a)
{
	int rc = queue_words(q, a->rest, a->nrest);

	if (rc != 0)
		return rc;
	if (a->json)
		printf("%.*s\n", STR_ARG(q->done.output));
	else
		fprintf(stderr, "%.*s\n", STR_ARG(q->done.message));
	return 0;
}

static int copy_out(int fd, uint64_t offset, uint64_t size)
{
	char chunk[64 * 1024];

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < sizeof(chunk) ? (size_t)(size - at) : sizeof(chunk);

		if (io_pread_all(fd, chunk, n, (off_t)(offset + at)) < 0)
			return args_fail(CLI_NO, "the message cannot be read");
		if (fwrite(chunk, 1, n, stdout) != n)
			return args_fail(CLI_NO, "the output cannot be written");
		at += n;
	}
	return fflush(stdout) == 0 ? 0 : args_fail(CLI_NO, "the output cannot be written");
}

static int queue_export(struct queue_call *q, const struct args *a)
{
	int rc = queue_words(q, a->rest, a->nrest);
	json_t *j;

	if (rc == 0)
		rc = queue_json(q, &j);
	if (rc != 0)
		return rc;
	rc = copy_out(q->fd, (uint64_t)json_integer_value(json_object_get(j, "offset")),
		      (uint64_t)json_integer_value(json_object_get(j, "size")));
	json_decref(j);
	return rc;
}

static int queue_do_list(struct queue_call *q, const struct args *a)
{
	return queue_list(q, a->json);
}

static int queue_do_show(struct queue_call *q, const struct args *a)
{
	return queue_show(q, a->rest[1], a->json);
}

static const struct verb {
	const char *name;
	int least, most; /* words, its own included */
	int (*run)(struct queue_call *q, const struct args *a);
} verbs[] = {
	{ "list", 1, 1, queue_do_list },  { "show", 2, 2, queue_do_show }, { "hold", 2, 2, queue_act },
	{ "release", 2, 2, queue_act },   { "retry", 1, 2, queue_act },    { "delete", 2, 2, queue_act },
	{ "export", 2, 2, queue_export },
};

static const struct verb *verb_of(const struct args *a)
{
	for (size_t i = 0; a->nrest > 0 && i < COUNT(verbs); i++)
		if (strcmp(a->rest[0], verbs[i].name) == 0 && a->nrest >= verbs[i].least && a->nrest <= verbs[i].most)
			return &verbs[i];
	return NULL;
}

static int queue_run(int argc, char **argv)
{
	struct queue_call q = { .conn.fd = -1, .fd = -1 };
	const struct verb *verb;
	struct args a;
	struct conf c;
	int rc;

	if (!args_take(&a, argc, argv, queue_usage))
		return CLI_USAGE;
	verb = verb_of(&a);
	if (verb == NULL)
		return args_fail(CLI_USAGE,
				 "queue wants list, show, hold, release, retry, delete or export; see --help");
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	q.conf = &c;
	rc = queue_connect(&q);
	if (rc == 0)
		rc = verb->run(&q, &a);
	fd_clear(&q.fd);
	ipc_conn_clear(&q.conn);
	arena_clear(&q.mem);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_queue = {
	.name = "queue",
	.summary = "what is not delivered yet: list, show, hold, release, retry, delete, export",
	.usage = queue_usage,
	.run = queue_run,
};
