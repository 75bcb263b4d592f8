#include "supervise/supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/say.h"
#include "supervise/control.h"
#include "supervise/crew.h"
#include "supervise/errands.h"
#include "supervise/folders.h"
#include "supervise/privilege.h"
#include "supervise/reload.h"

enum { STARTING_MOST = 600 /* programs that start at one time */ };

/* Held as long as we live: two servers on one data folder would deliver twice. */
static int lock_folder(struct conf *c, struct err *e)
{
	const char *path = proc_socket(c, "telltaled.pid");
	char pid[16];
	FD(fd) = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "%s is locked: another telltaled uses this data folder", path);
	if (ftruncate(fd, 0) < 0 || io_pwrite_all(fd, pid, (size_t)n, 0) < 0)
		return err_sys(e, "write %s", path);
	return fd_steal(&fd);
}

static const char *log_path(struct conf *c)
{
	return arena_fmt(&c->mem, "%s/server.log", conf_z(c->top.log_dir)).p;
}

static int open_log(struct conf *c, struct err *e)
{
	const char *path = log_path(c);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : err_sys(e, "open %s", path);
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* telltaled at work. */
struct watch {
	int signals, census, census_read, sessions, log;
	struct crew *crew;
	struct reload reload;
	struct errands errands;
	struct control control;
	struct control_visitor *waiting; /* for the end of a reload */
	bool opened;                     /* `ready` was said */
};

/* Somebody moved server.log away: from this reload on we write into a new one, and so do the programs that start. */
static void follow_log(struct watch *w)
{
	struct stat held, named;
	struct err e;
	FD(fd) = -1;

	if (fstat(w->log, &held) == 0 && stat(log_path(&crew_now(w->crew)->conf), &named) == 0 &&
	    held.st_dev == named.st_dev && held.st_ino == named.st_ino)
		return;
	fd = open_log(&crew_now(w->crew)->conf, &e);
	if (fd < 0 || dup3(fd, w->log, O_CLOEXEC) < 0)
		say(SAY_WARNING, "server.log was moved away and cannot be opened anew: %s", strerror(errno));
}

enum watched { GOES_ON, TOLD_TO_END, CANNOT_START };

static enum watched take_signals(struct watch *w)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(w->signals, &info, sizeof(info)) == sizeof(info)) {
		end = end || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
		if (info.ssi_signo != SIGHUP)
			continue;
		follow_log(w);
		reload_signal(&w->reload);
	}
	errands_reap(&w->errands);
	if (!crew_reap(w->crew))
		return CANNOT_START;
	return end ? TOLD_TO_END : GOES_ON;
}

static void tell_status(struct watch *w, struct control_visitor *v)
{
	const struct generation *g = crew_now(w->crew);
	BUF(out);
	struct json j = json_to(&out);

	json_begin_object(&j);
	json_key(&j, "pid"), json_num(&j, getpid());
	json_key(&j, "state"), json_z(&j, !w->opened                       ? "starting"
					  : w->reload.state != RELOAD_IDLE ? "reloading"
									   : "running");
	json_key(&j, "generation"), json_num(&j, g->number);
	json_key(&j, "listeners"), json_begin_array(&j);
	for (size_t i = 0; i < g->sockets.n; i++)
		if (strncmp(g->sockets.at[i].name, "listen.", 7) == 0) {
			json_begin_object(&j);
			json_key(&j, "listener"), json_z(&j, g->sockets.at[i].name + 7);
			json_key(&j, "address"), json_z(&j, g->sockets.at[i].at);
			json_end_object(&j);
		}
	json_end_array(&j);
	json_key(&j, "programs");
	crew_put(w->crew, &j);
	json_end_object(&j);
	control_tell(v, 0, buf_str(&out), "", fcntl(w->census, F_DUPFD_CLOEXEC, 3));
}

static void begin_reload(struct watch *w, struct control_visitor *v)
{
	follow_log(w);
	if (!w->opened || w->waiting != NULL || !reload_begin(&w->reload))
		control_tell(v, 1, STR(""),
			     w->opened ? "busy: a reload is under way" : "busy: the server is still starting", -1);
	else
		w->waiting = v;
}

/* The end of a reload is told to who began it, if he is still there. */
static void tell_reload(struct watch *w)
{
	if (w->waiting != NULL && w->waiting->here && w->waiting->waits)
		control_tell(w->waiting, w->reload.status, STR(""), buf_z(&w->reload.words), -1);
	w->waiting = NULL;
}

static enum watched take_questions(struct watch *w)
{
	struct control_visitor *v = NULL;

	for (;;)
		switch (control_next(&w->control, &v)) {
		case CONTROL_NOTHING:
			return GOES_ON;
		case CONTROL_STATUS:
			tell_status(w, v);
			break;
		case CONTROL_RELOAD:
			begin_reload(w, v);
			break;
		case CONTROL_STOP:
			control_tell(v, 0, STR(""), "the server is stopping", -1);
			return TOLD_TO_END;
		}
}

