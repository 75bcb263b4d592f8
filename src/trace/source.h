/* trace/source.h - the log files a question is answered from.
 *
 * Files and folders of any host, packed or plain (logs/unpack.h).  A file is
 * recognised by its first lines, else by its name; smtp-LABEL.log gives the
 * port's label.  The bytes are read, not mapped: a log truncated meanwhile must
 * not kill us.  A folder is looked at until nothing in it is new, so that a
 * rotation meanwhile hides nothing; what stands there twice is read once.  What
 * could not be read is counted and named, never passed over in silence.
 */
#ifndef TRACE_SOURCE_H
#define TRACE_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "logs/logs.h"
#include "logs/unpack.h"

#define SOURCE_FILE_MAX ((size_t)4 << 30)
#define SOURCE_UNPACKED_MAX ((size_t)2 << 30) /* what all packed files together may become */
#define SOURCE_LINE_MAX (64u << 10)           /* a longer line is not read */
#define SOURCE_FILES_MAX 4096

struct source_seen;

/* Where a line stood, of a text that is not the whole of its file (follow.h). */
struct source_place {
	uint64_t offset;
	uint32_t number;
	uint32_t at;            /* in the text */
	int year;               /* index: of another server's log, in which it was written */
	bool begins, open;      /* index: of such a log, a connection; it was not over before what is new */
	bool mute;              /* index: it is only pointed at, and tells nothing */
	bool under_way;         /* index: of qmail, a delivery that had no result before what is new */
	uint32_t arrived, told; /* follow.c: when, and in which story */
	bool keep, owned;       /* follow_keep.c */
};

struct source_kept {
	struct source_place *at; /* one for each of the first lines, or for all */
	size_t n, cap;
	uint64_t ahead;        /* those behind them stand so much further on in the file than in the text, */
	uint32_t lines_before; /* and so many stand before them there */
	unsigned order;        /* of files that begin in the same second */
	bool known;            /* index: no copy of another file, and begins when `opens` of its file says */
	uint32_t counted;      /* index: so many of the lines were read before, and what is odd about them counted */
	bool goes_on;          /* index: some of the file was read before: its year and its beginning are known */
	int year, month; /* index: those of the line before what is new; month 0: not known; year 0: read as any */
};

/* Where a line of such a text stands in its file: its number there, and its place, from those in the text.  k NULL: the
 * text is the file's. */
static inline uint32_t source_kept_number(const struct source_kept *k, uint32_t number)
{
	if (k == NULL)
		return number;
	return number <= k->n ? k->at[number - 1].number : number - (uint32_t)k->n + k->lines_before;
}

static inline uint64_t source_kept_offset(const struct source_kept *k, uint32_t number, uint32_t at)
{
	if (k == NULL)
		return at;
	return number <= k->n ? k->at[number - 1].offset : at + k->ahead;
}

struct source_file {
	struct str path;
	struct str label; /* of smtp-LABEL.log; empty: unknown */
	enum log_family family;
	struct buf text; /* unpacked */
	struct unpacked packed;
	struct source_seen *seen;       /* NULL: from memory */
	const struct source_kept *kept; /* NULL: the text is that of the file, from its first byte on */
	int64_t mtime;
	uint64_t lines, unreadable; /* counted while reading */
	uint64_t strangers;         /* of programs that are no mail server */
	int first_year;             /* of stamps without one, at the file's first line; 0: not known */
	bool year_voted;            /* of a gate's log: its lines prove the year */
	int64_t opens;              /* stamp of its first readable line, as files are ordered by it */
	int64_t begins;             /* local stamp of its first line */
	unsigned servers;           /* bit 1 << enum foreign_server: whose lines were read */
	int64_t first, last;        /* local stamps; 0: none */
	int64_t ends;     /* index: of another server's log, the stamp of the last line that is new; 0: none */
	int64_t log_last; /* the latest `last` of all files that this log was rotated into */
	bool torn;        /* the last line has no end: it is not read */
	bool gone;        /* by now its name is another file's, or nobody's */
};

struct source_skip {
	struct str path, why;
	bool lost; /* a log that may have held the answer: no copy, no other file */
	struct source_skip *next;
};

/* A file of the disk as it is now. */
struct source_id {
	uint64_t key[2]; /* device and inode */
	uint64_t size;
	int64_t mtime; /* ns */
};

