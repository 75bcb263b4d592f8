/* supervise/supervise.h - telltaled: binds, starts, watches, stops.  Parses nothing from the net. */
#ifndef SUPERVISE_SUPERVISE_H
#define SUPERVISE_SUPERVISE_H

#include "base/conf.h"
#include "base/err.h"
#include "supervise/house.h"

/* Run the whole server in the foreground until SIGTERM, SIGINT or `telltale stop`; SIGHUP reads the file of c again.
 * Takes the contents of c.  Says `ready`
 * on stderr when every program can work.  0 after a clean end; -1 when it could
 * not start or somebody had to be killed. */
int supervise(struct conf *c, const struct house *h, struct err *e);

#endif
