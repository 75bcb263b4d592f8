#include "supervise/supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"
#include "supervise/crew.h"
#include "supervise/keys.h"
#include "supervise/sockets.h"

static int make_folders(struct conf *c, struct err *e)
{
	const char *run = proc_socket(c, "");
	const struct str folders[] = { c->top.data_dir, str_of(run), c->top.log_dir, c->top.spool_dir,
				       c->top.mail_dir };

	for (size_t i = 0; i < COUNT(folders); i++)
		if (io_mkdirs(arena_z(&c->mem, folders[i]), 0700, e) < 0)
			return -1;
	return 0;
}

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

static int open_log(struct conf *c, struct err *e)
{
	const char *path = conf_z(arena_fmt(&c->mem, "%s/server.log", conf_z(c->top.log_dir)));
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : err_sys(e, "open %s", path);
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum watched { GOES_ON, TOLD_TO_END, CANNOT_START };

static enum watched take_signals(int fd, struct crew *k)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		end = end || info.ssi_signo != SIGCHLD;
	if (!crew_reap(k))
		return CANNOT_START;
	return end ? TOLD_TO_END : GOES_ON;
}

static enum watched watch(struct crew *k, int sigfd)
{
	struct pollfd p[2] = { { .fd = sigfd, .events = POLLIN }, { .fd = crew_ready_fd(k), .events = POLLIN } };

	for (;;) {
		int64_t due = crew_start_due(k);

		enum watched now = GOES_ON;

		if (poll(p, 2, (int)due) < 0 && errno != EINTR)
			BUG("poll: errno %d", errno);
		if (p[0].revents != 0)
			now = take_signals(sigfd, k);
		if (now != GOES_ON)
			return now;
		if (p[1].revents != 0 && crew_ready(k) && p[1].fd >= 0) {
			fprintf(stderr, "ready\n");
			p[1].fd = -1;
		}
	}
}

static int run(struct conf *c, const struct sockets *s, const struct keys *keys, struct err *e)
{
	FD(conf) = io_memfd("telltale.conf", c->text, e);
	FD(log) = open_log(c, e);
	FD(census) = memfd_create("census", MFD_CLOEXEC);
	FD(sigfd) = signals();
	enum watched why;
	struct crew *k;
	int rc;

	if (conf < 0 || log < 0)
		return -1;
	if (census < 0 || sigfd < 0)
		return err_sys(e, "start");
	say_open("telltaled", log, SAY_INFO);
	say(SAY_INFO, "telltale " TELLTALE_VERSION " starts on %s", conf_z(c->top.data_dir));
	if (keys->made)
		say(SAY_INFO, "there was no certificate; a self-signed one was made: %s", conf_z(c->tls.certificate));
	k = crew_new(
	    c, s,
	    (struct crew_share){
		.conf = conf, .log = log, .census = census, .certificate = keys->certificate, .key = keys->key });
	why = watch(k, sigfd);
	say(SAY_INFO, "stopping");
	rc = crew_stop(k);
	crew_free(k);
	say(SAY_INFO, "stopped");
	if (why == CANNOT_START)
		return err_set(e, "not started: a program cannot use this configuration (its reason stands above)");
	return rc < 0 ? err_set(e, "somebody had to be killed") : 0;
}

int supervise(struct conf *c, const struct house *h, struct err *e)
{
	FD(lock) = -1;
	struct keys keys = KEYS_NONE;
	struct sockets s;
	int rc;

	if (c->nports == 0)
		return err_set(e, "%s: no listener is configured", conf_z(c->file));
	if (make_folders(c, e) < 0 || (lock = lock_folder(c, e)) < 0)
		return -1;
	if (h->usable(c, e) < 0 || keys_read(&keys, c, h, e) < 0)
		return -1;
	rc = sockets_open(&s, c, e);
	if (rc == 0)
		rc = run(c, &s, &keys, e);
	sockets_close(&s);
	keys_clear(&keys);
	return rc;
}
