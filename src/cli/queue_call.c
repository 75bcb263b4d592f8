#include "cli/queue_call.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/cli.h"

enum { ANSWER_TIME = 30000 };

int queue_connect(struct queue_call *q)
{
	struct err e = { 0 };
	int fd = ipc_connect(proc_socket(q->conf, "queue.ctl"), deadline_in(ANSWER_TIME), &e);

	if (fd < 0)
		return args_fail(CLI_NO, "no server is running here (%s)", e.text);
	ipc_conn_init(&q->conn, fd);
	return 0;
}

static void show_progress(const struct ipc_frame *f, bool *shown)
{
	struct queue_progress p;

	if (!isatty(STDERR_FILENO) || ipc_unpack(f->body, &queue_progress_type, &p, NULL) < 0)
		return;
	fprintf(stderr, "\r%llu of %llu messages looked at, %llu found ", (unsigned long long)p.looked,
		(unsigned long long)p.of, (unsigned long long)p.found);
	*shown = true;
}

/* The next frame that is no word about how far it is. */
static int hear(struct queue_call *q, struct ipc_frame *f, struct err *e)
{
	bool shown = false;
	int rc = ipc_recv(&q->conn, f, deadline_in(ANSWER_TIME), e);

	while (rc >= 0 && f->type == queue_progress_number) {
		show_progress(f, &shown);
		rc = ipc_recv(&q->conn, f, deadline_in(ANSWER_TIME), e);
	}
	if (shown)
		fprintf(stderr, "\r%60s\r", "");
	return rc;
}

int queue_ask(struct queue_call *q, struct str words)
{
	struct queue_admin ask = { words };
	struct ipc_frame f;
	struct err e = { 0 };

	if (ipc_send(&q->conn, &queue_admin_type, 1, &ask, -1, deadline_in(ANSWER_TIME), &e) < 0 || hear(q, &f, &e) < 0)
		return args_fail(CLI_NO, "telltale-queue does not answer: %s", e.text);
	fd_clear(&q->fd);
	q->fd = f.fd;
	if (f.type != queue_done_number || ipc_unpack(f.body, &queue_done_type, &q->done, &e) < 0)
		return args_fail(CLI_NO, "telltale-queue speaks another version's language");
	arena_reset(&q->mem);
	ipc_keep(&q->mem, &queue_done_type, &q->done);
	if (q->done.status != CLI_DONE)
		return args_fail((int)q->done.status, "%.*s", STR_ARG(q->done.message));
	return 0;
}

int queue_json(const struct queue_call *q, json_t **j)
{
	json_error_t why;

	*j = json_loadb(q->done.output.p, q->done.output.n, 0, &why);
	return *j != NULL ? 0 : args_fail(CLI_BUG, "telltale-queue's answer is not JSON: %s", why.text);
}

void queue_hang_up(struct queue_call *q)
{
	fd_clear(&q->fd);
	ipc_conn_clear(&q->conn);
	arena_clear(&q->mem);
}

void queue_word(struct buf *b, const char *z)
{
	if (b->n > 0)
		buf_addc(b, '\0');
	buf_adds(b, z);
}

void queue_words(const struct queue_call *q, struct buf *b)
{
	for (int i = 0; i < q->args->nrest; i++)
		queue_word(b, q->args->rest[i]);
	queue_word(b, "--by");
	queue_word(b, args_who());
}
