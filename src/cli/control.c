#include "cli/control.h"

#include <errno.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"

int control_ask(struct control_call *k, struct conf *c, const struct ipc_type *question, int64_t patience)
{
	struct control_status words = { 1 }; /* all questions look alike */
	int64_t deadline = deadline_in(patience);
	struct ipc_frame f = { .fd = -1 };
	struct err e = { 0 };
	int fd;

	*k = (struct control_call){ .conn.fd = -1, .fd = -1 };
	fd = ipc_connect(proc_socket(c, "telltaled.ctl"), deadline, &e);
	if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED))
		return args_fail(CLI_NO, "no server is running on %s", conf_z(c->top.data_dir));
	if (fd < 0)
		return args_fail(CLI_NO, "the server cannot be asked: %s", e.text);
	ipc_conn_init(&k->conn, fd);
	if (ipc_send(&k->conn, question, 1, &words, -1, deadline, &e) < 0 || ipc_recv(&k->conn, &f, deadline, &e) < 0)
		return args_fail(CLI_NO, "telltaled does not answer: %s", e.text);
	k->fd = f.fd;
	if (f.type != control_told_number || ipc_unpack(f.body, &control_told_type, &k->told, &e) < 0)
		return args_fail(CLI_NO, "telltaled speaks another version's language");
	ipc_keep(&k->mem, &control_told_type, &k->told);
	return 0;
}

void control_hang_up(struct control_call *k)
{
	fd_clear(&k->fd);
	if (k->conn.fd >= 0)
		ipc_conn_clear(&k->conn);
	arena_clear(&k->mem);
}
