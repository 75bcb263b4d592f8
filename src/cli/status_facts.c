#include <fcntl.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/proc.h"
#include "cli/status.h"
#include "queue/spool.h"
#include "base/census.h"

enum { QUEUE_TIME = 3000 };
#define TAIL_LOOKED_AT (256 * 1024)

void status_date_programs(json_t *programs)
{
	size_t i;
	json_t *p;

	json_array_foreach(programs, i, p)
	{
		int64_t t = json_integer_value(json_object_get(p, "since"));
		BUF(b);

		stamp_put_iso(&b, t, zone_offset(t));
		json_object_set_new(p, "since", json_string(buf_z(&b)));
	}
}

json_t *status_sessions(int census)
{
	struct err e;
	uint64_t n;

	return census >= 0 && census_count(census, &n, &e) == 0 ? json_integer((json_int_t)n) : json_null();
}

/* ---- the queue ---- */

/* What is paused, and how much there is in all; NULL: no answer. */
static json_t *ask_queue(struct ipc_conn *conn, int64_t deadline)
{
	struct queue_admin ask = { STR("paused") };
	struct queue_done done;
	struct ipc_frame f = { .fd = -1 };
	struct err e;
	json_t *j = NULL;

	if (ipc_send(conn, &queue_admin_type, 1, &ask, -1, deadline, &e) < 0 || ipc_recv(conn, &f, deadline, &e) < 0)
		return NULL;
	if (f.type == queue_done_number && ipc_unpack(f.body, &queue_done_type, &done, &e) == 0)
		j = json_loadb(done.output.p, done.output.n, 0, NULL);
	fd_clear(&f.fd);
	return j;
}

json_t *status_queue(struct conf *c)
{
	int64_t deadline = deadline_in(QUEUE_TIME);
	struct ipc_conn conn;
	struct err e;
	int fd = ipc_connect(proc_socket(c, "queue.ctl"), deadline, &e);
	json_t *j;

	if (fd < 0)
		return json_null();
	ipc_conn_init(&conn, fd);
	j = ask_queue(&conn, deadline);
	ipc_conn_clear(&conn);
	if (j == NULL)
		return json_null();
	json_object_set_new(j, "more", json_false()); /* all are counted; the key stands for those who ask for it */
	return j;
}

/* ---- files ---- */

json_t *status_disk(const struct conf *c)
{
	const struct {
		const char *name;
		struct str path;
	} folders[] = {
		{ "spool-dir", c->top.spool_dir },
		{ "mail-dir", c->top.mail_dir },
		{ "log-dir", c->top.log_dir },
	};
	json_t *all = json_array();

	for (size_t i = 0; i < COUNT(folders); i++) {
		struct statvfs v;

		if (statvfs(conf_z(folders[i].path), &v) == 0)
			json_array_append_new(all, json_pack("{s:s,s:s,s:I,s:I}", "folder", folders[i].name, "path",
							     conf_z(folders[i].path), "free",
							     (json_int_t)v.f_bavail * (json_int_t)v.f_frsize, "size",
							     (json_int_t)v.f_blocks * (json_int_t)v.f_frsize));
	}
	return all;
}

json_t *status_trouble(struct conf *c)
{
	const char *path = conf_z(arena_fmt(&c->mem, "%s/server.log", conf_z(c->top.log_dir)));
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC);
	struct str rest, line, last = STR("");
	struct err e;
	BUF(b);

	if (fd < 0 || io_slurp_tail_fd(fd, TAIL_LOOKED_AT, &b, &e) < 0)
		return json_null();
	rest = buf_str(&b);
	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		if (str_find(line, STR("] warning: ")) >= 0 || str_find(line, STR("] error: ")) >= 0)
			last = line;
	}
	return last.n > 0 ? json_stringn_nocheck(last.p, last.n) : json_null();
}
