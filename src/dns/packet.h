/* dns/packet.h - one DNS answer in wire form, as the resolver hands it over.
 *
 * Compression is undone, aliases are followed inside the packet.  No byte is
 * believed: lengths, pointers and counts are checked, every loop is bounded.
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct packet {
	unsigned rcode;
	uint32_t ttl;         /* the least of the records used */
	size_t n;             /* records of the asked type */
	struct buf records;   /* each: u16 length (little-endian), rdata without compression */
	struct buf canonical; /* where the alias chain ends, as text; empty when that has unusable characters */
	bool alias;           /* canonical is not the name asked about */
};

/* Read the answer to one question; on -1 the packet is malformed.  Owns buffers in both cases. */
int packet_read(struct str bytes, int rrtype, struct packet *out, struct err *e);
void packet_clear(struct packet *p);

#endif
