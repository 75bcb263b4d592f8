/* telltale-remote: brings messages to other servers.  User remote; no file at all once it has begun; sees of the mail
 * what it has to send, as read-only descriptors. */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/conf.h"
#include "base/fiber.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "deliver/remote.h"
#include "deliver/remote_settings.h"

enum { GRACE = 8000, DRAIN = 10 * 60 * 1000 };

static struct conf conf;
static struct remote_world world;

/* Is there somebody who signs what this server writes itself?  telltaled has made the socket, or has not. */
static struct ipc_client *signer(void)
{
	const char *path = proc_socket(&conf, "signer.sock");

	return !str_eqz(conf.dkim.sign, "none") && access(path, F_OK) == 0 ? ipc_client_new(path) : NULL;
}

/* telltale-queue, telltale-signer and telltale-dns by Unix sockets; other servers at their port alone. */
static void enter_sandbox(void)
{
	struct sandbox box = { .network = SANDBOX_UNIX | SANDBOX_INET, .calls = "memfd_create" };

	(void)remote_settings_ports(&conf, box.tcp_out);
	box.tcp_from = remote_settings_bound(&conf);
	sandbox_enter(&box, &conf);
}

static void run(void *set)
{
	remote_run(set);
}

int main(void)
{
	struct err e = { 0 };
	struct ipc_client *dns;
	static struct remote_set set = { .world = &world,
					 .grace = GRACE,
					 .drain = DRAIN }; /* static: reachable at the end */

	proc_begin("telltale-remote", &conf);
	if (remote_settings_read(&conf, &world, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_CONFIG;
	}
	set.signer = signer();
	enter_sandbox();
	set.socket = proc_socket(&conf, "queue.sock");
	set.signals = proc_signals();
	dns = ipc_client_new(proc_socket(&conf, "dns.sock"));
	world.desk.dns = dns;
	for (size_t i = 0; i < world.nways; i++)
		world.ways[i].route.dns = dns;
	if (conf.relay.mta_sts || conf.relay.tls_report)
		world.desk.sts = ipc_client_new(proc_socket(&conf, "policy.sock"));
	if (fiber_run(run, &set, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	return EXIT_SUCCESS;
}
