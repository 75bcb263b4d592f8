/* telltale-smtpd: the sessions.  User in; touches the accepted sockets, the descriptors of spool files that
 * telltale-queue hands over, and its two logs, append only. */
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "base/clock.h"
#include "base/doors.h"
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

static void take(void *port, int fd)
{
	server_take(port, fd);
}

/* Every listening socket of every port; how many, or -1. */
static int open_doors(struct doors *d, struct err *e)
{
	int n = 0;

	if (doors_open(d, take, e) < 0)
		return -1;
	for (size_t i = 0; i < server.nports; i++) {
		struct port *p = &server.ports[i];
		int more = doors_add(d, arena_fmt(&conf.mem, "listen.%.*s", STR_ARG(p->conf->label)).p, p, e);

		if (more < 0)
			return -1;
		n += more;
	}
	return n > 0 ? n : err_set(e, "no listening socket was handed over");
}

/* A successor takes who comes; those who are here are served to their end. */
static void drain(int signals)
{
	int64_t until = deadline_in(DRAIN);

	while (!server_empty(&server) && clock_mono() < until)
		if (io_wait(signals, POLLIN, deadline_in(PAUSE)) == 0 && proc_signal(signals) == SIGTERM)
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
	struct doors doors;
	int signals;
	int taking; /* open while a client may still be taken */
	bool empty; /* all sessions have left */
};

static void work(void *arg)
{
	struct work *w = arg;

	doors_take(&w->doors, w->signals);
	doors_close(&w->doors);
	fd_clear(&w->taking);
	if (proc_signal(w->signals) == SIGHUP)
		drain(w->signals);
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
	struct work w = { 0 };
	struct err e;

	proc_begin("telltale-smtpd", &conf);
	keep_the_heap();
	if (consult_open(&consult, &conf, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_CONFIG;
	}
	enter_sandbox();
	if (take_rules(&e) < 0 || server_tls(&conf, &set.tls, &e) < 0 ||
	    server_why_key(&conf.mem, &set.why_key, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_CONFIG;
	}
	w.signals = proc_signals();
	set.census = proc_fd("census", 0);
	if (set.worker == CENSUS_WORKERS || w.signals < 0)
		return EX_USAGE;
	if (server_open(&server, &set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	if (open_doors(&w.doors, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_USAGE;
	}
	w.taking = proc_ready_to_take();
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
