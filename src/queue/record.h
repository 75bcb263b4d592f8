/* queue/record.h - one message as it stands in a segment, and the walk over a segment (doc/QUEUE.md, Bytes).
 *
 * Pure: bytes in memory, no files.  The scan trusts nothing: it never reads
 * past its bytes, never stands still, and one bad record hides no other.
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include "base/str.h"

enum {
	RECORD_ALIGN = 8,
	RECORD_HEADER = 80,
	RECORD_HEAD_MAX = 65536, /* bytes of prepended lines; also where the body starts in a big file */
};
#define RECORD_BODY_MAX ((uint64_t)1 << 40)

struct record {
	uint64_t segment, offset; /* where it is */
	uint64_t qp;
	uint32_t envelope, head; /* bytes of each part */
	uint64_t body;
	uint64_t big, big_sum; /* its file and that file's checksum; 0: head and body follow the envelope */
	uint64_t sum;          /* of what follows the header */
};

/* Bytes from one record to the next: header, parts, padding. */
uint64_t record_length(const struct record *r);
/* The header as it is written; nonce is the segment's. */
void record_header(const struct record *r, uint64_t nonce, char out[RECORD_HEADER]);

enum scan_found { SCAN_END, SCAN_RECORD, SCAN_BAD };

struct scan {
	struct str bytes; /* a piece of the segment ... */
	uint64_t base;    /* ... which starts there, a multiple of RECORD_ALIGN */
	uint64_t segment, nonce;
	bool recycled; /* bytes without our mark may be left from an earlier life */
	bool whole;    /* the piece was committed: everything in it must be a record */
	size_t at;     /* where the walk stands, from the start of bytes */
};

struct scan_hit {
	struct record r;                 /* of SCAN_RECORD */
	struct str envelope, head, body; /* head and body only when r.big == 0 */
	uint64_t from, to;               /* in the segment; of SCAN_BAD too */
	const char *why;                 /* of SCAN_BAD: a few words */
};

enum scan_found record_next(struct scan *s, struct scan_hit *hit);

#endif
