/* telltale-dns: the resolver of all programs.  Touches no file but its zone file and the trust anchor, at the start. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "dns/serve.h"

/* Questions by UDP to anybody, by TCP to port 53 and to the ports of the servers that were named. */
static void enter_sandbox(const struct conf *c)
{
	struct sandbox box = {
		.paths = { { SANDBOX_READ, conf_z(c->dns.zone) }, { SANDBOX_READ, "/usr/share/dns/root.key" } },
		.network = SANDBOX_INET,
		.tcp_out = { 53 },
	};
	size_t n = 1;
	struct str address;
	uint16_t port;

	for (size_t i = 0; i < c->dns.server.n && n < SANDBOX_PORTS; i++)
		if (conf_server(c->dns.server.at[i], &address, &port) && port != 53)
			box.tcp_out[n++] = port;
	sandbox_enter(&box, c);
}

int main(void)
{
	static struct conf conf; /* static: reachable whichever way we end */
	struct err e = { 0 };
	int service, signals;

	proc_begin("telltale-dns", &conf);
	enter_sandbox(&conf);
	service = proc_fd("service", 0);
	signals = proc_signals();
	if (service < 0 || signals < 0) {
		say(SAY_ERROR, "no service socket was handed over");
		return EX_USAGE;
	}
	if (dns_serve(&conf.dns, service, signals, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		conf_clear(&conf);
		return EX_CONFIG;
	}
	conf_clear(&conf);
	return EXIT_SUCCESS;
}
