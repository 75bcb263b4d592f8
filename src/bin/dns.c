/* telltale-dns: the resolver of all programs.  Touches no file but its zone file and the trust anchor, at the start. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/proc.h"
#include "base/say.h"
#include "dns/serve.h"

int main(void)
{
	struct conf conf;
	struct err e = { 0 };
	int service, signals;

	proc_begin("telltale-dns", &conf);
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
