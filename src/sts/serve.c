/* One thread; a fiber for each visitor, and one for each of his questions: an answer may take long. */
#include "sts/serve.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"

enum {
	VISITORS_MAX = 128,
	QUESTIONS_MAX = 4000, /* of all */
	OUT_MAX = 4 * 1024 * 1024,
	TURN_MS = 200,
	PAUSE_MS = 100,
	TEND_MS = 2000,
	LOCK_MS = 20 * 1000,
	SAVE_MS = 60 * 1000,
	TOLD_MS = 10 * 1000, /* the same, when a report has gone out */
	DAY_MS = 86400 * 1000,
	COUNTED_MAX = 900 * 1024, /* of an answer */
	LEAVE_MS = 1000,
};

struct server {
	const struct sts_serve_set *set;
	struct desk desk;
	struct tally tally;
	struct post post;
	LIST_HEAD(, visitor) visitors;
	size_t nvisitors, nquestions;
	bool over;
	int dir;        /* the folder; or -1 */
	struct err why; /* it could not begin */
};

struct visitor {
	struct server *server;
	struct ipc_conn conn;
	size_t questions; /* fibers that will answer him */
	bool gone, commands;
	LIST_ENTRY(visitor) entry;
};

struct question {
	struct visitor *visitor;
	struct sts_ask ask;
	uint64_t id;
	struct arena mem;
};

/* The last one who needs him lets him go. */
static void visitor_free(struct visitor *v)
{
	ipc_conn_clear(&v->conn);
	LIST_REMOVE(v, entry);
	v->server->nvisitors--;
	free(v);
}

static void question_end(struct question *q)
{
	struct visitor *v = q->visitor;

	arena_clear(&q->mem);
	free(q);
	v->server->nquestions--;
	if (--v->questions == 0 && v->gone)
		visitor_free(v);
}

static void answer(void *arg)
{
	struct question *q = arg;
	struct visitor *v = q->visitor;
	struct sts_told told;

	desk_answer(&v->server->desk, &q->ask, &q->mem, &told);
	if (!v->gone) {
		ipc_queue(&v->conn, &sts_told_type, q->id, &told, -1);
		(void)ipc_flush(&v->conn, NULL); /* what does not go now goes in his turn; that he left is seen there */
	}
	question_end(q);
}

static int take_question(struct visitor *v, const struct ipc_frame *f)
{
	struct question *q;
	struct err e = { 0 };

	if (v->server->nquestions >= QUESTIONS_MAX)
		return -1;
	q = mem_alloc(sizeof(*q));
	q->visitor = v;
	q->id = f->id;
	v->questions++;
	v->server->nquestions++;
	if (ipc_unpack(f->body, &sts_ask_type, &q->ask, &e) < 0) {
		question_end(q);
		return -1;
	}
	ipc_keep(&q->mem, &sts_ask_type, &q->ask);
	if (fiber_start(answer, q, &e) == 0)
		return 0;
	question_end(q);
	return -1;
}

static int take_session(struct visitor *v, const struct ipc_frame *f)
{
	struct sts_session m;
	struct tally_session s;
	const struct page *p;

	if (ipc_unpack(f->body, &sts_session_type, &m, NULL) < 0 || m.kind >= TALLY_KINDS || m.result >= STS_RESULTS)
		return -1;
	s = (struct tally_session){ .domain = m.domain,
				    .kind = (enum tally_kind)m.kind,
				    .policy = m.policy,
				    .result = (enum sts_result)m.result,
				    .mx = m.mx,
				    .ip = m.ip,
				    .reason = m.reason };
	p = s.kind == TALLY_STS ? book_find(v->server->desk.book, m.domain) : NULL;
	if (p != NULL)
		s.policy = p->text;
	tally_count(&v->server->tally, clock_wall() / DAY_MS, &s);
	ipc_queue(&v->conn, &sts_noted_type, f->id, &(struct sts_noted){ 0 }, -1);
	return 0;
}

static void put_counted(const struct server *s, struct str domain, struct buf *out)
{
	int64_t today = clock_wall() / DAY_MS;
	const struct tally_day *d = tally_day(&s->tally, today);
	const struct tally_domain *x = d != NULL ? d->first : NULL;

	buf_addc(out, '[');
	for (; x != NULL && out->n < COUNTED_MAX; x = x->next) {
		if (domain.n > 0 && !str_ieq(domain, x->domain))
			continue;
		if (out->n > 1)
			buf_addc(out, ',');
		report_json(&s->post.from, today, x, out);
	}
	buf_addc(out, ']');
}

static int take_count(struct visitor *v, const struct ipc_frame *f)
{
	struct sts_count m;
	BUF(out);

	if (!v->commands || ipc_unpack(f->body, &sts_count_type, &m, NULL) < 0)
		return -1;
	put_counted(v->server, m.domain, &out);
	ipc_queue(&v->conn, &sts_counted_type, f->id, &(struct sts_counted){ buf_str(&out) }, -1);
	return 0;
}

/* -1: this is no visitor of ours. */
static int take_frame(struct visitor *v, struct ipc_frame *f)
{
	if (f->fd >= 0) {
		fd_clear(&f->fd);
		return -1;
	}
	switch (f->type) {
	case sts_ask_number:
		return take_question(v, f);
	case sts_session_number:
		return take_session(v, f);
	case sts_count_number:
		return take_count(v, f);
	default:
		return -1;
	}
}

