/* telltale-smtpd: the sessions.  User in; touches the accepted sockets, the descriptors of spool files that
 * telltale-queue hands over, and its two logs, append only. */
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "session/consult.h"
#include "session/server.h"

enum {
	GRACE = 10000,
	DRAIN = 10 * 60 * 1000, /* most that sessions may stay after SIGHUP, ms */
	BURST = 64,
	PAUSE = 100,
	HEAP_TRIM = 16 * 1024 * 1024,
	HEAP_MAP = 4 * 1024 * 1024,
};

static struct conf conf;
static struct rules rules;
static struct server server;
static struct consult consult;

/* "--worker I": which of the telltale-smtpd programs this is. */
static unsigned worker_of(int argc, char **argv)
{
	uint64_t i = 0;

	for (int k = 1; k + 1 < argc; k++)
		if (strcmp(argv[k], "--worker") == 0 && !str_u64(str_of(argv[k + 1]), CENSUS_WORKERS - 1, &i))
			return CENSUS_WORKERS;
	return (unsigned)i;
}

static bool told_to_sign(int argc, char **argv)
{
	for (int k = 1; k < argc; k++)
		if (strcmp(argv[k], "--sign") == 0)
			return true;
	return false;
}

/* One door: a listening socket and the port that it belongs to. */
struct door {
	int fd;
	struct port *port;
	struct door *next;
};
static struct door *doors;

static int watch(int ep, struct door *door)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = door };

	return io_nonblock(door->fd) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, door->fd, &ev) < 0 ? -1 : 0;
}

/* Every listening socket of every port; how many, or -1. */
static int open_doors(int ep)
{
	int n = 0;

	for (size_t i = 0; i < server.nports; i++) {
		struct port *p = &server.ports[i];
		const char *name = arena_fmt(&conf.mem, "listen.%.*s", STR_ARG(p->conf->label)).p;

		for (int k = 0, fd; (fd = proc_fd(name, k)) >= 0; k++, n++) {
			struct door *door = arena_alloc(&conf.mem, sizeof(*door));

			*door = (struct door){ fd, p, doors };
			doors = door;
			if (watch(ep, door) < 0)
				return -1;
		}
	}
	return n;
}

static void take_some(const struct door *door)
{
	for (int i = 0; i < BURST; i++) {
		int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			server_take(door->port, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			say(SAY_ERROR, "no client can be taken: %s", strerror(errno));
			fiber_sleep(PAUSE);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* SIGHUP or SIGTERM. */
static int signal_of(int signals)
{
	struct signalfd_siginfo si;

	return read(signals, &si, sizeof(si)) == (ssize_t)sizeof(si) ? (int)si.ssi_signo : SIGTERM;
}

/* Until a signal asks us to end: which one. */
static int take_all(int ep, int signals)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, signals, &ev) < 0)
		BUG("watch signals");
	for (;;) {
		int n = io_wait(ep, POLLIN, DEADLINE_NEVER) < 0 ? -1 : epoll_wait(ep, &ev, 1, 0);

		if (n < 0 && errno != EINTR)
			BUG("wait for clients: errno %d", errno);
		if (n > 0 && ev.data.ptr == NULL)
			return signal_of(signals);
		if (n > 0)
			take_some(ev.data.ptr);
	}
}

/* The listening sockets are others' too, so what lets go of them is closing ep.  For whom the kernel had woken us, and
 * nobody else, is taken after that.  The last one who holds the socket of a listener that is gone closes its port. */
static void close_doors(int *ep)
{
	fd_clear(ep);
	for (struct door *d = doors; d != NULL; d = d->next) {
		take_some(d);
		fd_clear(&d->fd);
	}
}

/* A successor takes who comes; those who are here are served to their end. */
static void drain(int signals)
{
	int64_t until = deadline_in(DRAIN);

	while (!server_empty(&server) && clock_mono() < until)
		if (io_wait(signals, POLLIN, deadline_in(PAUSE)) == 0 && signal_of(signals) == SIGTERM)
			return;
}

/* The logs, questions to the other programs, and the sockets that were accepted for us. */
static void enter_sandbox(void)
{
	struct sandbox box = {
		.paths = { { SANDBOX_APPEND, conf_z(conf.top.log_dir) } },
		.network = SANDBOX_UNIX,
	};

	consult_needs(&consult, &box);
	sandbox_enter(&box, &conf);
}

static int take_rules(struct err *e)
{
	int fd = proc_fd("gate-rules", 0);
	BUF(packed);

	if (fd >= 0 && io_slurp_shared(fd, RULES_PACKED_MAX, &packed, e) < 0)
		return err_wrap(e, "the gate's rules");
	return rules_read(&conf, &packed, &rules, e);
}

/* The first fiber: it takes clients and hears signals, until it is time to go. */
struct work {
	int ep, signals;
	bool empty; /* all sessions have left */
};

static void work(void *arg)
{
	struct work *w = arg;

	if (take_all(w->ep, w->signals) == SIGHUP) {
		close_doors(&w->ep);
		drain(w->signals);
	}
	w->empty = server_stop(&server, GRACE);
}

/* What one message has freed the next one needs: the heap is not given back and asked for again with every batch. */
static void keep_the_heap(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_TRIM);
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_MAP);
}

int main(int argc, char **argv)
{
	struct server_set set = { .conf = &conf,
				  .rules = &rules,
				  .consult = &consult,
				  .worker = worker_of(argc, argv),
				  .signs = told_to_sign(argc, argv) };
	struct work w = { .ep = epoll_create1(EPOLL_CLOEXEC) };
	struct err e;

	proc_begin("telltale-smtpd", &conf);
	keep_the_heap();
	if (consult_open(&consult, &conf, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_CONFIG;
	}
	enter_sandbox();
	if (take_rules(&e) < 0 || server_tls(&conf, &set.tls, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_CONFIG;
	}
	w.signals = proc_signals();
	set.census = proc_fd("census", 0);
	if (set.worker == CENSUS_WORKERS || w.ep < 0 || w.signals < 0)
		return EX_USAGE;
	if (server_open(&server, &set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	if (open_doors(w.ep) <= 0) {
		say(SAY_ERROR, "no listening socket was handed over");
		return EX_USAGE;
	}
	proc_ready();
	if (fiber_run(work, &w, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	if (w.empty) {
		server_close(&server);
		rules_clear(&rules);
		consult_close(&consult);
		conf_clear(&conf);
	}
	return EXIT_SUCCESS;
}
