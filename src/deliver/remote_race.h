/* deliver/remote_race.h - which address of a host lets us in first (RFC 8305).
 *
 * The addresses are tried in their order, the next one a moment after the one before it, while those go on; who is
 * connected first has won, and the others are let go.  So a family of addresses that does not work costs a third of a
 * second and not a time-out.  Who was refused or has won is not tried again in the same race; who was only slower may.
 */
#ifndef DELIVER_REMOTE_RACE_H
#define DELIVER_REMOTE_RACE_H

#include "deliver/remote_route.h"

struct remote_race {
	const struct route_stop *at;
	size_t n;       /* at most ROUTE_ADDRESSES_MOST */
	size_t won;     /* index of the last winner */
	uint32_t tried; /* a bit for each that is not to be tried again */
};

/* That of the i-th stop and those behind it that are of the same host, and vouched for alike. */
struct remote_race race_of(const struct route *r, size_t i);
/* Is there one that was not tried? */
bool race_goes_on(const struct remote_race *r);
/* A connected socket, and r->won; -1: nobody let us in before the deadline, and all have been tried.  sources: for
 * each the address of ours that it leaves from, or empty. */
int race_run(struct remote_race *r, const struct str *sources, int64_t deadline);

#endif
