/* telltale-digest: letters about what was refused, to owners who want them.  telltaled starts it when a day begins; it
 * reads the logs, asks telltale-lookup who wants one, hands them to telltale-queue, and ends. */
#include <stdlib.h>
#include <sysexits.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "digest/digest.h"
#include "logs/logs.h"
#include "mail/seal.h"

static struct conf conf;

static int read_key(struct str *out, struct err *e)
{
	int fd = proc_fd("why-key", 0);
	BUF(key);

	if (fd < 0 || io_slurp_shared(fd, SEAL_KEY + 1, &key, e) < 0)
		return fd < 0 ? err_set(e, "it was not handed over") : -1;
	if (key.n != SEAL_KEY)
		return err_set(e, "it is not of %d bytes", SEAL_KEY);
	*out = arena_str(&conf.mem, buf_str(&key));
	return 0;
}

int main(void)
{
	struct digest_set set = { .conf = &conf };
	struct err e = { 0 };
	const char *index;

	proc_begin("telltale-digest", &conf);
	log_zone(str_eqz(conf.logs.time, "utc"));
	clock_begin();
	index = arena_fmt(&conf.mem, "%s/index", conf_z(conf.top.data_dir)).p;
	set.lookup = proc_socket(&conf, "lookup.sock");
	set.queue = proc_socket(&conf, "queue.sock");
	if (read_key(&set.key, &e) < 0) {
		say(SAY_ERROR, "why-key: %s", e.text);
		return EX_OSERR;
	}
	sandbox_enter(
	    &(struct sandbox){ .paths = { { SANDBOX_READ, conf_z(conf.top.log_dir) }, { SANDBOX_READ, index } },
			       .network = SANDBOX_UNIX },
	    &conf);
	if (digest_run(&set, &e) == 0)
		return EXIT_SUCCESS;
	say(SAY_WARNING, "the weekly letters are not all sent, it is tried again: %s", e.text);
	return EX_TEMPFAIL;
}