static int serve(struct visitor *v)
{
	struct ipc_frame f;
	int rc = 0;

	if (io_wait(v->conn.fd, POLLIN, deadline_in(TURN_MS)) == 0)
		rc = ipc_fill(&v->conn, NULL);
	else if (errno != ETIMEDOUT)
		rc = -1;
	while (rc > 0 && (rc = ipc_next(&v->conn, &f, NULL)) == 1)
		rc = take_frame(v, &f) < 0 ? -1 : 1;
	return rc < 0 || ipc_flush(&v->conn, NULL) < 0 || v->conn.out.n > OUT_MAX ? -1 : 0;
}

static void visit(void *arg)
{
	struct visitor *v = arg;

	while (!v->server->over && serve(v) == 0)
		;
	v->gone = true;
	(void)shutdown(v->conn.fd, SHUT_RDWR);
	if (v->questions == 0)
		visitor_free(v);
}

static void take_visitor(struct server *s, int fd, bool commands)
{
	struct err e = { 0 };
	struct visitor *v;

	if (!(commands ? proc_peer_may_command(fd) : proc_peer_is(fd, "remote"))) {
		close(fd);
		return;
	}
	v = mem_alloc(sizeof(*v));
	v->server = s;
	v->commands = commands;
	ipc_conn_init(&v->conn, fd);
	LIST_INSERT_HEAD(&s->visitors, v, entry);
	s->nvisitors++;
	if (fiber_start(visit, v, &e) == 0)
		return;
	say(SAY_ERROR, "a visitor is sent away: %s", e.text);
	visitor_free(v);
}

static void welcome(struct server *s, int listening, bool commands)
{
	int fd;

	while (!s->over && io_wait(listening, POLLIN, DEADLINE_NEVER) == 0) {
		while (!s->over && s->nvisitors < VISITORS_MAX &&
		       (fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0)
			take_visitor(s, fd, commands);
		if (s->nvisitors >= VISITORS_MAX || (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED))
			fiber_sleep(PAUSE_MS);
	}
}

static void at_the_service(void *arg)
{
	struct server *s = arg;

	welcome(s, s->set->service, false);
}

static void at_the_control(void *arg)
{
	struct server *s = arg;

	welcome(s, s->set->control, true);
}

static void tend(void *arg)
{
	struct server *s = arg;

	while (!s->over) {
		desk_tend(&s->desk);
		fiber_sleep(TEND_MS);
	}
}

static void save(struct server *s)
{
	struct err e = { 0 };

	if (tally_save(&s->tally, &e) < 0)
		say(SAY_WARNING, "what is counted of TLS is not kept: %s", e.text);
}

/* Reports go out, one after another; what was counted is kept. */
static void report(void *arg)
{
	struct server *s = arg;
	int64_t due = deadline_in(SAVE_MS);

	while (!s->over) {
		bool more = post_one(&s->post, &s->tally, clock_wall() / 1000);

		if (more && due > deadline_in(TOLD_MS))
			due = deadline_in(TOLD_MS);
		if (clock_mono() >= due) {
			save(s);
			due = deadline_in(SAVE_MS);
		}
		if (!more)
			fiber_sleep(TEND_MS);
	}
}

static void wait_for_the_end(struct server *s)
{
	do
		(void)io_wait(s->set->signals, POLLIN, DEADLINE_NEVER);
	while (proc_signal(s->set->signals) == 0);
}

/* Everybody wakes up and sees that it is over. */
static void send_away(struct server *s)
{
	int64_t until = deadline_in(LEAVE_MS);
	struct visitor *v;

	s->over = true;
	LIST_FOREACH(v, &s->visitors, entry)
	(void)shutdown(v->conn.fd, SHUT_RDWR);
	while (s->nvisitors > 0 && clock_mono() < until)
		fiber_sleep(1);
}

static int begin(struct server *s)
{
	s->desk.book = book_open(s->set->folder, deadline_in(LOCK_MS), &s->why);
	if (s->desk.book == NULL)
		return -1;
	s->dir = io_opendir(AT_FDCWD, s->set->folder, &s->why);
	if (s->dir < 0)
		return -1;
	tally_load(&s->tally, s->dir);
	return fiber_start(at_the_service, s, &s->why) < 0 || fiber_start(at_the_control, s, &s->why) < 0 ||
		       fiber_start(tend, s, &s->why) < 0 || fiber_start(report, s, &s->why) < 0
		   ? -1
		   : 0;
}

/* The first fiber. */
static void work(void *arg)
{
	struct server *s = arg;

	if (begin(s) < 0)
		return;
	proc_ready();
	wait_for_the_end(s);
	send_away(s);
	save(s);
}

int sts_serve(const struct sts_serve_set *set, struct err *e)
{
	/* Static: fibers that are still there at the end point to it. */
	static struct server s;

	s.set = set;
	s.dir = -1;
	s.desk.fetch = set->fetch;
	s.post = set->post;
	s.post.web = &set->fetch;
	LIST_INIT(&s.visitors);
	if (io_nonblock(set->service) < 0 || io_nonblock(set->control) < 0)
		return err_sys(e, "the service sockets");
	if (fiber_run(work, &s, e) < 0)
		return -1;
	return s.why.text[0] != '\0' ? err_set(e, "%s", s.why.text) : 0;
}
