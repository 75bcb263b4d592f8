/* vouch/dmarc_record.h - a DMARC policy record (RFC 9989 4.7, 4.8; what is left of RFC 7489 6.3).
 *
 * A record is one that begins with `v=DMARC1`; unknown tags and malformed
 * values of optional tags are passed over, of repeated tags the first counts.
 */
#ifndef VOUCH_DMARC_RECORD_H
#define VOUCH_DMARC_RECORD_H

#include "base/arena.h"
#include "vouch/dmarc.h"

struct dmarc_record {
	enum dmarc_policy p, sp, np; /* what applies: sp and np fall back to p and sp */
	bool has_np;
	bool adkim_strict, aspf_strict;
	char psd;             /* 'y', 'n', 'u' */
	bool test;            /* t=y, or pct=0 where there is no t */
	int pct;              /* -1: none */
	const char *unusable; /* NULL, or why no policy is taken from it (4.10.1) */
};

bool dmarc_record_is(struct str txt);
struct dmarc_record dmarc_record_read(struct str txt);

#endif
