/* telltale-local: puts messages into mailboxes.  User vmail; no network; sees one message at a time,
 * as a read-only descriptor, and the mail folder. */
#include <stdlib.h>
#include <sysexits.h>
#include "base/conf.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "deliver/local.h"

enum { WORKERS_MOST = 16, GRACE = 10000 };

/* The mailboxes, and the way to telltale-queue and telltale-lookup. */
static void enter_sandbox(const struct conf *c)
{
	struct sandbox box = {
		.paths = { { SANDBOX_ALL, conf_z(c->top.mail_dir) } },
		.network = SANDBOX_UNIX,
		.calls = "syncfs",
	};

	sandbox_enter(&box, c);
}

int main(void)
{
	static struct conf c;
	struct err e = { 0 };
	struct local_set set;

	proc_begin("telltale-local", &c);
	enter_sandbox(&c);
	set = (struct local_set){
		.socket = proc_socket(&c, "queue.sock"),
		.lookup = proc_socket(&c, "lookup.sock"),
		.mail_dir = conf_z(c.top.mail_dir),
		.host = c.top.hostname,
		.workers = (size_t)c.queue.local_concurrency,
		.signals = proc_signals(),
		.grace = GRACE,
	};
	if (set.workers > WORKERS_MOST)
		set.workers = WORKERS_MOST;
	if (local_run(&set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	conf_clear(&c);
	return EXIT_SUCCESS;
}
