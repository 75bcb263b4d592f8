/* telltale-pipe: gives messages to the administrator's programs.  User pipe, and so are they; it opens nothing but its
 * channel to telltale-queue, and what it starts cannot open our folders (sandbox_around). */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "base/conf.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "deliver/pipe.h"

enum { GRACE = 8000, DRAIN = 10 * 60 * 1000, CLOSED = 10 };

static struct conf conf;

static const char *folder_of(struct str path)
{
	ptrdiff_t slash = str_rchr(path, '/');

	return arena_z(&conf.mem, str_take(path, slash < 1 ? 0 : (size_t)slash));
}

/* Mail, accounts, spool, logs, keys and passwords, wherever they lie. */
static int closed_folders(void)
{
	const char *closed[CLOSED],
	    *all[] = { conf_z(conf.top.data_dir), conf_z(conf.top.spool_dir),      conf_z(conf.top.mail_dir),
		       conf_z(conf.top.log_dir),  conf_z(conf.dkim.dir),           conf_z(conf.accounts.sqlite),
		       conf_z(conf.tls.key),      conf_z(conf.relay.password_file) };
	size_t n = 0;
	int around;

	for (size_t i = 0; i < COUNT(all) && n < CLOSED; i++)
		if (all[i][0] == '/')
			closed[n++] = all[i];
	if (conf.accounts.sqlite.n > 0 && strcmp(folder_of(conf.accounts.sqlite), "") != 0)
		closed[n++] = arena_fmt(&conf.mem, "%s/graylist.db", folder_of(conf.accounts.sqlite)).p;
	around = sandbox_around(closed, n);
	if (around < 0)
		say(SAY_WARNING, "Landlock: %s: programs are kept from our files by their user alone", strerror(errno));
	return around;
}

int main(void)
{
	struct pipe_set set = { .conf = &conf, .grace = GRACE, .drain = DRAIN };
	struct err e = { 0 };

	proc_begin("telltale-pipe", &conf);
	set.around = closed_folders();
	set.as_one = getenv("TELLTALE_PEERS") != NULL && conf.users.pipe.n > 0;
	set.socket = proc_socket(&conf, "queue.sock");
	set.signals = proc_signals();
	if (pipe_serve(&set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	return EXIT_SUCCESS;
}
