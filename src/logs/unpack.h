/* logs/unpack.h - a log file's bytes, whatever it is packed in.
 *
 * Plain, gzip, zstd and xz, told apart by their first bytes, never by a name;
 * several gzip members, zstd frames (those to be skipped too) or xz streams are
 * one text.  Bytes go straight to the end of the text.  A file that is cut,
 * damaged or too large gives what could be read, and `end` and `at` say so.
 * A file is read as long as it was when reading began, however it grows.
 */
#ifndef LOGS_UNPACK_H
#define LOGS_UNPACK_H

#include "base/buf.h"
#include "base/err.h"

enum unpack_form {
	UNPACK_PLAIN,
	UNPACK_GZIP,
	UNPACK_ZSTD,
	UNPACK_XZ,
	UNPACK_OTHER, /* bzip2, lz4, compress, lzip: recognised, not read */
};

enum unpack_end {
	UNPACK_WHOLE,
	UNPACK_LIMIT,   /* there is more than the limit */
	UNPACK_CUT,     /* an archive without its end: torn, or still being written */
	UNPACK_DAMAGED, /* what stands at `at` cannot be read; `why` in a few words */
	UNPACK_SHRANK,  /* the file became shorter while it was read */
};

struct unpacked {
	enum unpack_form form;
	enum unpack_end end;
	uint64_t size;   /* of the file */
	uint64_t at;     /* byte of the file where reading ended */
	const char *why; /* of UNPACK_DAMAGED; a constant */
};

enum { UNPACK_HEAD = 6 }; /* bytes that tell what a file is packed in */
enum unpack_form unpack_form(struct str head);
/* "gzip"; NULL for a plain file. */
const char *unpack_word(enum unpack_form form);
/* Is it packed, as its name says: ".gz", ".zst", ".xz", ".bz2" or the like?  *bare is the name without that. */
bool unpack_named(struct str name, struct str *bare);

/* Append a regular file's content to text, at most `limit` bytes of it.  By position: the offset is not moved.
 * -1: nothing could be read at all, e says why. */
int unpack_file(int fd, size_t limit, struct buf *text, struct unpacked *u, struct err *e);
/* The same from memory. */
void unpack_bytes(struct str file, size_t limit, struct buf *text, struct unpacked *u);

#endif