/* Are both the same file of the disk, whatever stands in it now? */
static inline bool source_same(const struct source_id *a, const struct source_id *b)
{
	return a->key[0] == b->key[0] && a->key[1] == b->key[1];
}

/* And as it was when it was opened last. */
struct source_seen {
	struct source_id id;
	struct str path;
	ptrdiff_t file; /* index in the source; -1: no log */
};

struct source {
	struct arena mem;
	struct source_file *files;
	size_t n, cap;
	struct source_skip *skipped;
	struct map seen;       /* device and inode -> struct source_seen */
	size_t unpacked, most; /* bytes of packed files so far, and at most */
	/* For who watches while it is read: bytes of text that are there, and of those whose lines were read. */
	volatile uint64_t loaded, understood;
};

/* Of a line that is read again, and of the first one behind those: how many years after its file's first line the one
 * before it was written, and in which month (0: not known).  Of all others both stay as they are. */
static inline void source_kept_turn(const struct source_file *f, uint64_t number, int *month, int *passed)
{
	const struct source_kept *k = f->kept;

	if (number > (uint64_t)k->counted + 1)
		return;
	*month = number <= k->counted ? 0 : k->month;
	*passed = (number <= k->counted ? k->at[number - 1].year : k->year) - f->first_year;
}

static inline bool source_mute(const struct source_file *f, uint64_t line)
{
	return f->kept != NULL && line <= f->kept->counted && f->kept->at[line - 1].mute;
}

/* A walk over the lines of one file. */
struct source_walk {
	const struct source_file *file;
	size_t at;
	uint64_t number;
	size_t clean; /* source.c: how far NULs were looked for */
};

enum source_fault { SOURCE_GOOD, SOURCE_NUL, SOURCE_LONG, SOURCE_TORN };

void source_init(struct source *s);
void source_clear(struct source *s);
/* Add a file, or the logs in a folder (not below it).  -1 when it cannot be read or is no log. */
int source_add(struct source *s, const char *path, struct err *e);
/* The same from memory, for tests and fuzzers; the text is copied. */
void source_add_text(struct source *s, const char *path, struct str text);
/* Some of the lines of a file whose family is known; the text is copied. */
void source_add_kept(struct source *s, struct source_file f, struct str text);
/* To be called when all is added: what another file holds too is passed over, in favour of the better one. */
void source_settle(struct source *s);
/* When all is read: each file's log_last. */
void source_rotations(struct source *s);
/* The next line without its end; false at the end.  Only a line without fault may be parsed; a torn one is the last. */
bool source_next(struct source_walk *w, struct str *line, enum source_fault *fault);
/* In words, empty when all of the file was read: "cut short at byte 100 of 100". */
struct str source_trouble(struct arena *a, const struct source_file *f);

/* Is there a log of that family? */
bool source_has(const struct source *s, enum log_family family);
/* Could all that was found be read? */
bool source_whole(const struct source *s);

/* What a file's name tells (source_name.c). */
struct str source_base_name(struct str path);
bool source_family_named(struct str path, enum log_family *family);
struct str source_label(struct str path);
/* What all files have in common that one log was rotated into, beside their folder: "mail" of mail.log.2.gz. */
struct str source_stem(struct str path);

/* Inside of source*.c. */
/* 1: it was read, or is known, or why not was said; 0: it is no log; -1: it could not be read. */
int source_take(struct source *s, const char *path, struct err *e);
struct stat;
struct source_id source_identify(const struct stat *st);
struct source_seen *source_seen(const struct source *s, const struct source_id *id); /* NULL: not yet */
struct source_seen *source_see(struct source *s, const struct source_id *id, struct str path);
/* Does its name still lead to it? */
bool source_stands(const struct source_seen *x);
int source_take_folder(struct source *s, const char *path, struct err *e);
/* Is an entry of that name passed over in silence? */
bool source_ignores(struct str name);
/* Exim's main log says all that its reject and panic logs do: beside it they are passed over.  Is the path
 * one of these, and is there its main log among n others? */
bool source_repeated(struct str path, size_t n, struct str (*path_of)(const void *with, size_t i), const void *with);
void source_skip_repeated(struct source *s, struct str path);
void source_skip(struct source *s, struct str path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void source_lose(struct source *s, struct str path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
