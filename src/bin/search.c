/* telltale-search: reads the logs and their index for telltale-web.  No network, nothing is written; as many of them
 * run as questions may be worked on at one time. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "base/clock.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "logs/logs.h"
#include "web/follow.h"
#include "web/search.h"

enum { HEAP_KEPT = 128 << 20, HEAP_MAP = 32 << 20 };

static struct conf conf;
static const char watching[] = "inotify_init1 inotify_add_watch inotify_rm_watch";

/* What one question has freed the next one needs: memory that is given back is asked for page by page again. */
static void keep_the_heap(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_MAP);
}

/* "--worker 0" follows the logs, the others answer questions. */
static bool follows(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--worker") == 0)
			return strcmp(argv[i + 1], "0") == 0;
	return false;
}

static int serve(bool live, struct err *e)
{
	struct search_set set = { &conf, proc_fd("service", 0), proc_signals() };
	struct follow_set follow = { &conf, proc_fd("live", 0), set.signals };

	if (set.service < 0 || follow.live < 0 || set.signals < 0)
		return err_set(e, "no service socket was handed over");
	return live ? follow_serve(&follow, e) : search_serve(&set, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	const char *index;

	proc_begin("telltale-search", &conf);
	log_zone(str_eqz(conf.logs.time, "utc"));
	clock_begin();
	keep_the_heap();
	proc_search_memory(&conf);
	index = arena_fmt(&conf.mem, "%s/index", conf_z(conf.top.data_dir)).p;
	sandbox_enter(
	    &(struct sandbox){ .paths = { { SANDBOX_READ, conf_z(conf.top.log_dir) }, { SANDBOX_READ, index } },
			       .calls = follows(argc, argv) ? watching : NULL },
	    &conf);
	if (serve(follows(argc, argv), &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	return EXIT_SUCCESS;
}