static void wait_for_something(struct watch *w)
{
	struct pollfd p[2 + 1 + CONTROL_VISITORS + STARTING_MOST] = { { .fd = w->signals, .events = POLLIN } };
	int64_t ms = wait_shorter(crew_tick(w->crew), control_due(&w->control));
	size_t n = 1;

	if (w->opened) {
		ms = wait_shorter(ms, reload_due(&w->reload));
		ms = wait_shorter(ms, errands_tick(&w->errands, crew_now(w->crew)));
	}
	n += reload_watch(&w->reload, p + n);
	n += control_watch(&w->control, p + n);
	n += crew_watch(w->crew, p + n, STARTING_MOST);
	if (poll(p, (nfds_t)n, (int)ms) < 0 && errno != EINTR)
		BUG("poll: errno %d", errno);
}

static enum watched watch(struct watch *w)
{
	enum watched now = GOES_ON;

	while (now == GOES_ON) {
		wait_for_something(w);
		now = take_signals(w);
		if (!w->opened && now == GOES_ON && crew_opened(w->crew)) {
			w->opened = true;
			fprintf(stderr, "ready\n");
		}
		if (now == GOES_ON)
			now = take_questions(w);
		if (w->opened && now == GOES_ON && reload_ended(&w->reload))
			tell_reload(w);
	}
	return now;
}

static void say_start(const struct generation *g, const struct users *u)
{
	const struct conf *c = &g->conf;
	const struct conf_users *n = &c->users;

	say(SAY_INFO, "telltale " TELLTALE_VERSION " starts on %s", conf_z(c->top.data_dir));
	if (g->keys.made)
		say(SAY_INFO, "there was no certificate; a self-signed one was made: %s", conf_z(c->tls.certificate));
	if (!u->apart && n->smtpd.n + n->dns.n + n->lookup.n + n->queue.n + n->local.n + n->remote.n + n->signer.n > 0)
		say(SAY_INFO, "users { } is ignored: the start was not as root");
}

/* From here on whoever ends tells why in server.log. */
static int run(struct watch *w, struct generation *first, const struct users *u, struct err *e)
{
	enum watched why;
	int rc;

	say_start(first, u);
	crew_begin(w->crew, first);
	why = watch(w);
	say(SAY_INFO, "stopping");
	errands_end(&w->errands);
	rc = crew_stop(w->crew);
	say(SAY_INFO, "stopped");
	if (why == CANNOT_START)
		return err_set(e, "not started: a program cannot use this configuration (its reason stands above)");
	return rc < 0 ? err_set(e, "somebody had to be killed") : 0;
}

/* Users apart: who they are is told to all programs, and we keep only what that takes. */
static int set_apart(const struct users *u, struct err *e)
{
	BUF(peers);

	unsetenv("TELLTALE_PEERS");
	if (!u->apart)
		return 0;
	users_put_peers(u, &peers);
	setenv("TELLTALE_PEERS", buf_z(&peers), 1);
	return privilege_keep_few(e);
}

static int open_house(struct watch *w, struct conf *c, const struct house *h, struct users *u, struct err *e)
{
	struct generation_set set = { h, u->apart ? 0666 : 0600 };
	struct generation *first;
	FD(log) = open_log(c, e);
	int rc;

	if (log < 0 || control_open(&w->control, proc_socket(c, "telltaled.ctl"), e) < 0)
		return -1;
	say_open("telltaled", log, SAY_INFO);
	first = generation_first(c, &set, e);
	if (first == NULL || set_apart(u, e) < 0) {
		generation_free(first);
		control_close(&w->control);
		return -1;
	}
	w->crew = crew_new(&(struct crew_set){ .house = h,
					       .users = u,
					       .log = log,
					       .census = w->census,
					       .census_read = w->census_read,
					       .sessions = w->sessions });
	reload_init(&w->reload, w->crew, &set);
	errands_begin(&w->errands, &first->conf, u, log);
	w->log = log;
	rc = run(w, first, u, e);
	reload_clear(&w->reload);
	crew_free(w->crew);
	say_open("telltaled", -1, SAY_INFO);
	return rc;
}

/* The same memory, for who may only look. */
static int open_to_read(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int supervise(struct conf *c, const struct house *h, struct err *e)
{
	FD(census) = memfd_create("census", MFD_CLOEXEC);
	FD(census_read) = open_to_read(census);
	FD(sessions) = memfd_create("sessions", MFD_CLOEXEC);
	FD(sigfd) = signals();
	FD(lock) = -1;
	struct watch w = { .signals = sigfd, .census = census, .census_read = census_read, .sessions = sessions };
	struct users u;
	int rc;

	if (census < 0 || sessions < 0 || sigfd < 0)
		return err_sys(e, "start");
	if (users_find(&u, c, e) < 0 || folders_make(c, &u, e) < 0 || (lock = lock_folder(c, e)) < 0)
		return -1;
	rc = open_house(&w, c, h, &u, e);
	fd_clear(&lock);
	control_close(&w.control); /* last: who asked for the end waits for this */
	return rc;
}
