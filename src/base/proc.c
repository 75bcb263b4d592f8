#include "base/proc.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cur.h"
#include "base/io.h"
#include "base/say.h"

int proc_fd(const char *name, int nth)
{
	const char *z = getenv("TELLTALE_FDS");
	struct str rest = str_of(z), item, key, value;

	while (rest.n > 0) {
		uint64_t fd;

		str_cut(rest, STR(","), &item, &rest);
		if (str_cut(item, STR("="), &key, &value) && str_eqz(key, name) && nth-- == 0)
			return str_u64(value, INT_MAX, &fd) ? (int)fd : -1;
	}
	return -1;
}

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/* Descriptors came through exec; from here on they stop at the next one. */
static void keep_to_ourselves(void)
{
	struct str rest = str_of(getenv("TELLTALE_FDS")), item, key, value;
	uint64_t fd;

	while (rest.n > 0) {
		str_cut(rest, STR(","), &item, &rest);
		if (str_cut(item, STR("="), &key, &value) && str_u64(value, INT_MAX, &fd))
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
}

/* A session, a question, a message under way: each is a descriptor.  The soft limit is for who uses select(). */
static void allow_many_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

void proc_search_memory(const struct conf *c)
{
#ifdef __SANITIZE_ADDRESS__
	(void)c;
#else
	struct rlimit most = { (rlim_t)c->web.search_memory, (rlim_t)c->web.search_memory };

	if (setrlimit(RLIMIT_DATA, &most) < 0)
		say(SAY_WARNING, "web { search-memory } cannot be set");
#endif
}

static int read_conf(struct conf *c, struct err *e)
{
	BUF(text);
	int fd = proc_fd("conf", 0);

	if (fd < 0)
		return err_set(e, "no configuration was handed over: telltaled starts this program, not a shell");
	if (io_slurp_shared(fd, CONF_BYTES_MAX, &text, e) < 0)
		return err_wrap(e, "the configuration");
	return conf_parse(c, buf_str(&text), "telltale.conf", e);
}

/* Did telltaled end before its end could reach us?  The kernel tells only of what comes after it was asked to. */
static bool orphaned(void)
{
	struct str parent = str_of(getenv("TELLTALE_PARENT"));
	uint64_t pid;

	return str_u64(parent, INT_MAX, &pid) && getppid() != (pid_t)pid;
}

void proc_begin(const char *program, struct conf *c)
{
	struct err e = { 0 };
	sigset_t set;

	say_open(program, proc_fd("log", 0), SAY_INFO);
	(void)clock_begin();
	our_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* Ctrl-C reaches the whole group: telltaled alone decides who ends, and when */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		say(SAY_WARNING, "prctl: %s", strerror(errno));
	if (orphaned())
		exit(EX_TEMPFAIL);
	umask(getenv("TELLTALE_PEERS") != NULL ? 007 : 077); /* users apart share logs through a group */
	allow_many_files();
	keep_to_ourselves();
	if (read_conf(c, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		exit(EX_CONFIG);
	}
}

int proc_ready_to_take(void)
{
	int fd = proc_fd("ready", 0);

	if (fd >= 0)
		(void)io_write_all(fd, "r", 1);
	return fd;
}

void proc_ready(void)
{
	int fd = proc_ready_to_take();

	fd_clear(&fd);
}

int proc_signals(void)
{
	sigset_t set;

	our_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int proc_signal(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

const char *proc_socket(struct conf *c, const char *name)
{
	return conf_z(arena_fmt(&c->mem, "%s/run/%s", conf_z(c->top.data_dir), name));
}

int proc_thread(void *(*run)(void *), void *arg, size_t stack_kib, struct err *e)
{
	pthread_attr_t attr;
	pthread_t t;
	int code;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack_kib * 1024);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	code = pthread_create(&t, &attr, run, arg);
	pthread_attr_destroy(&attr);
	if (code == 0)
		return 0;
	errno = code;
	return err_sys(e, "start a thread");
}

/* Our programs lie side by side. */
static int program_path(const char *program, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n < 0)
		return -1;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL || (size_t)(slash + 1 - path) + strlen(program) >= size)
		return -1;
	strcpy(slash + 1, program);
	return 0;
}

/* The last moment in which we could: afterwards there is no way back. */
static int change_user(const struct proc_user *u)
{
	gid_t groups[COUNT(u->extra)];
	size_t n = 0;

	if (u == NULL)
		return 0;
	for (size_t i = 0; i < COUNT(u->extra); i++)
		if (u->extra[i] != 0)
			groups[n++] = u->extra[i];
	return setgroups(n, groups) < 0 || setgid(u->gid) < 0 || setuid(u->uid) < 0 ? -1 : 0;
}

/* In the child of a program of one thread: what goes wrong is said by the one who was to be started. */
static _Noreturn void become(const char *path, const struct proc_plan *plan)
{
	sigset_t none;

	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < plan->npass; i++)
		(void)fcntl(plan->pass[i].fd, F_SETFD, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_DFL); /* behind nohup it would be ignored, and lost when it comes before the program looks */
	if (change_user(plan->user) == 0)
		execv(path, (char *const *)(uintptr_t)plan->argv);
	say(SAY_ERROR, "%s cannot be started%s: %s", path,
	    plan->user != NULL ? " as its user, who needs the way to it" : "", strerror(errno));
	_exit(EX_CONFIG);
}

pid_t proc_start(const struct proc_plan *plan, struct err *e)
{
	BUF(fds);
	BUF(parent);
	char path[PATH_MAX];
	pid_t pid;

	if (program_path(plan->program, path, sizeof(path)) < 0 || access(path, X_OK) < 0)
		return err_sys(e, "%s is not beside this program", plan->program);
	for (size_t i = 0; i < plan->npass; i++)
		buf_fmt(&fds, "%s%s=%d", i > 0 ? "," : "", plan->pass[i].name, plan->pass[i].fd);
	buf_fmt(&parent, "%d", (int)getpid());
	setenv("TELLTALE_FDS", buf_z(&fds), 1);
	setenv("TELLTALE_PARENT", buf_z(&parent), 1);
	pid = fork();
	if (pid == 0)
		become(path, plan);
	unsetenv("TELLTALE_FDS");
	unsetenv("TELLTALE_PARENT");
	return pid >= 0 ? pid : err_sys(e, "fork for %s", plan->program);
}
