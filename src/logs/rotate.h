/* logs/rotate.h - a log whose day is over becomes an archive.
 *
 *	smtp-25.log              is written
 *	smtp-25.log.2026-11-28   was renamed; writers may be at it for a second yet
 *	smtp-25.2026-11-28.zst   the archive (frames.h); a second rotation of one day adds to it
 *
 *	open     an empty file of the day's name, with the log's owner and mode, is made and changes places with the log
 *		 in one step: there is a log at every moment
 *	wait     until no writer holds the old file (LOG_HELD), and until who looks for lost lines after a crash has
 *		 had the time to find it plain (log_tail)
 *	pack     into a file of a hidden name, behind what the day's archive has already; synced
 *	replace  the packed file takes the plain one's name, then the archive's: nothing is there twice, or not at all
 *
 * A crash leaves one of the three forms; the next rotation goes on from there.  server.log, which all programs hold
 * open without looking at its name, is copied and emptied instead (say_lock).
 *
 * What tomorrow's rotation removes is named today (expiring.h), and no longer read from then on.
 *
 * The day in the name is that of the last line, in the logs' zone (log_zone).  Only files with these names, of this
 * folder, that are no links are ever touched.
 */
#ifndef LOGS_ROTATE_H
#define LOGS_ROTATE_H

#include <sys/stat.h>
#include "base/err.h"
#include "base/str.h"
#include "logs/logs.h"

enum rotate_form { ROTATE_NONE, ROTATE_LIVE, ROTATE_PLAIN, ROTATE_ARCHIVE, ROTATE_HIDDEN };

struct rotate_name {
	enum rotate_form form;
	struct str log;         /* "smtp-25", "delivery", "spamdyke", "server" */
	enum log_family family; /* LOG_FAMILIES: server.log */
	int64_t day;            /* since 1970 */
};

/* What a file of the log folder is by its name. */
struct rotate_name rotate_name(struct str name);

enum rotate_step { ROTATE_OPENED, ROTATE_WAITS, ROTATE_PACKED, ROTATE_AGED, ROTATE_LEFT, ROTATE_FAILED };

struct rotate_news {
	enum rotate_step step;
	const char *name;      /* of the file: the plain one, the archive */
	const char *why;       /* LEFT, FAILED: a sentence */
	int64_t left;          /* WAITS: ms; told twice a second until it is over, at last with 0 */
	uint64_t text, packed; /* PACKED: bytes */
};

struct rotate_set {
	int64_t keep; /* ms: older archives are removed; 0: none */
	int64_t next; /* the same of the next rotation, which may have another wish */
	bool daily;   /* only what begins before today; else every log in which something stands */
	bool own;     /* only our own user's files */
	bool (*wants)(void *with, const char *log); /* NULL: every one; else only those logs become archives */
	void (*tell)(void *with, const struct rotate_news *n);
	void *with;
};

/* A folder of logs; nobody else rotates in it meanwhile. */
int rotate_open(const char *folder, struct err *e);
/* All of it.  How many files were left for the next time, or failed; each was told. */
size_t rotate_run(int dir, const struct rotate_set *set);

/* Inside of rotate*.c, and for who rewrites archives (trace/erase.h). */

/* All names of one form, sorted; borrowed from the arena. */
size_t rotate_list(int dir, enum rotate_form form, const char *const **names, struct arena *a, struct err *e);
/* A regular file of its own, no link: opened, or -1. */
int rotate_open_file(int dir, const char *name, int flags, struct stat *st, struct err *e);
/* A new file under the hidden name of `name`, with that owner, mode. */
int rotate_create(int dir, const char *name, const struct stat *like, struct arena *a, const char **hidden,
		  struct err *e);
/* Its content is whole: sync it, with the time of `like`, and give it the name. */
int rotate_place(int dir, int fd, const char *hidden, const char *name, const struct stat *like, struct err *e);
/* The first and last moment in it as local seconds; false: no line has a stamp, or nothing but zone lines is there. */
bool rotate_span(int fd, const struct rotate_name *n, int64_t now, int64_t *first, int64_t *last);
void rotate_tell(const struct rotate_set *set, enum rotate_step step, const char *name, const char *why);
/* server.log becomes a plain one. */
int rotate_server(int dir, const char *plain, struct arena *a, struct err *e);
/* The plain one becomes an archive; 1: later, writers are at it. */
int rotate_pack(int dir, const struct rotate_set *set, const char *plain, struct err *e);

#endif
