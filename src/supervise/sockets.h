/* supervise/sockets.h - every socket of the house, bound once and inherited.
 *
 * A program that dies leaves its listening socket open here: clients wait in
 * the backlog until its successor accepts them, and nobody is refused.  A new
 * generation takes over the sockets that it shares with the old one, as
 * duplicates, and binds the others; a listener that is gone is closed when the
 * last program that had it stops listening.
 */
#ifndef SUPERVISE_SOCKETS_H
#define SUPERVISE_SOCKETS_H

#include <sys/types.h>
#include "base/conf.h"
#include "base/err.h"

struct bound {
	const char *name;    /* its name in TELLTALE_FDS: "listen.25", "service", "control" */
	const char *program; /* who gets it */
	const char *at;      /* "127.0.0.1:25", or the file in run/ */
	int fd;
};

struct sockets {
	struct bound *at;
	size_t n;
	struct arena mem;
};

struct sockets_set {
	const struct sockets *old; /* NULL, or those that are bound already */
	mode_t service_mode;       /* of the sockets that our programs serve each other on */
	bool signs;                /* there is a telltale-signer */
	bool policies;             /* there is a telltale-policy */
	bool page;                 /* there are telltale-web and telltale-search */
};

/* Bind all of them that are not yet, or say which one could not be and why.  Cleared by sockets_close() in any case. */
int sockets_open(struct sockets *s, struct conf *c, const struct sockets_set *set, struct err *e);
void sockets_close(struct sockets *s);

#endif
