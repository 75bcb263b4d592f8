#include "web/follow.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "trace/follow.h"
#include "web/packed.h"
#include "web/scope.h"
#include "web/tally.h"

enum { TURN = 1000, HEAR = 5000, EVENTS_OF_A_TURN = 64 };
#define BEHIND_MAX ((size_t)16 << 20) /* bytes that one has not read */

struct one {
	struct one *next;
	struct ipc_conn conn;
	struct follow *f;
	struct buf asked;
	int64_t deadline; /* until it has asked */
	bool dead;
};

/* Counting costs a follower, so it ends when nobody asks for the counts. */
enum { TALLY_IDLE = 15 * 60 * 1000 };

struct all {
	const struct follow_set *set;
	struct one *first;
	size_t n;
	struct follow_tally *tally; /* NULL: nobody asks */
	int64_t tally_until;
};

static void end(struct one *o)
{
	if (o->f != NULL)
		follow_close(o->f);
	ipc_conn_clear(&o->conn);
	buf_clear(&o->asked);
	free(o);
}

static void take(struct all *a)
{
	int fd = accept4(a->set->live, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct one *o;

	if (fd < 0)
		return;
	if (!proc_peer_is(fd, "web") || a->n > 2 * LIVE_FEEDS_MAX) { /* those of two generations of the page */
		fd_clear(&fd);
		return;
	}
	o = mem_alloc(sizeof(*o));
	ipc_conn_init(&o->conn, fd);
	o->deadline = deadline_in(HEAR);
	o->next = a->first;
	a->first = o;
	a->n++;
}

/* ---- the question ---- */

static void answer(struct one *o, const struct web_reply *r)
{
	struct search_told told = { (uint64_t)r->code, STR("") };

	pieces_queue(&o->conn, buf_str(&r->body));
	ipc_queue(&o->conn, &search_told_type, 1, &told, -1);
	o->dead = true;
}

static int tell_counts(struct all *a, struct web_reply *r)
{
	struct err e = { 0 };

	if (a->tally == NULL)
		a->tally = follow_tally_new(a->set->conf, &e);
	if (a->tally == NULL)
		return web_error(r, 503, "%s", e.text);
	a->tally_until = deadline_in(TALLY_IDLE);
	follow_tally_look(a->tally);
	follow_tally_put(&r->body, a->tally);
	return web_good(r);
}

static int open_follower(struct all *a, struct one *o, struct web_request *q, struct web_reply *r)
{
	struct conf *c = a->set->conf;
	const char *dir = conf_z(c->top.log_dir);
	struct follow_ask ask = { .paths = &dir,
				  .npaths = 1,
				  .question = web_param(q, "q"),
				  .tz = web_param(q, "tz"),
				  .lifetime = c->queue.lifetime / 1000 };
	struct err e = { 0 };
	int code;

	if (request_unpack(buf_str(&o->asked), q, &e) < 0)
		return web_error(r, 500, "%s", e.text);
	if (str_eqz(q->path, "/metrics"))
		return tell_counts(a, r);
	ask.question = web_param(q, "q");
	ask.tz = web_param(q, "tz");
	code = web_scope(q, &ask.domain, &ask.mailbox, r);
	if (code != 0)
		return code;
	o->f = follow_open(&ask, &e);
	return o->f != NULL ? 0 : web_error(r, 400, "%s", e.text);
}

static void hear_question(struct all *a, struct one *o)
{
	ARENA(mem);
	struct web_request q = { .mem = &mem };
	struct web_reply r = { 0 };

	if (open_follower(a, o, &q, &r) == 0) {
		struct search_told good = { 200, STR("") };

		ipc_queue(&o->conn, &search_told_type, 1, &good, -1);
	} else {
		answer(o, &r);
	}
	web_reply_clear(&r);
	buf_clear(&o->asked);
}

static void hear(struct all *a, struct one *o)
{
	struct err e = { 0 };
	struct ipc_frame f;
	int filled = ipc_fill(&o->conn, &e), rc;

	while ((rc = ipc_next(&o->conn, &f, &e)) > 0 && !o->dead) {
		struct search_piece piece;

		fd_clear(&f.fd);
		if (o->f != NULL)
			o->dead = true; /* it asks again */
		else if (f.type == search_ask_number)
			hear_question(a, o);
		else if (f.type != search_piece_number || ipc_unpack(f.body, &search_piece_type, &piece, &e) < 0 ||
			 o->asked.n + piece.bytes.n > PACKED_MAX)
			o->dead = true;
		else
			buf_addstr(&o->asked, piece.bytes);
	}
	if (filled < 0 || rc < 0)
		o->dead = true;
}

/* ---- what happens ---- */

static void tell_event(struct one *o, const char *name, struct str data)
{
	struct search_event event = { str_of(name) };

	pieces_queue(&o->conn, data);
	ipc_queue(&o->conn, &search_event_type, 1, &event, -1);
}

static void tell_said(struct one *o, const char *words)
{
	BUF(b);
	struct json j = json_to(&b);

	json_begin_object(&j);
	json_key(&j, "said"), json_z(&j, words);
	json_end_object(&j);
	tell_event(o, "said", buf_str(&b));
}

static void look(struct one *o)
{
	struct follow_event e;
	const char *words;

	(void)follow_wait(o->f, clock_mono());
	while ((words = follow_said(o->f)) != NULL)
		tell_said(o, words);
	for (int i = 0; i < EVENTS_OF_A_TURN && o->conn.out.n < BEHIND_MAX && follow_next(o->f, &e); i++) {
		BUF(b);

		follow_json(&b, o->f, &e);
		tell_event(o, e.kind == FOLLOW_NEW ? "new" : "changed", buf_str(&b));
	}
}

static void work(struct all *a, struct one *o)
{
	struct err e = { 0 };

	if (!o->dead)
		hear(a, o);
	if (o->f != NULL && !o->dead)
		look(o);
	if (o->f == NULL && clock_mono() > o->deadline)
		o->dead = true;
	if (ipc_flush(&o->conn, &e) < 0 || o->conn.out.n >= BEHIND_MAX)
		o->dead = true;
}

static void work_all(struct all *a)
{
	struct one **at = &a->first, *o;

	if (a->tally != NULL && clock_mono() > a->tally_until) {
		follow_tally_free(a->tally);
		a->tally = NULL;
	}
	if (a->tally != NULL)
		follow_tally_look(a->tally);

	while ((o = *at) != NULL) {
		work(a, o);
		if (!o->dead) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		a->n--;
		end(o);
	}
}

/* Until one of them has something to do. */
static bool wait_for_something(struct all *a)
{
	struct pollfd p[3 + 2 * (2 * LIVE_FEEDS_MAX + 1)] = { { .fd = a->set->live, .events = POLLIN },
							      { .fd = a->set->signals, .events = POLLIN } };
	size_t n = 3;
	bool work = a->first != NULL || a->tally != NULL;

	p[2] = (struct pollfd){ .fd = a->tally != NULL ? follow_tally_watch(a->tally) : -1, .events = POLLIN };
	for (const struct one *o = a->first; o != NULL && n + 2 <= COUNT(p); o = o->next) {
		p[n++] =
		    (struct pollfd){ .fd = o->conn.fd, .events = (short)(POLLIN | (o->conn.out.n > 0 ? POLLOUT : 0)) };
		p[n++] = (struct pollfd){ .fd = o->f != NULL ? follow_fd(o->f) : -1, .events = POLLIN };
	}
	if (poll(p, (nfds_t)n, work ? TURN : -1) < 0 && errno != EINTR)
		BUG("poll: errno %d", errno);
	if (p[0].revents != 0)
		take(a);
	return p[1].revents == 0;
}

int follow_serve(const struct follow_set *set, struct err *e)
{
	struct all a = { .set = set };

	if (io_nonblock(set->live) < 0)
		return err_sys(e, "run/live.sock");
	proc_ready();
	while (wait_for_something(&a))
		work_all(&a);
	follow_tally_free(a.tally);
	while (a.first != NULL) {
		struct one *o = a.first;

		a.first = o->next;
		end(o);
	}
	return 0;
}
