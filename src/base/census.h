/* base/census.h - how many sessions are open, in all and per client, over all telltale-smtpd programs.
 *
 * One table in shared memory (the memfd "census").  Each worker counts in its
 * own column and clears that column when it starts, so that what a killed
 * worker had counted is forgotten with it.  A lock of the kernel that dies
 * with its holder guards the table.  IPv6 clients are counted by their /64.
 * When more addresses are connected than the table holds, those beyond are
 * counted in total only: the table is a fence against floods, not an account.
 */
#ifndef BASE_CENSUS_H
#define BASE_CENSUS_H

#include <netinet/in.h>
#include <stdint.h>
#include "base/err.h"

#define CENSUS_WORKERS 256  /* columns; as many as limits.workers allows */
#define CENSUS_CLIENTS 8192 /* different clients connected at one time */

struct census;

/* fd: the shared memory, of any size (it is grown to ours), or -1 for one of our own. */
struct census *census_open(int fd, unsigned worker, struct err *e);
void census_close(struct census *c);

enum census_answer { CENSUS_IN, CENSUS_FULL, CENSUS_CLIENT_FULL };

struct census_limit {
	uint64_t sessions, per_client;
};

/* Count one session in, unless a limit is met.  Loopback has no limit per client. */
enum census_answer census_enter(struct census *c, const struct in6_addr *client, struct census_limit limit);
void census_leave(struct census *c, const struct in6_addr *client);
uint64_t census_total(struct census *c);

/* The same for somebody who only looks at the shared memory; it may be off by what changes meanwhile. */
int census_count(int fd, uint64_t *n, struct err *e);

#endif
