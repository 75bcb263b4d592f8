/* telltale-index: the index of the logs is brought up to date (index/index.h).  telltaled starts it every some minutes
 * as the user of telltale-search, at the lowest priority; it reads the log folder, writes the index, and ends.
 * With --quiet it does not say why it fails: it said so the last time. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include "base/clock.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "index/index.h"
#include "logs/logs.h"

enum { LOWEST = 19 };

static struct conf conf;

/* What asks or answers goes first, and logs that need more memory end this program, not the machine. */
static void be_modest(void)
{
	if (setpriority(PRIO_PROCESS, 0, LOWEST) < 0)
		say(SAY_WARNING, "the index is made at the usual priority: %s", strerror(errno));
	proc_search_memory(&conf);
}

/* It may be ended anywhere: so it goes with telltaled, however that went. */
static void end_with_telltaled(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	bool quiet = argc > 1 && strcmp(argv[1], "--quiet") == 0;
	struct survey_paths paths = { .n = 1, .unpack = SOURCE_UNPACKED_MAX };
	const char *index, *logs;
	struct index_built built;
	struct err e = { 0 };

	proc_begin("telltale-index", &conf);
	log_zone(str_eqz(conf.logs.time, "utc"));
	clock_begin();
	end_with_telltaled();
	be_modest();
	logs = conf_z(conf.top.log_dir);
	index = arena_fmt(&conf.mem, "%s/index", conf_z(conf.top.data_dir)).p;
	sandbox_enter(&(struct sandbox){ .paths = { { SANDBOX_READ, logs }, { SANDBOX_ALL, index } } }, &conf);
	paths.at = &logs;
	/* Who makes it by hand meanwhile does the same. */
	if (index_build(index, &paths, &(struct index_how){ .threads = 1 }, &built, &e) == 0 || e.code == EWOULDBLOCK)
		return EXIT_SUCCESS;
	if (!quiet)
		say(SAY_WARNING, "the index of the logs is not made, questions read the logs: %s", e.text);
	return EX_TEMPFAIL;
}
