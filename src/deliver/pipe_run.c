#include "deliver/pipe_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "deliver/copy.h"

enum {
	KILL_AFTER = 3000, /* ms between SIGTERM and SIGKILL */
	FILES = 256,
	PROCESSES = 500,
	READS_MOST = 64, /* pieces of what it says in one turn */
	FILE_BYTES = 1 << 30
};

/* ---- what it gets ---- */

/* The message as a file of memory, which is the program's alone. */
static int message_of(const struct run_ask *ask, struct outcome *out, struct err *e)
{
	FD(file) = memfd_create("message", MFD_CLOEXEC);
	struct copy c = { ask->fd, ask->offset, ask->size, file, ask->sender, ask->rcpt };

	if (file < 0)
		return err_sys(e, "make room for the message");
	switch (copy_message(&c, e)) {
	case COPIED:
		break;
	case COPY_LOOPS:
		*out =
		    (struct outcome){ OUTCOME_FAILURE,
				      STR("This message is looping: it already has my Delivered-To line. (#5.4.6)") };
		return -2;
	case COPY_UNREADABLE:
	case COPY_UNWRITABLE:
		return err_wrap(e, "the message");
	}
	if (lseek(file, 0, SEEK_SET) < 0)
		return err_sys(e, "the message");
	return fd_steal(&file);
}

/* Bytes that a line of the environment may have. */
static struct str clean(struct arena *mem, struct str s)
{
	BUF(b);

	for (size_t i = 0; i < s.n; i++)
		buf_addc(&b, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
	return arena_str(mem, buf_str(&b));
}

/* qmail-command(8)'s names, and Postfix's where they are clearer. */
static char **environment(const struct run_ask *ask, struct arena *mem)
{
	struct str rcpt = clean(mem, ask->rcpt), sender = clean(mem, ask->sender);
	ptrdiff_t at = str_rchr(rcpt, '@'), plus;
	struct str local = str_take(rcpt, at < 0 ? rcpt.n : (size_t)at), domain = str_skip(rcpt, local.n + (at >= 0));
	struct str ext;
	char **env = arena_alloc(mem, 20 * sizeof(*env));
	size_t n = 0;

	plus = str_chr(local, '+');
	ext = plus < 0 ? STR("") : str_skip(local, (size_t)plus + 1);
#define PUT(fmt, ...) env[n++] = (char *)(uintptr_t)arena_fmt(mem, fmt, __VA_ARGS__).p
	PUT("%s", "PATH=/usr/local/bin:/usr/bin:/bin");
	PUT("%s", "HOME=/");
	PUT("%s", "SHELL=/bin/sh");
	PUT("SENDER=%.*s", STR_ARG(sender));
	PUT("NEWSENDER=%.*s", STR_ARG(sender));
	PUT("RECIPIENT=%.*s", STR_ARG(rcpt));
	PUT("ORIGINAL_RECIPIENT=%.*s", STR_ARG(rcpt));
	PUT("LOCAL=%.*s", STR_ARG(local));
	PUT("DOMAIN=%.*s", STR_ARG(domain));
	PUT("HOST=%.*s", STR_ARG(domain));
	PUT("EXT=%.*s", STR_ARG(ext));
	PUT("EXTENSION=%.*s", STR_ARG(ext));
	PUT("RPLINE=Return-Path: <%.*s>\n", STR_ARG(sender));
	PUT("DTLINE=Delivered-To: %.*s\n", STR_ARG(rcpt));
	PUT("TELLTALE_QP=%llu", (unsigned long long)ask->qp);
#undef PUT
	env[n] = NULL;
	return env;
}

static char **arguments(const struct conf_runner *row, struct arena *mem)
{
	char **argv = arena_alloc(mem, (row->set.command.n + 1) * sizeof(*argv));

	for (size_t i = 0; i < row->set.command.n; i++)
		argv[i] = (char *)(uintptr_t)arena_z(mem, row->set.command.at[i]);
	argv[row->set.command.n] = NULL;
	return argv;
}

/* ---- the child, of a program of one thread ---- */

static void limit(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit r = { most, most };

	(void)setrlimit(what, &r);
}

static void limits(const struct run_ask *ask)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, (rlim_t)(ask->row->set.deadline / 1000 + 1));
	limit(RLIMIT_AS, (rlim_t)ask->row->set.memory);
	limit(RLIMIT_FSIZE, FILE_BYTES);
	limit(RLIMIT_NOFILE, FILES);
	if (ask->as_one)
		limit(RLIMIT_NPROC, PROCESSES);
}

static _Noreturn void become(const struct run_ask *ask, int message, int out, char **argv, char **env)
{
	static const char why[] = "the program cannot be started\n";
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setsid() < 0 || dup2(message, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir("/") < 0 ||
	    sandbox_around_enter(ask->around) < 0 || (!ask->as_one && sandbox_no_unix() < 0))
		_exit(111);
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	umask(077);
	limits(ask);
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], argv, env);
	(void)!write(2, why, sizeof(why) - 1);
	_exit(111);
}

