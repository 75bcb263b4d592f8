/* logs/expiring.h - which archives the next rotation removes (logs { keep }).
 *
 *	.expiring beside the logs: a line "NAME INODE" for each
 *
 * Whoever reads a folder of logs passes over them, so that they are out of an
 * index before they are gone (index/index.h).  A rotation writes the file anew;
 * an archive that is not the one that was meant, as in a copy of the folder, is
 * read like any other.
 */
#ifndef LOGS_EXPIRING_H
#define LOGS_EXPIRING_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct expiring_file {
	struct str name;
	uint64_t inode;
};

struct expiring {
	struct expiring_file *at;
	size_t n;
};

/* Those of a folder, in the arena; none where the file is missing, or is none of ours. */
void expiring_read(struct expiring *x, const char *folder, struct arena *a);
bool expiring_has(const struct expiring *x, struct str name, uint64_t inode);
/* From now on these; n 0: none.  Synced. */
int expiring_write(int dir, const struct expiring_file *at, size_t n, struct err *e);

#endif
