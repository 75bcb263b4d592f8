/* trace/source.h - the log files a question is answered from.
 *
 * Files and folders of any host.  A file is recognised by its first lines,
 * else by its name; smtp-LABEL.log gives the port's label.  The bytes are
 * read, not mapped: a log truncated meanwhile must not kill us.  What could
 * not be read is counted and named, never passed over in silence.
 */
#ifndef TRACE_SOURCE_H
#define TRACE_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "logs/logs.h"

#define SOURCE_FILE_MAX ((size_t)4 << 30)
#define SOURCE_LINE_MAX (64u << 10) /* a longer line is not read */
#define SOURCE_FILES_MAX 4096

struct source_file {
	struct str path;
	struct str label; /* of smtp-LABEL.log; empty: unknown */
	enum log_family family;
	struct buf text;
	int64_t mtime;
	uint64_t lines, unreadable; /* counted while reading */
	int64_t first, last;        /* local stamps; 0: none */
	bool torn;                  /* the last line has no end: it is not read */
};

struct source_skip {
	struct str path;
	const char *why;
	struct source_skip *next;
};

struct source {
	struct arena mem;
	struct source_file *files;
	size_t n, cap;
	struct source_skip *skipped;
};

/* A walk over the lines of one file. */
struct source_walk {
	const struct source_file *file;
	size_t at;
	uint64_t number;
};

void source_init(struct source *s);
void source_clear(struct source *s);
/* Add a file, or the logs in a folder (not below it).  -1 when it cannot be read or is no log. */
int source_add(struct source *s, const char *path, struct err *e);
/* The same from memory, for tests and fuzzers; the text is copied. */
void source_add_text(struct source *s, const char *path, struct str text);
/* The next line without its end; false at the end.  A torn last line is not given.  `bad`: too long or has a NUL. */
bool source_next(struct source_walk *w, struct str *line, bool *bad);

#endif