int run_start(struct run *r, const struct run_ask *ask, struct arena *mem, struct outcome *out, struct err *e)
{
	char **argv = arguments(ask->row, mem), **env = environment(ask, mem);
	FD(message) = message_of(ask, out, e);
	int said[2];

	if (message < 0)
		return message == -2 ? 1 : -1;
	if (pipe2(said, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	*r = (struct run){ .pid = fork(), .end = -1, .out = said[0] };
	if (r->pid == 0)
		become(ask, message, said[1], argv, env);
	close(said[1]);
	if (r->pid > 0)
		r->end = (int)syscall(SYS_pidfd_open, r->pid, 0);
	if (r->end >= 0 && io_nonblock(r->out) == 0) {
		(void)fcntl(r->end, F_SETFD, FD_CLOEXEC);
		r->deadline = deadline_in(ask->row->set.deadline);
		return 0;
	}
	err_sys(e, "start the program");
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		(void)waitpid(r->pid, NULL, 0);
	}
	fd_clear(&r->end);
	fd_clear(&r->out);
	return -1;
}

/* ---- while it runs ---- */

/* What is too much is read too: a program that waits for us to read would never end. */
void run_hear(struct run *r)
{
	char p[4096];

	for (int i = 0; i < READS_MOST && r->out >= 0; i++) {
		ssize_t n = read(r->out, p, sizeof(p));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			fd_clear(&r->out);
			return;
		}
		if (r->said.n < RUN_SAID_MOST)
			buf_add(&r->said, p,
				(size_t)n < RUN_SAID_MOST - r->said.n ? (size_t)n : RUN_SAID_MOST - r->said.n);
	}
}

void run_kill(struct run *r)
{
	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);
}

int64_t run_tick(struct run *r, int64_t now)
{
	if (!r->late && now >= r->deadline) {
		r->late = true;
		r->kill_at = now + KILL_AFTER;
		kill(-r->pid, SIGTERM);
		kill(-r->pid, SIGCONT);
	}
	if (r->late && now >= r->kill_at) {
		run_kill(r);
		r->kill_at = now + KILL_AFTER;
	}
	return (r->late ? r->kill_at : r->deadline) - now;
}

/* ---- how it ended ---- */

/* qmail-command(8); 99 ends the other instructions of a .qmail file, and there are none here. */
static enum outcome_kind kind_of(int code)
{
	static const int hard[] = { 100, 64, 65, 70, 76, 77, 78, 112 };

	if (code == 0 || code == 99)
		return OUTCOME_SUCCESS;
	for (size_t i = 0; i < COUNT(hard); i++)
		if (code == hard[i])
			return OUTCOME_FAILURE;
	return OUTCOME_DEFERRAL;
}

/* What it said, in lines without anything that is not text; ends with a line end unless it is empty. */
static struct str lines_of(struct str said, struct arena *mem)
{
	BUF(b);

	said = str_trim(said);
	for (size_t i = 0; i < said.n; i++)
		buf_addc(&b,
			 said.p[i] == '\n' || said.p[i] == '\t' || (unsigned char)said.p[i] >= 0x20 ? said.p[i] : '?');
	if (b.n > 0)
		buf_addc(&b, '\n');
	return arena_str(mem, buf_str(&b));
}

struct outcome run_outcome(int status, struct str name, struct str said, struct arena *mem)
{
	struct outcome out = { OUTCOME_DEFERRAL, lines_of(said, mem) };
	int code;

	if (!WIFEXITED(status)) {
		out.report = arena_fmt(mem, "%.*sThe program %.*s was ended by signal %d. (#4.3.0)",
				       STR_ARG(out.report), STR_ARG(name), WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		return out;
	}
	code = WEXITSTATUS(status);
	out.kind = kind_of(code);
	if (out.kind == OUTCOME_SUCCESS)
		out.report = arena_fmt(mem, "%.*sdid 0+0+1", STR_ARG(out.report));
	else
		out.report = arena_fmt(mem, "%.*sThe program %.*s ended with status %d. (#%d.3.0)", STR_ARG(out.report),
				       STR_ARG(name), code, out.kind == OUTCOME_FAILURE ? 5 : 4);
	return out;
}

void run_end(struct run *r, const struct conf_runner *row, struct arena *mem, struct outcome *out)
{
	int status = 0;

	run_hear(r);
	/* Its group may hold others yet, and its number is free only when we have waited for it. */
	kill(-r->pid, SIGKILL);
	if (waitpid(r->pid, &status, 0) != r->pid)
		status = SIGKILL;
	if (r->late)
		*out =
		    (struct outcome){ OUTCOME_DEFERRAL,
				      arena_fmt(mem,
						"%.*sThe program %.*s took longer than %lld s and was ended. (#4.3.0)",
						STR_ARG(lines_of(buf_str(&r->said), mem)), STR_ARG(row->name),
						(long long)(row->set.deadline / 1000)) };
	else
		*out = run_outcome(status, row->name, buf_str(&r->said), mem);
	fd_clear(&r->end);
	fd_clear(&r->out);
	buf_clear(&r->said);
}
