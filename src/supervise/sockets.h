/* supervise/sockets.h - every socket of the house, bound once and inherited.
 *
 * A program that dies leaves its listening socket open here: clients wait in
 * the backlog until its successor accepts them, and nobody is refused.
 */
#ifndef SUPERVISE_SOCKETS_H
#define SUPERVISE_SOCKETS_H

#include "base/conf.h"
#include "base/err.h"

struct bound {
	const char *name;    /* its name in TELLTALE_FDS: "listen.25", "service", "control" */
	const char *program; /* who gets it */
	int fd;
};

struct sockets {
	struct bound *at;
	size_t n;
	struct arena mem;
};

/* Bind all of them or say which one could not be and why. */
int sockets_open(struct sockets *s, struct conf *c, struct err *e);
void sockets_close(struct sockets *s);

#endif
