/* telltale-policy: what other domains publish about their mail servers (MTA-STS).  The only program that speaks HTTPS;
 * it sees no mail. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "sts/serve.h"
#include "wire/tls.h"

enum { REPORT_WINDOW = 4 * 60 * 60 /* seconds */ };

static struct conf conf; /* static: reachable whichever way we end */
static struct buf authorities;

/* The folder of what it keeps; telltale-dns by its Unix socket; web servers at their port alone. */
static void enter_sandbox(const char *folder)
{
	struct sandbox box = {
		.paths = { { SANDBOX_ALL, folder } },
		.network = SANDBOX_UNIX | SANDBOX_INET,
		.tcp_out = { (uint16_t)conf.relay.mta_sts_port },
		.calls = "socketpair",
	};

	sandbox_enter(&box, &conf);
}

/* Not all servers of the world at midnight (RFC 8460, 4.1). */
static int64_t jitter(void)
{
	unsigned n = 0;

	(void)!getrandom(&n, sizeof(n), 0);
	return n % REPORT_WINDOW;
}

int main(void)
{
	struct sts_serve_set set = { 0 };
	struct err e = { 0 };
	int rc;

	proc_begin("telltale-policy", &conf);
	set.folder = arena_fmt(&conf.mem, "%s/tls-policy", conf_z(conf.top.data_dir)).p;
	if (sts_fetch_begin(&e) < 0 ||
	    io_slurp(AT_FDCWD, conf_z(conf.relay.ca_file), TLS_PEM_MAX, &authorities, &e) < 0)
		say(SAY_WARNING, "relay { ca-file }: no policy can be fetched: %s", e.text);
	enter_sandbox(set.folder);
	set.service = proc_fd("service", 0);
	set.control = proc_fd("control", 0);
	set.signals = proc_signals();
	if (set.service < 0 || set.control < 0 || set.signals < 0) {
		say(SAY_ERROR, "no service socket was handed over");
		return EX_USAGE;
	}
	set.fetch = (struct sts_fetch_set){ ipc_client_new(proc_socket(&conf, "dns.sock")),
					    (uint16_t)conf.relay.mta_sts_port, buf_str(&authorities) };
	set.post = (struct post){ .from = { conf.top.hostname, conf.top.contact },
				  .queue = proc_socket(&conf, "queue.sock"),
				  .enabled = conf.relay.tls_report,
				  .jitter = jitter() };
	rc = sts_serve(&set, &e);
	if (rc < 0)
		say(SAY_ERROR, "%s", e.text);
	return rc < 0 ? EX_OSERR : EXIT_SUCCESS;
}
