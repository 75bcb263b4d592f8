/* gate/ip_range.h - addresses as ranges, and which of many ranges an address lies in.
 *
 * An entry of an IP list is one of
 *	192.0.2.7                an address (leading zeros count for nothing: 192.000.002.007)
 *	192.0.2.  192.0.2        all that begin so; one to three octets
 *	192.0.2-4.7  192.0-3     an octet may be a range; octets that are missing may be anything
 *	192.0.2.0/24  192.0.2.0/255.255.255.0
 *	2001:db8::1  2001:db8::/32
 * IPv4 and IPv6 never match each other; ::ffff:192.0.2.7 is 192.0.2.7.
 */
#ifndef GATE_IP_RANGE_H
#define GATE_IP_RANGE_H

#include "base/str.h"

enum { IP_RANGES_MAX = 256 }; /* of one entry */

/* The family (4 or 6), then sixteen bytes, the highest first: in the order of memcmp(). */
struct ip {
	unsigned char b[17];
};

struct ip_range {
	struct ip from, to; /* both belong to it */
	unsigned owner;     /* for its maker: a smaller number is older */
};

bool ip_parse(struct str s, struct ip *out);
/* The ranges of one entry; 0 and *why (a literal) when it is malformed. */
size_t ip_ranges(struct str entry, struct ip_range out[IP_RANGES_MAX], const char **why);
/* All addresses of its family? */
bool ip_range_is_all(const struct ip_range *r);

/* Many ranges laid over each other, the oldest on top: asked by one binary search. */
struct ip_cover {
	struct ip *edges; /* ascending; owner[i] has edges[i] up to before edges[i + 1] */
	unsigned *owners; /* NOBODY where there is none */
	size_t n;
};
#define IP_NOBODY (~0u)

/* r is sorted by owner. */
void ip_cover_init(struct ip_cover *c, const struct ip_range *r, size_t n);
void ip_cover_clear(struct ip_cover *c);
unsigned ip_cover_find(const struct ip_cover *c, const struct ip *at);

#endif
