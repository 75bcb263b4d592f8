#include "web/control.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/say.h"

enum { PATIENCE = 5000, LIST_MOST = 1000, REST = 200 };

/* ---- what it does ---- */

static void put_time(struct json *j, const char *key, int64_t ms)
{
	BUF(b);

	stamp_put_iso(&b, ms / 1000, zone_offset(ms / 1000));
	json_key(j, key), json_str(j, buf_str(&b));
}

static int do_link(const struct web_control *c, struct str by, struct buf *output, struct buf *message)
{
	char token[SESSION_ID + 1];
	struct json j = json_to(output);
	int64_t now = clock_wall();
	BUF(url);

	sessions_link(c->sessions, by, now, token);
	buf_fmt(&url, "%.*senter/%s", STR_ARG(c->url), token);
	json_begin_object(&j);
	json_key(&j, "url"), json_str(&j, buf_str(&url));
	put_time(&j, "until", now + SESSION_LINK_TIME);
	json_end_object(&j);
	buf_fmt(message, "the link is good for %d minutes, and once: whoever opens it is administrator of the page",
		SESSION_LINK_TIME / 60000);
	explicit_bzero(token, sizeof(token));
	return 0;
}

static int do_sessions(const struct web_control *c, struct str by, struct buf *output, struct buf *message)
{
	struct session *at = mem_alloc(LIST_MOST * sizeof(*at));
	size_t n = sessions_list(c->sessions, clock_wall(), at, LIST_MOST);
	struct json j = json_to(output);

	(void)by;
	json_begin_array(&j);
	for (size_t i = 0; i < n; i++) {
		json_begin_object(&j);
		json_key(&j, "number"), json_num(&j, (int64_t)at[i].number);
		json_key(&j, "role"), json_z(&j, at[i].administrator ? "administrator" : "owner");
		json_key(&j, "account"), json_z(&j, at[i].account);
		json_key(&j, "ip"), json_z(&j, at[i].ip);
		put_time(&j, "since", at[i].since);
		put_time(&j, "used", at[i].used);
		json_end_object(&j);
	}
	json_end_array(&j);
	if (n == LIST_MOST)
		buf_fmt(message, "these are the %d that were used last", LIST_MOST);
	free(at);
	return 0;
}

static int do_end(const struct web_control *c, struct str what, struct buf *message)
{
	bool all = str_eqz(what, "--all");
	uint64_t number;
	size_t n;
	ARENA(mem);

	if (str_u64(what, UINT64_MAX, &number))
		n = sessions_end(c->sessions, number);
	else
		n = sessions_end_all(c->sessions, all ? STR("") : arena_lower(&mem, what));
	if (n == 0 && !all) {
		buf_fmt(message, "there is no session %.*s", STR_ARG(str_take(what, 100)));
		return 1;
	}
	buf_fmt(message, "%zu session%s ended", n, n == 1 ? "" : "s");
	return 0;
}

int web_control_do(const struct web_control *c, struct str words, struct str by, struct buf *output,
		   struct buf *message)
{
	struct str verb, what;
	bool more = str_cut(words, STR("\0"), &verb, &what);

	if (!more && str_eqz(verb, "link"))
		return do_link(c, by, output, message);
	if (!more && str_eqz(verb, "sessions"))
		return do_sessions(c, by, output, message);
	if (more && what.n > 0 && str_chr(what, '\0') < 0 && str_eqz(verb, "end"))
		return do_end(c, what, message);
	buf_adds(message, "usage: telltale web link | sessions | end NUMBER|USER@DOMAIN|--all");
	return 2;
}

/* ---- who asks ---- */

static int answer(const struct web_control *c, struct ipc_conn *conn, const struct ipc_frame *f, int64_t deadline)
{
	struct web_done told = { 0 };
	struct web_admin m;
	BUF(output);
	BUF(message);
	int rc;

	if (f->type != web_admin_number || ipc_unpack(f->body, &web_admin_type, &m, NULL) < 0)
		return -1;
	told.status = (uint64_t)web_control_do(c, m.words, m.by, &output, &message);
	told.output = buf_str(&output);
	told.message = buf_str(&message);
	rc = ipc_send(conn, &web_done_type, f->id, &told, -1, deadline, NULL);
	if (output.n > 0) /* there may be a token in it */
		explicit_bzero(output.p, output.n);
	return rc;
}

static void serve(const struct web_control *c, int fd)
{
	int64_t deadline = deadline_in(PATIENCE);
	struct ipc_frame f = { .fd = -1 };
	struct ipc_conn conn;

	ipc_conn_init(&conn, fd);
	while (ipc_recv(&conn, &f, deadline, NULL) == 0) {
		fd_clear(&f.fd);
		if (answer(c, &conn, &f, deadline) < 0)
			break;
	}
	ipc_conn_clear(&conn);
}

static void take(const struct web_control *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
			fiber_sleep(REST); /* no descriptors left, or no memory */
	} else if (!proc_peer_may_command(fd)) {
		say(SAY_WARNING, "control socket: refused (another user)");
		fd_clear(&fd);
	} else {
		serve(c, fd);
	}
}

static void welcome(void *arg)
{
	const struct web_control *c = arg;

	while (io_wait(c->fd, POLLIN, DEADLINE_NEVER) == 0)
		take(c);
}

int web_control_start(struct web_control *c, struct err *e)
{
	if (io_nonblock(c->fd) < 0)
		return err_sys(e, "control socket");
	return fiber_start(welcome, c, e);
}
