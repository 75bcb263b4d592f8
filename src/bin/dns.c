/* telltale-dns: the resolver of all programs.  Touches no file but its zone file and the trust anchor, at the start. */
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/proc.h"
#include "base/say.h"
#include "dns/serve.h"

/* Each question under way to a server has a socket of its own. */
static void allow_many_sockets(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max < 16384 ? r.rlim_max : 16384;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

int main(void)
{
	struct conf conf;
	struct err e = { 0 };
	int service, signals;

	proc_begin("telltale-dns", &conf);
	allow_many_sockets();
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
