#include "web/queue.h"

#include "base/clock.h"
#include "base/io.h"

enum { PATIENCE = 10000, IS_USAGE = 2 };

int queue_call_open(struct queue_call *k, const struct web *w, struct arena *mem, struct web_reply *r)
{
	struct queue_hello hello = { .role = STR("w") };
	struct err e = { 0 };
	int fd;

	*k = (struct queue_call){ .mem = mem, .deadline = deadline_in(PATIENCE) };
	fd = ipc_connect(w->queue, k->deadline, &e);
	if (fd < 0)
		return web_error(r, 503, "The queue does not answer.");
	ipc_conn_init(&k->conn, fd);
	ipc_queue(&k->conn, &queue_hello_type, 0, &hello, -1);
	return 0;
}

static int hear(struct queue_call *k, struct err *e)
{
	struct ipc_frame f;

	do {
		if (ipc_recv(&k->conn, &f, k->deadline, e) < 0)
			return -1;
		fd_clear(&f.fd);
	} while (f.type == queue_progress_number);
	if (f.type != queue_done_number || ipc_unpack(f.body, &queue_done_type, &k->done, e) < 0)
		return -1;
	ipc_keep(k->mem, &queue_done_type, &k->done);
	return 0;
}

int queue_call_ask(struct queue_call *k, struct str words, struct web_reply *r)
{
	struct queue_admin ask = { words };
	struct err e = { 0 };

	if (ipc_send(&k->conn, &queue_admin_type, 1, &ask, -1, k->deadline, &e) < 0 || hear(k, &e) < 0)
		return web_error(r, 503, "The queue does not answer.");
	if (k->done.status != 0)
		return web_error(r, k->done.status == IS_USAGE ? 400 : 404, "%.*s", STR_ARG(k->done.message));
	return 0;
}

void queue_call_close(struct queue_call *k)
{
	ipc_conn_clear(&k->conn);
}

void queue_call_word(struct buf *words, struct str word)
{
	if (words->n > 0)
		buf_addc(words, '\0');
	buf_addstr(words, word);
}
