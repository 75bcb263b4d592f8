/* telltale-local: puts messages into mailboxes, or hands them to the LMTP server that keeps these.  User vmail; no
 * network but that server; sees one message at a time, as a read-only descriptor, and the mail folder. */
#include <stdlib.h>
#include <sysexits.h>
#include "base/conf.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "deliver/lmtp.h"
#include "deliver/local.h"

enum { WORKERS_MOST = 16, GRACE = 10000 };

static struct lmtp lmtp;

/* The mailboxes, and the way to telltale-queue, telltale-lookup and the LMTP server. */
static void enter_sandbox(const struct conf *c)
{
	struct sandbox box = {
		.paths = { { SANDBOX_ALL, conf_z(c->top.mail_dir) } },
		.network = SANDBOX_UNIX,
		.calls = "syncfs",
	};

	if (lmtp.at.port != 0) {
		box.network |= SANDBOX_INET;
		box.tcp_out[0] = lmtp.at.port;
	}
	sandbox_enter(&box, c);
}

static struct local_set set_of(struct conf *c)
{
	struct local_set set = {
		.socket = proc_socket(c, "queue.sock"),
		.lookup = proc_socket(c, "lookup.sock"),
		.mail_dir = conf_z(c->top.mail_dir),
		.host = c->top.hostname,
		.subaddress = c->local.subaddress,
		.lmtp = c->local.lmtp.n > 0 ? &lmtp : NULL,
		.workers = (size_t)c->queue.local_concurrency,
		.signals = proc_signals(),
		.grace = GRACE,
	};

	if (set.workers > WORKERS_MOST)
		set.workers = WORKERS_MOST;
	return set;
}

int main(void)
{
	static struct conf c;
	struct err e = { 0 };
	struct local_set set;

	proc_begin("telltale-local", &c);
	if (lmtp_read(&lmtp, &c, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_CONFIG;
	}
	enter_sandbox(&c);
	set = set_of(&c);
	if (local_run(&set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	conf_clear(&c);
	return EXIT_SUCCESS;
}
