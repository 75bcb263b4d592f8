/* telltale-signer: the DKIM keys.  The only program that signs; it reads its own folder and answers telltale-smtpd. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "sign/serve.h"

int main(void)
{
	static struct conf conf; /* static: reachable whichever way we end */
	struct sandbox box = { 0 };
	struct err e = { 0 };
	int service, signals, rc;

	proc_begin("telltale-signer", &conf);
	box.paths[0].right = SANDBOX_READ;
	box.paths[0].path = conf_z(conf.dkim.dir);
	sandbox_enter(&box, &conf);
	service = proc_fd("service", 0);
	signals = proc_signals();
	if (service < 0 || signals < 0) {
		say(SAY_ERROR, "no service socket was handed over");
		return EX_USAGE;
	}
	rc = sign_serve(&conf, service, signals, &e);
	if (rc < 0)
		say(SAY_ERROR, "%s", e.text);
	conf_clear(&conf);
	return rc < 0 ? EX_OSERR : EXIT_SUCCESS;
}
