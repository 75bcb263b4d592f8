/* trace/unreadable.h - the lines that were counted as unreadable, and why.
 *
 * They are looked up again in the files, when somebody asks: nothing is kept of
 * them.  A scope sees the beginning only of lines that name a mailbox of its own,
 * and that masked like all else; of a line that ends in mid-word not that word.
 */
#ifndef TRACE_UNREADABLE_H
#define TRACE_UNREADABLE_H

#include "trace/scope.h"

enum { UNREADABLE_SHOWN = 200 }; /* bytes of a line */

struct unreadable {
	const struct source_file *file;
	uint64_t number, offset;
	struct str raw;
	const char *why; /* "a NUL byte", ... */
	bool torn;
};

/* The first `most` of them, file by file. */
void unreadable_each(const struct source *s, size_t most, void (*see)(void *, const struct unreadable *), void *with);
/* How many there are; group_read() has counted them. */
uint64_t unreadable_count(const struct source *s);
/* Append the line's beginning, masked but not escaped; false: it is not for this scope. */
bool unreadable_beginning(struct buf *out, struct scope *sc, const struct unreadable *u);

#endif
