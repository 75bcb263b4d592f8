/* dns/serve.h - telltale-dns: answers the questions of all programs from one resolver.
 *
 * Serves the listening Unix socket until a signal arrives on the signal
 * descriptor: SIGTERM ends it, SIGHUP lets those who are connected finish
 * (ten minutes at most) and takes nobody else.  A malformed frame closes that connection only; the questions of
 * a client that left are cancelled; nothing waits longer than set->deadline.
 */
#ifndef DNS_SERVE_H
#define DNS_SERVE_H

#include "base/conf.h"
#include "base/err.h"

/* 0 when told to stop; -1 when it could not begin. */
int dns_serve(const struct conf_dns *set, int service, int signals, struct err *e);

#endif
