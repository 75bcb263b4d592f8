/* dns/zone.h - the lines of dns.zone: our own records, answered before any server is asked.
 *
 *	NAME [TTL] [CLASS] TYPE RDATA   ; comment
 *	NAME static                     ; what lies below NAME and has no record does not exist
 *
 * Names are absolute, with or without the final dot; the class is IN.
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { ZONE_TTL = 300, ZONE_TTL_MAX = 2147483647, ZONE_FILE_MAX = 16 * 1024 * 1024 };

enum zone_kind { ZONE_BLANK, ZONE_RECORD, ZONE_STATIC };

struct zone_line {
	enum zone_kind kind;
	struct str name, type, rdata; /* borrowed from the line */
	uint32_t ttl;
};

/* One line, without its end; on -1 *why says what is wrong with it. */
int zone_parse_line(struct str line, struct zone_line *out, const char **why);
/* The line back, with everything that may be left out written. */
void zone_put_line(struct buf *out, const struct zone_line *z);

/* -1 when the file cannot be read or a line of it is wrong ("FILE:LINE: text"), as telltale-dns would say. */
int zone_check_file(const char *file, struct err *e);

#endif
