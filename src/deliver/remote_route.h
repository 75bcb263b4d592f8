/* deliver/remote_route.h - where mail for a domain goes: addresses, in the order in which they are tried.
 *
 * RFC 5321 5.1: the MX records by preference, equal ones in random order; without any, the domain's own addresses; a
 * null MX (RFC 7505) takes no mail.  Addresses of one host: IPv6 and IPv4 by turns, IPv6 first.  When one of the
 * hosts is this server itself, it and all that are not preferred to it are left out; if nobody remains, the mail would
 * come back here for ever.  Whatever is decided has qmail-remote's words (LOG-FORMATS 3.4).
 */
#ifndef DELIVER_REMOTE_ROUTE_H
#define DELIVER_REMOTE_ROUTE_H

#include "base/arena.h"
#include "base/ipc.h"
#include "base/str.h"
#include "mail/outcome.h"

enum { ROUTE_HOSTS_MOST = 12, ROUTE_ADDRESSES_MOST = 24 };

/* An address and port at which we listen ourselves. */
struct route_own {
	struct str ip;
	uint16_t port;
};

struct route_set {
	struct ipc_client *dns;
	struct str host; /* the smart host, or empty */
	uint16_t port;
	struct str hostname; /* ours */
	const struct route_own *own;
	size_t nown;
	int64_t deadline; /* ms that all questions of one route may take */
};

struct route_stop {
	struct str host; /* its name; of an address literal, the address */
	struct str ip;
	uint16_t port;
	bool vouched;         /* that mail goes to this host: by validated DNS, or by our postmaster */
	bool secure;          /* its address: by validated DNS */
	struct str canonical; /* the name at the end of the host's aliases; may be empty */
};

struct route {
	struct route_stop stop[ROUTE_ADDRESSES_MOST];
	size_t n;
	struct outcome none; /* when n is 0: why */
};

/* The address of a recipient, or where all goes when there is a smart host.  Memory from `a`. */
void route_find(const struct route_set *set, struct str rcpt, struct arena *a, struct route *out);

/* "NAME", "ADDRESS", "NAME:PORT", "[V6]:PORT" of relay { host }; false when it is none of these. */
bool route_host(struct str s, uint16_t preset, struct str *name, uint16_t *port);

#endif
