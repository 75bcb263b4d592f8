/* telltale-lookup: the accounts.  The only program that opens their file; it never touches the network. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "gate/entry_fits.h"
#include "gate/sender_fits.h"
#include "store/serve.h"
#include "store/store.h"

/* SQLite makes files beside the accounts: their folder. */
static void enter_sandbox(struct conf *c)
{
	const char *path = conf_z(c->accounts.sqlite);
	char *real = realpath(path, NULL);
	struct str file = str_of(real != NULL ? real : path);
	struct sandbox box = {
		.paths = { { SANDBOX_ALL, arena_z(&c->mem, str_take(file, (size_t)str_rchr(file, '/'))) } },
		.calls = "fchown", /* as root SQLite gives its files the owner of the accounts */
	};

	free(real);
	sandbox_enter(&box, c);
}

int main(void)
{
	static struct conf conf; /* static: reachable whichever way we end */
	struct err e = { 0 };
	struct store_sockets sockets;
	int rc;

	proc_begin("telltale-lookup", &conf);
	store_setting_fits = entry_fits;
	store_sender_fits = sender_fits;
	enter_sandbox(&conf);
	sockets = (struct store_sockets){ proc_fd("service", 0), proc_fd("control", 0), proc_signals() };
	if (sockets.service < 0 || sockets.signals < 0) {
		say(SAY_ERROR, "no service socket was handed over");
		return EX_USAGE;
	}
	rc = store_serve(&conf, &sockets, &e);
	if (rc < 0)
		say(SAY_ERROR, "%s", e.text);
	conf_clear(&conf);
	return rc < 0 ? EX_OSERR : EXIT_SUCCESS;
}
