#include "deliver/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"
#include "base/proc.h"
#include "base/say.h"
#include "deliver/pipe_run.h"
#include "queue/spool.h"

enum {
	PAUSE = 200,
	CONNECT_TIME = 2000,
	AWAY = 3000, /* ms without a channel that are worth a word */
	JOBS_MAX = 1000,
	RUNS_MOST = 100, /* programs at one time, of all rows */
	TURN = 1000,     /* longest sleep while programs run: stragglers are looked for then */
	POLLS = 2 + 2 * RUNS_MOST
};

/* One delivery, from deliver_program to deliver_done. */
struct job {
	struct deliver_program ask; /* its strs live in mem */
	struct arena mem;
	const struct conf_runner *row;
	int fd;
	bool running;
	struct run run;
	struct job *next;
};

struct pipes {
	const struct pipe_set *set;
	struct ipc_conn conn;
	struct job *first; /* the oldest first */
	size_t n, running;
	int64_t leave; /* deadline once we were asked to leave, else DEADLINE_NEVER */
};

static bool leaving(const struct pipes *p)
{
	return p->leave != DEADLINE_NEVER;
}

static void drop(struct pipes *p, struct job *j)
{
	struct job **at = &p->first;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	p->n--;
	p->running -= j->running;
	fd_clear(&j->fd);
	arena_clear(&j->mem);
	free(j);
}

static void done(struct pipes *p, struct job *j, const struct outcome *out)
{
	struct deliver_done m = { .delivery = j->ask.delivery, .outcome = out->kind, .report = out->report };

	if (out->kind == OUTCOME_SUCCESS) {
		m.path = arena_fmt(&j->mem, "|%.*s", STR_ARG(j->ask.program));
		m.rule = arena_fmt(&j->mem, "program %.*s", STR_ARG(j->ask.program));
	}
	ipc_queue(&p->conn, &deliver_done_type, 0, &m, -1);
	drop(p, j);
}

static void defer(struct pipes *p, struct job *j, struct str report)
{
	done(p, j, &(struct outcome){ OUTCOME_DEFERRAL, report });
}

/* ---- what comes ---- */

static int take(struct pipes *p, struct ipc_frame *f, struct err *e)
{
	struct job *j, **at = &p->first;

	if (f->type != deliver_program_number || p->n >= JOBS_MAX) {
		fd_clear(&f->fd);
		return err_set(e, "message %u is not for us, or one too many", f->type);
	}
	j = mem_alloc(sizeof(*j));
	j->fd = f->fd;
	j->run = (struct run){ .end = -1, .out = -1 };
	while (*at != NULL)
		at = &(*at)->next;
	*at = j;
	p->n++;
	if (ipc_unpack(f->body, &deliver_program_type, &j->ask, e) < 0) {
		drop(p, j);
		return -1;
	}
	ipc_keep(&j->mem, &deliver_program_type, &j->ask);
	j->row = conf_runner(p->set->conf, j->ask.program);
	if (j->row == NULL)
		defer(p, j, STR("No program of that name is configured. (#4.3.5)"));
	return 0;
}

/* 1: there may be more; 0: not now; -1: the channel is over. */
static int hear(struct pipes *p, struct err *e)
{
	struct ipc_frame f;
	int filled = ipc_fill(&p->conn, e), rc = filled;

	while (rc > 0 && (rc = ipc_next(&p->conn, &f, e)) > 0)
		if (take(p, &f, e) < 0)
			return -1;
	return rc < 0 ? -1 : filled;
}

/* ---- what runs ---- */

static size_t running_of(const struct pipes *p, const struct conf_runner *row)
{
	size_t n = 0;

	for (const struct job *j = p->first; j != NULL; j = j->next)
		n += j->running && j->row == row;
	return n;
}

static void start(struct pipes *p, struct job *j)
{
	struct run_ask ask = { j->row,        j->fd,       j->ask.offset,  j->ask.size,   j->ask.qp,
			       j->ask.sender, j->ask.rcpt, p->set->around, p->set->as_one };
	struct outcome out;
	struct err e = { 0 };
	int rc = run_start(&j->run, &ask, &j->mem, &out, &e);

	if (rc > 0)
		done(p, j, &out);
	else if (rc < 0)
		defer(p, j, arena_fmt(&j->mem, "Unable to run the program: %s. (#4.3.0)", e.text));
	if (rc != 0)
		return;
	j->running = true;
	p->running++;
	fd_clear(&j->fd);
}

static void start_all(struct pipes *p)
{
	struct job *next;

	for (struct job *j = p->first; j != NULL && p->running < RUNS_MOST; j = next) {
		next = j->next;
		if (!j->running && running_of(p, j->row) < (size_t)j->row->set.concurrency)
			start(p, j);
	}
}

static bool is_ours(const struct pipes *p, pid_t pid)
{
	for (const struct job *j = p->first; j != NULL; j = j->next)
		if (j->running && j->run.pid == pid)
			return true;
	return false;
}

