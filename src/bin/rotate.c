/* telltale-rotate: yesterday's logs become archives, and those that are too old go.  telltaled starts it when a day
 * begins, as each user who owns logs; it touches the log folder only, and there only files of its user. */
#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "logs/rotate.h"

enum { PATIENCE = 10 * 60 * 1000 /* ms */ };

static struct conf conf;

static void tell(void *with, const struct rotate_news *n)
{
	(void)with;
	if (n->step == ROTATE_PACKED)
		say(SAY_INFO, "%s was made: %llu bytes of log are %llu", n->name, (unsigned long long)n->text,
		    (unsigned long long)n->packed);
	else if (n->step == ROTATE_AGED)
		say(SAY_INFO, "%s was removed: it is older than logs { keep }", n->name);
	else if (n->step == ROTATE_LEFT || n->step == ROTATE_FAILED)
		say(SAY_WARNING, "%s: %s", n->name, n->why);
}

/* The postmaster may be at it by hand; that takes a minute or two. */
static int open_folder(struct err *e)
{
	int64_t until = deadline_in(PATIENCE);
	int dir;

	while ((dir = rotate_open(conf_z(conf.top.log_dir), e)) < 0 && e->code == EWOULDBLOCK && clock_mono() < until)
		poll(NULL, 0, 500);
	return dir;
}

int main(void)
{
	struct rotate_set set = { .daily = true, .own = true, .tell = tell };
	struct sandbox box = { .calls = "fchown" };
	struct err e = { 0 };
	int dir;

	proc_begin("telltale-rotate", &conf);
	log_zone(str_eqz(conf.logs.time, "utc"));
	clock_begin();
	box.paths[0].right = SANDBOX_ALL;
	box.paths[0].path = conf_z(conf.top.log_dir);
	sandbox_enter(&box, &conf);
	set.keep = set.next = conf.logs.keep;
	dir = open_folder(&e);
	if (dir < 0) {
		say(SAY_WARNING, "%s; they are left for the next time", e.text);
		return EX_TEMPFAIL;
	}
	return rotate_run(dir, &set) == 0 ? EXIT_SUCCESS : EX_TEMPFAIL;
}
