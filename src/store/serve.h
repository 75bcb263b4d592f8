/* store/serve.h - telltale-lookup: one loop that answers at once, a few workers for what takes time.
 *
 * Questions about addresses are answered from the loop and never wait for a
 * password's hash or for an administrator's change; those run in the workers,
 * each with its own store, and neither kind waits for the other.  A malformed frame, or an administrator's request on
 * the service socket, closes that connection only.
 */
#ifndef STORE_SERVE_H
#define STORE_SERVE_H

#include "base/conf.h"
#include "base/err.h"

struct store_sockets {
	int service, control; /* listening; control may be -1 */
	int signals; /* signalfd: SIGTERM stops, SIGHUP lets nobody in any more and ends with the last visitor */
};

/* 0 when told to stop; -1 when it could not begin. */
int store_serve(const struct conf *conf, const struct store_sockets *sockets, struct err *e);

#endif