/* Whoever has become our child without being a program of ours was left behind by one that is over: it ends. */
static void end_stragglers(const struct pipes *p)
{
	char path[64];
	BUF(list);
	struct str rest, word;
	struct err e;
	uint64_t pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (io_slurp(AT_FDCWD, path, 1024 * 1024, &list, &e) < 0)
		return;
	rest = buf_str(&list);
	while ((word = str_word(&rest)).n > 0) {
		if (!str_u64(word, INT32_MAX, &pid) || is_ours(p, (pid_t)pid))
			continue;
		kill((pid_t)pid, SIGKILL);
		(void)waitpid((pid_t)pid, NULL, WNOHANG);
	}
}

/* After a break nobody wants to hear of what we did. */
static void forget_all(struct pipes *p)
{
	while (p->first != NULL) {
		struct job *j = p->first;
		struct outcome out;

		if (j->running) {
			run_kill(&j->run);
			run_end(&j->run, j->row, &j->mem, &out);
		}
		drop(p, j);
	}
	end_stragglers(p);
	ipc_conn_clear(&p->conn);
}

/* ---- the loop ---- */

static void asked_to_leave(struct pipes *p)
{
	int sig = proc_signal(p->set->signals);
	int64_t within = sig == SIGHUP ? p->set->drain : p->set->grace;
	struct deliver_leaving word;

	if (sig == 0 || (leaving(p) && sig == SIGHUP))
		return;
	word = (struct deliver_leaving){ .within = (uint64_t)within };
	if (!leaving(p) && p->conn.fd >= 0)
		ipc_queue(&p->conn, &deliver_leaving_type, 0, &word, -1);
	p->leave = deadline_in(within);
}

static int64_t tick_all(struct pipes *p)
{
	int64_t now = clock_mono(), next = p->running > 0 || leaving(p) ? TURN : 60000;

	for (struct job *j = p->first; j != NULL; j = j->next) {
		int64_t ms = j->running ? run_tick(&j->run, now) : next;

		next = ms < next ? ms : next;
	}
	return next > 0 ? next : 0;
}

static size_t list_polls(const struct pipes *p, struct pollfd *at)
{
	size_t n = 2;

	at[0] = (struct pollfd){ .fd = p->set->signals, .events = POLLIN };
	at[1] = (struct pollfd){ .fd = p->conn.fd, .events = (short)(POLLIN | (p->conn.out.n > 0 ? POLLOUT : 0)) };
	for (const struct job *j = p->first; j != NULL && n + 2 <= POLLS; j = j->next) {
		if (!j->running)
			continue;
		at[n++] = (struct pollfd){ .fd = j->run.end, .events = POLLIN };
		at[n++] = (struct pollfd){ .fd = j->run.out, .events = POLLIN };
	}
	return n;
}

static void see_runs(struct pipes *p, const struct pollfd *at, size_t n)
{
	size_t i = 2;
	struct job *next;

	for (struct job *j = p->first; j != NULL && i < n; j = next) {
		struct outcome out;

		next = j->next;
		if (!j->running)
			continue;
		if (at[i + 1].revents != 0)
			run_hear(&j->run);
		if (at[i].revents != 0) {
			run_end(&j->run, j->row, &j->mem, &out);
			done(p, j, &out);
		}
		i += 2;
	}
}

static int one_turn(struct pipes *p, struct err *e)
{
	struct pollfd at[POLLS];
	size_t n;
	int ms = (int)tick_all(p);

	n = list_polls(p, at);
	if (poll(at, n, ms) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");
	see_runs(p, at, n);
	if (at[0].revents != 0)
		asked_to_leave(p);
	if (at[1].revents & (POLLIN | POLLHUP | POLLERR) && hear(p, e) < 0)
		return -1;
	start_all(p);
	end_stragglers(p);
	return ipc_flush(&p->conn, e) < 0 ? -1 : 0;
}

/* One channel's life: 0 when we leave, -1 when it broke. */
static int serve(struct pipes *p, struct err *e)
{
	struct queue_hello hello = { .role = STR("p") };

	ipc_queue(&p->conn, &queue_hello_type, 0, &hello, -1);
	if (ipc_flush(&p->conn, e) < 0)
		return -1;
	while (clock_mono() < p->leave)
		if (one_turn(p, e) < 0)
			return leaving(p) ? 0 : -1;
	return 0;
}

int pipe_serve(const struct pipe_set *set, struct err *e)
{
	struct pipes p = { .set = set, .conn.fd = -1, .leave = DEADLINE_NEVER };

	int64_t since = clock_mono();
	bool said = false;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl");
	proc_ready();
	while (!leaving(&p)) {
		struct err why = { 0 };
		struct pollfd signals = { .fd = set->signals, .events = POLLIN };
		int fd = ipc_connect(set->socket, deadline_in(CONNECT_TIME), &why);

		if (fd >= 0) {
			ipc_conn_init(&p.conn, fd);
			if (serve(&p, &why) == 0)
				break;
			forget_all(&p);
			since = clock_mono();
			said = false;
		}
		if (!said && clock_mono() - since > AWAY && !leaving(&p)) {
			say(SAY_WARNING, "telltale-queue: %s; trying again", why.text);
			said = true;
		}
		if (poll(&signals, 1, PAUSE) > 0)
			asked_to_leave(&p);
	}
	forget_all(&p);
	return 0;
}
