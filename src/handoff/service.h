/* handoff/service.h - where a milter or rspamd listens, and the way there.
 *
 *	inet:HOST:PORT   inet6:HOST:PORT   HOST is an address ([::1] too) or localhost: no DNS is asked
 *	inet:PORT@HOST   inet6:PORT@HOST   as sendmail writes it
 *	unix:/PATH       local:/PATH
 */
#ifndef HANDOFF_SERVICE_H
#define HANDOFF_SERVICE_H

#include <sys/socket.h>
#include "base/err.h"
#include "base/str.h"

struct service {
	struct sockaddr_storage at;
	socklen_t n;
	uint16_t port;  /* 0: a Unix socket (what a sandbox must allow) */
	char text[128]; /* "inet:127.0.0.1:8891", "inet6:[::1]:8891", "unix:/run/x.sock" */
};

/* 0, or -1 with what is wrong, in words that follow an option's name. */
int service_read(struct service *s, struct str spelled, struct err *e);

/* A connected, non-blocking descriptor, or -1 with "connect to SERVICE: ...".  Fibers of this thread run meanwhile. */
int service_connect(const struct service *s, int64_t deadline, struct err *e);

#endif
