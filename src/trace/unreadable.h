/* trace/unreadable.h - the lines that were counted as unreadable, and why.
 *
 * They are looked up again in the files, when somebody asks: nothing is kept of
 * them.  The beginning of a line is masked by the scope before anything of it is
 * shown; of a line that ends in mid-word a scope does not show that word.
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
/* Append the line's beginning, masked but not escaped. */
void unreadable_beginning(struct buf *out, struct scope *sc, const struct unreadable *u);

#endif
