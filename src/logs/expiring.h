/* logs/expiring.h - which archives the next rotation removes (logs { keep }).
 *
 *	.expiring beside the logs: "UNTIL DEVICE INODE", of when it is over and of the folder; then "NAME INODE" for each
 *
 * Whoever reads a folder of logs passes over them, so that they are out of an
 * index before they are gone (index/index.h).  Each rotation writes the file
 * anew.  It hides nothing for longer than a day and some hours, only archives,
 * and only those that were meant: in another folder, as in a copy, it says nothing.
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
	int64_t until; /* seconds; 0: it says nothing */
};

/* Those of a folder (openat() from there), in the arena; none where the file is missing, over, or none of ours. */
void expiring_read(struct expiring *x, int from, const char *folder, struct arena *a);
bool expiring_has(const struct expiring *x, struct str name, uint64_t inode);
/* Until that moment these; n 0: none.  Synced. */
int expiring_write(int dir, const struct expiring_file *at, size_t n, int64_t until, struct err *e);
/* The archives of these names were written anew: they are meant still. */
int expiring_renew(int dir, struct expiring *x, struct err *e);

#endif
