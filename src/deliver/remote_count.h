/* deliver/remote_count.h - what a session with another server says about its TLS, for the daily reports (RFC 8460).
 *
 * Of each connection that came as far as TLS, and of each host that a policy forbids to connect to.  A connection that
 * is kept for further messages is one session.  telltale-policy counts (sts/tally.h).
 */
#ifndef DELIVER_REMOTE_COUNT_H
#define DELIVER_REMOTE_COUNT_H

#include "deliver/remote_policy.h"

struct remote_counted {
	enum tally_kind kind;
	enum sts_result result;
	struct str reason;
};

/* False: it ended before anything could be said. */
bool remote_session(const struct remote_policy *p, const struct client *c, enum client_end end,
		    struct remote_counted *out);
/* The same of a host that is not connected to: p->refusal is not empty. */
void remote_refused(const struct remote_policy *p, struct remote_counted *out);

/* Tell telltale-policy, if anything is counted at all. */
void remote_count(const struct remote_case *one, const struct route_stop *stop, const struct remote_policy *p,
		  const struct client *c, enum client_end end);
void remote_count_refused(const struct remote_case *one, const struct route_stop *stop, const struct remote_policy *p);

#endif
