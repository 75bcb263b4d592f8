#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/proc.h"
#include "base/utf8.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "queue/spool.h"

static const char queue_usage[] =
    "usage: telltale queue list [--json] [-c FILE]\n"
    "       telltale queue show QP[/RECIPIENT] [--json] [-c FILE]\n"
    "\n"
    "What was accepted and is not delivered yet.  list: a line for each recipient that\n"
    "waits; show: all of one message, or of one of its recipients (by its index).\n"
    "Times are this machine's.  States: waiting (for its next try), trying, failed (kept,\n"
    "not tried again), held (its file is damaged), done.\n"
    "Exit codes: 0 done, 1 no such message or no server running, 2 wrong usage.\n";

enum { ANSWER_TIME = 10000 };

struct queue_call {
	struct conf *conf;
	struct ipc_conn conn;
	struct arena mem;
	struct queue_done done; /* the last answer; its strs live in mem */
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
	fd_clear(&f.fd);
	if (f.type != queue_done_number || ipc_unpack(f.body, &queue_done_type, &q->done, &e) < 0)
		return args_fail(CLI_NO, "telltale-queue speaks another version's language");
	ipc_keep(&q->mem, &queue_done_type, &q->done);
	if (q->done.status != CLI_DONE)
		return args_fail((int)q->done.status, "%.*s", STR_ARG(q->done.message));
	return 0;
}

/* The answer as JSON; NULL after a message. */
static json_t *queue_json(const struct queue_call *q)
{
	json_error_t why;
	json_t *j = json_loadb(q->done.output.p, q->done.output.n, 0, &why);

	if (j == NULL)
		args_fail(CLI_BUG, "telltale-queue's answer is not JSON: %s", why.text);
	return j;
}

/* A report's lines stand side by side; nothing from outside commands the terminal. */
static void put_plain(struct buf *b, const char *z)
{
	struct str rest = str_of(z), line;

	for (bool more = true, first = true; more; first = false) {
		more = str_cut(rest, STR("\n"), &line, &rest);
		if (!first && line.n > 0)
			buf_adds(b, "; ");
		utf8_show(b, line);
	}
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *z = json_string_value(json_object_get(j, key));

	return z != NULL ? z : "";
}

static long long number_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static void put_age(struct buf *b, long long s)
{
	if (s < 100)
		buf_fmt(b, "%llds", s);
	else if (s < 100 * 60)
		buf_fmt(b, "%lldm", s / 60);
	else if (s < 48 * 3600)
		buf_fmt(b, "%lldh", s / 3600);
	else
		buf_fmt(b, "%lldd", s / 86400);
}

static void put_size(struct buf *b, long long n)
{
	if (n < 10000)
		buf_fmt(b, "%lld", n);
	else if (n < 10000 * 1024LL)
		buf_fmt(b, "%lldK", n / 1024);
	else
		buf_fmt(b, "%lldM", n / 1024 / 1024);
}

/* "2021-03-09T12:43:51+02:00" as "03-09 12:43:51": the machine's time, without what the reader knows. */
static void put_time(struct buf *b, const char *iso)
{
	if (strlen(iso) < 19)
		buf_addc(b, '-');
	else
		buf_fmt(b, "%.5s %.8s", iso + 5, iso + 11);
}

enum { COLUMNS = 9 };

static const char *const titles[COLUMNS] = { "QP",    "AGE",   "SIZE",     "SENDER", "RECIPIENT",
					     "STATE", "TRIES", "NEXT TRY", "REASON" };

/* A row: its cells in one buf, NUL between them. */
static void put_row(struct buf *b, const json_t *m, const json_t *r)
{
	buf_fmt(b, "%lld/%lld", number_of(m, "qp"), number_of(r, "index")), buf_addc(b, '\0');
	put_age(b, number_of(m, "age")), buf_addc(b, '\0');
	put_size(b, number_of(m, "size")), buf_addc(b, '\0');
	buf_addc(b, '<'), put_plain(b, text_of(m, "sender")), buf_adds(b, ">"), buf_addc(b, '\0');
	put_plain(b, text_of(r, "address")), buf_addc(b, '\0');
	put_plain(b, text_of(r, "state")), buf_addc(b, '\0');
	buf_fmt(b, "%lld", number_of(r, "attempts")), buf_addc(b, '\0');
	put_time(b, text_of(r, "next")), buf_addc(b, '\0');
	put_plain(b, text_of(r, "reason")), buf_addc(b, '\0');
}

