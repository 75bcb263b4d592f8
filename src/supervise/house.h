/* supervise/house.h - what telltaled needs of stations that it knows nothing of, as functions handed to it.
 *
 * supervise/ includes base only; cli/house.c joins it with the rest for both
 * ways in, `telltale serve` and telltaled.
 */
#ifndef SUPERVISE_HOUSE_H
#define SUPERVISE_HOUSE_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/ipc.h"

struct house {
	/* Can the programs work with this configuration (zone file)?  -1: FILE:LINE: why not. */
	int (*usable)(struct conf *c, struct err *e);
	/* The gate's rules, as telltale-smtpd wants them (`gate-rules`).  -1: FILE:LINE: what is wrong. */
	int (*rules)(const struct conf *c, struct buf *out, struct err *e);
	/* Do these bytes of a certificate and a key belong together? */
	int (*keys_fit)(struct str certificate, struct str key, struct err *e);
	int (*keys_make)(const char *hostname, const char *certificate, const char *key, struct err *e);
	/* Put into the channel (run/queue.ctl) what tells telltale-queue its new configuration; takes the memfd. */
	void (*queue_tell)(struct ipc_conn *c, unsigned generation, int conf);
	/* Its answer: 0; -1 when it did not take all of it, or the answer is none. */
	int (*queue_told)(const struct ipc_frame *f, struct err *e);
	/* What that telltale-smtpd had counted in the census is void: it ended without saying goodbye. */
	void (*census_forget)(int census, unsigned worker);
};

#endif
