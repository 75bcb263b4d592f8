/* telltale-pipe: gives messages to the administrator's programs.  User pipe, and so are they; it opens nothing but its
 * channel to telltale-queue, and what it starts cannot open our folders (sandbox_around). */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/conf.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "deliver/pipe.h"

enum { GRACE = 8000, DRAIN = 10 * 60 * 1000 };

static struct conf conf;

static const char *folder_of(struct str path)
{
	ptrdiff_t slash = str_rchr(path, '/');

	return arena_z(&conf.mem, str_take(path, slash < 1 ? 0 : (size_t)slash));
}

/* Mail, accounts, spool, logs, keys and passwords, wherever they lie. */
static int closed_folders(void)
{
	const struct str all[] = {
		conf.top.data_dir, conf.top.spool_dir,   conf.top.mail_dir, conf.top.log_dir,
		conf.dkim.dir,     conf.accounts.sqlite, conf.tls.key,      conf.relay.password_file
	};
	const char **closed = arena_alloc(&conf.mem, (COUNT(all) + conf.nways + 1) * sizeof(*closed));
	size_t n = 0;
	int around;

	for (size_t i = 0; i < COUNT(all) + conf.nways; i++) {
		struct str path = i < COUNT(all) ? all[i] : conf.ways[i - COUNT(all)].set.password_file;

		if (str_starts(path, STR("/")))
			closed[n++] = conf_z(path);
	}
	if (conf.accounts.sqlite.n > 0 && strcmp(folder_of(conf.accounts.sqlite), "") != 0)
		closed[n++] = arena_fmt(&conf.mem, "%s/graylist.db", folder_of(conf.accounts.sqlite)).p;
	around = sandbox_around(closed, n);
	if (around < 0)
		say(SAY_WARNING, "Landlock: %s: programs are kept from our files by their user alone", strerror(errno));
	return around;
}

/* Have the programs a user of their own?  Then nobody of them looks into us either, whose user that is. */
static bool is_apart(void)
{
	if (proc_peer_apart(str_of(getenv("TELLTALE_PEERS")), "pipe", geteuid())) {
		(void)prctl(PR_SET_DUMPABLE, 0);
		return true;
	}
	say(SAY_WARNING,
	    "the programs of program { } run as %s: name a user of their own in users { pipe }, and start telltaled "
	    "as root; until then they can make no Unix socket",
	    geteuid() == 0 ? "root" : "our own user");
	return false;
}

int main(void)
{
	struct pipe_set set = { .conf = &conf, .grace = GRACE, .drain = DRAIN };
	struct err e = { 0 };

	proc_begin("telltale-pipe", &conf);
	set.around = closed_folders();
	set.as_one = is_apart();
	set.socket = proc_socket(&conf, "queue.sock");
	set.signals = proc_signals();
	if (pipe_serve(&set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	return EXIT_SUCCESS;
}