static void put_titles(struct buf *b)
{
	for (size_t i = 0; i < COLUMNS; i++)
		buf_add(b, titles[i], strlen(titles[i]) + 1);
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t width_of(const char *z)
{
	size_t n = 0;

	for (; *z != '\0'; z++)
		n += ((unsigned char)*z & 0xc0) != 0x80;
	return n;
}

static void print_table(const struct buf *cells)
{
	size_t width[COLUMNS] = { 0 };
	const char *end = cells->p + cells->n;
	size_t i = 0;

	for (const char *z = cells->p; z < end; z += strlen(z) + 1, i++)
		if (width_of(z) > width[i % COLUMNS])
			width[i % COLUMNS] = width_of(z);
	i = 0;
	for (const char *z = cells->p; z < end; z += strlen(z) + 1, i++) {
		bool last = i % COLUMNS == COLUMNS - 1;

		fputs(z, stdout);
		if (last)
			putchar('\n');
		else
			printf("%*s", (int)(width[i % COLUMNS] - width_of(z)) + 2, "");
	}
}

static void print_messages(const json_t *messages)
{
	BUF(cells);
	const json_t *m, *r;
	size_t i, k;
	long long omitted = 0;

	put_titles(&cells);
	json_array_foreach(messages, i, m)
	{
		json_array_foreach(json_object_get(m, "recipients"), k, r) put_row(&cells, m, r);
		omitted += number_of(m, "omitted");
	}
	if (json_array_size(messages) > 0)
		print_table(&cells);
	else
		fputs("the queue is empty\n", stderr);
	if (omitted > 0)
		fprintf(stderr, "%lld more recipients are not shown: telltale queue show QP/RECIPIENT\n", omitted);
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
	if (rc != 0)
		return rc;
	j = queue_json(q);
	if (j == NULL)
		return CLI_BUG;
	page = json_object_get(j, "messages");
	*after = 0;
	if (json_is_true(json_object_get(j, "more")))
		*after = number_of(json_array_get(page, json_array_size(page) - 1), "qp");
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
		print_messages(all);
	}
	json_decref(all);
	return rc;
}

static void print_line(const char *name, const char *value)
{
	BUF(b);

	put_plain(&b, value);
	if (*value != '\0')
		printf("%-11s%s\n", name, buf_z(&b));
}

static void print_rcpt(const json_t *r)
{
	printf("\n%-11s%lld\n", "recipient", number_of(r, "index"));
	print_line("address", text_of(r, "address"));
	if (strcmp(text_of(r, "original"), text_of(r, "address")) != 0)
		print_line("sent to", text_of(r, "original"));
	print_line("channel", text_of(r, "channel"));
	print_line("state", text_of(r, "state"));
	printf("%-11s%lld\n", "tries", number_of(r, "attempts"));
	print_line("reason", text_of(r, "reason"));
	print_line("next try", text_of(r, "next"));
}

static void print_message(const json_t *m)
{
	BUF(age);
	BUF(sender);
	const json_t *r;
	size_t i;

	put_age(&age, number_of(m, "age"));
	buf_fmt(&sender, "<%s>", text_of(m, "sender"));
	printf("%-11s%lld\n", "qp", number_of(m, "qp"));
	print_line("accepted", text_of(m, "time"));
	print_line("age", buf_z(&age));
	printf("%-11s%lld\n", "bytes", number_of(m, "size"));
	print_line("sender", buf_z(&sender));
	print_line("damage", text_of(m, "damage"));
	json_array_foreach(json_object_get(m, "recipients"), i, r) print_rcpt(r);
	if (number_of(m, "omitted") > 0)
		fprintf(stderr, "%lld more recipients are not shown\n", number_of(m, "omitted"));
}

static int queue_show(struct queue_call *q, const char *what, bool as_json)
{
	BUF(words);
	json_t *j;
	int rc;

	buf_add(&words, "show", 5);
	buf_adds(&words, what);
	rc = queue_ask(q, buf_str(&words));
	if (rc != 0)
		return rc;
	j = queue_json(q);
	if (j == NULL)
		return CLI_BUG;
	if (as_json)
		print_json(j);
	else
		print_message(j);
	json_decref(j);
	return 0;
}

static int queue_run(int argc, char **argv)
{
	struct queue_call q = { .conn.fd = -1 };
	struct args a;
	struct conf c;
	bool list, show;
	int rc;

	if (!args_take(&a, argc, argv, queue_usage))
		return CLI_USAGE;
	list = a.nrest == 1 && strcmp(a.rest[0], "list") == 0;
	show = a.nrest == 2 && strcmp(a.rest[0], "show") == 0;
	if (!list && !show)
		return args_fail(CLI_USAGE, "queue wants `list` or `show QP[/RECIPIENT]`");
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	q.conf = &c;
	rc = queue_connect(&q);
	if (rc == 0)
		rc = list ? queue_list(&q, a.json) : queue_show(&q, a.rest[1], a.json);
	ipc_conn_clear(&q.conn);
	arena_clear(&q.mem);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_queue = {
	.name = "queue",
	.summary = "what was accepted and is not delivered yet: list, show",
	.usage = queue_usage,
	.run = queue_run,
};
