/* dns/told.h - believe an answer of telltale-dns only after looking at every byte of it.
 *
 * Fills the answer part of q from told: each record's length is checked
 * against its type, records with unusable names are left out.  Whatever told
 * holds, q is valid afterwards; its rdata is copied into a.
 */
#ifndef DNS_TOLD_H
#define DNS_TOLD_H

#include "dns/dns.h"

enum { DNS_RECORDS_MAX = 4096 };

void dns_told_read(const struct dns_told *told, struct dns_question *q, struct arena *a);

/* Is this rdata of that type well formed (unknown types: any)? */
bool dns_rdata_ok(int type, struct str rdata);

#endif
