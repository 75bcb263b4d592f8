/* telltale-web: the page and the API.  Takes HTTP clients; opens no file and reads no log, asks the other programs. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "base/clock.h"
#include "base/doors.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/say.h"
#include "logs/logs.h"
#include "web/web.h"

enum {
	GRACE = 3000,  /* ms for those who are here when we are told to stop */
	DRAIN = 30000, /* and when a successor has taken over */
};

static struct conf conf;
static struct web web;

struct work {
	struct doors doors;
	int signals;
	bool empty;
};

static void take(void *with, int fd)
{
	web_take(with, fd);
}

static void work(void *arg)
{
	struct work *k = arg;
	struct err e = { 0 };

	if (web.control.fd >= 0 && web_control_start(&web.control, &e) < 0)
		say(SAY_ERROR, "%s", e.text);
	doors_take(&k->doors, k->signals);
	doors_close(&k->doors);
	k->empty = web_stop(&web, deadline_in(proc_signal(k->signals) == SIGHUP ? DRAIN : GRACE));
}

static int read_pair(struct tls **out, struct err *e)
{
	int certificate = proc_fd("tls-certificate", 0), key = proc_fd("tls-key", 0), rc = -1;
	BUF(cert);
	BUF(secret);

	*out = NULL;
	if (certificate < 0 || key < 0)
		return conf.web.certificate.n == 0 ? 0 : err_set(e, "no certificate was handed over");
	if (io_slurp_shared(certificate, TLS_PEM_MAX, &cert, e) == 0 &&
	    io_slurp_shared(key, TLS_PEM_MAX, &secret, e) == 0) {
		*out = tls_open(buf_str(&cert), buf_str(&secret), e);
		rc = *out != NULL ? 0 : -1;
		if (rc == 0)
			tls_speak(*out, "http/1.1");
	}
	if (secret.n > 0)
		explicit_bzero(secret.p, secret.n);
	return rc;
}

/* Without it no reference is any of ours. */
static int read_why_key(struct buf *out, struct err *e)
{
	int fd = proc_fd("why-key", 0);

	return fd < 0 ? 0 : io_slurp_shared(fd, TLS_PEM_MAX, out, e);
}

int main(void)
{
	BUF(why);
	struct work k = { 0 };
	struct sandbox box = { .network = SANDBOX_UNIX, .calls = "ftruncate" /* the table of sessions */ };
	struct tls *tls;
	struct err e = { 0 };

	proc_begin("telltale-web", &conf);
	log_zone(str_eqz(conf.logs.time, "utc"));
	clock_begin();
	sandbox_enter(&box, &conf);
	if (read_pair(&tls, &e) < 0 || read_why_key(&why, &e) < 0) {
		say(SAY_ERROR, "web { }: %s", e.text);
		return EX_CONFIG;
	}
	k.signals = proc_signals();
	web_open(&web, &conf, tls);
	web.census = proc_fd("census", 0);
	web_why_open(&web, buf_str(&why));
	if (web_gatehouse_open(&web, proc_fd("sessions", 0), proc_fd("control", 0), &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	if (k.signals < 0 || doors_open(&k.doors, take, &e) < 0 || doors_add(&k.doors, "listen.web", &web, &e) <= 0) {
		say(SAY_ERROR, "no listening socket was handed over");
		return EX_USAGE;
	}
	proc_ready();
	if (fiber_run(work, &k, &e) < 0) {
		say(SAY_ERROR, "%s", e.text);
		return EX_OSERR;
	}
	if (k.empty) {
		web_gatehouse_close(&web);
		web_close(&web);
		conf_clear(&conf);
	}
	return EXIT_SUCCESS;
}
