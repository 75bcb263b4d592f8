/* dns/resolver.h - the one resolver of this server: cache, validation, forwarders, our own records.
 *
 * Where answers come from, in this order: the records of dns.zone; the servers
 * of dns.server, or, without any, the root; and only without servers what the
 * resolver itself knows (localhost, 127.0.0.1, private address space).
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <unbound.h>
#include "base/conf.h"
#include "base/err.h"

struct event_base;

/* NULL when a setting or a line of the zone file is wrong ("FILE:LINE: text"). */
struct ub_ctx *resolver_new(struct event_base *base, const struct conf_dns *set, struct err *e);

#endif
