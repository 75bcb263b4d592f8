/* logs/logs.h - the three logs: one definition that both writes and reads.
 *
 * A struct log_line is one line as fields.  log_print() writes it, log_parse()
 * reads it, both by the row of shapes.def; for every line of the family
 * print(parse(text)) is text, byte for byte, made from the fields.  Values from
 * outside get in through log_set(), which escapes what could forge a field or
 * a line (\xHH); field values of a parsed line are as they stand in the file.
 * log_plain() undoes the escapes for showing a value to people.
 *
 *	log_begin(&l, LOG_SMTP_SIZE, clock_wall());
 *	log_setn(&l, LOG_F_bytes, &arena, 620);
 *	log_print(&group, &l);
 *
 * A field that was not set, or set to nothing, is written as "-", "unknown" or
 * spamdyke's "(unknown)" where nothing could not be read back; tails in `[...]`
 * whose fields were not set are left out.  A RESP of code 250 whose text is
 * "ok E qp Q" is the same line as a RESP_QUEUED, and is read as one.
 */
#ifndef LOGS_LOGS_H
#define LOGS_LOGS_H

#include <sys/types.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

/* No line that we write is longer; values are cut before ("..."). */
#define LOG_LINE_MAX 8192

enum log_family { LOG_SMTP, LOG_DELIVERY, LOG_SPAMDYKE, LOG_FOREIGN, LOG_FAMILIES }; /* FOREIGN: foreign.h */

#define LOG_SHAPE(family, id, pattern) LOG_##family##_##id,
enum log_kind {
	LOG_UNKNOWN, /* not understood: only raw and, where readable, the stamp and the verb */
	LOG_OTHERS,  /* of another server, and understood: foreign.h tells the rest */
	LOG_EMPTY,   /* an empty line: a group ends */
#include "logs/shapes.def"
	LOG_KINDS
};
#undef LOG_SHAPE

/* Field names as they stand in the patterns; fields.def says what each may contain. */
#define LOG_FIELD(name, ...) LOG_F_##name,
enum log_field {
#include "logs/fields.def"
	LOG_FIELDS
};
#undef LOG_FIELD

struct log_line {
	enum log_kind kind;
	bool stamped;                 /* the stamp could be read */
	bool padded_day;              /* syslog "Mar  9" (true) or "Mar 9" */
	bool cr;                      /* a CR stood before the newline */
	bool quoted;                  /* a resp text wrapped in one pair of quotes */
	bool ambiguous;               /* more than one split of the fields was possible; see raw */
	struct str host;              /* syslog lines */
	struct str connection;        /* the number in spamdyke[N] (in comma logs: LOG_F_connection) */
	struct str again;             /* N of syslog's "message repeated N times: [ ...]" around it; empty: none */
	struct str verb;              /* of an unknown comma line: "quit", "rset" ... */
	struct str raw;               /* the line as it stood, without its newline */
	struct str field[LOG_FIELDS]; /* p == NULL: not there */
	/* From here on log_parse_next() goes by what the line before left. */
	struct civil stamp; /* when `stamped`; spamdyke lines: year 0, the file has none */
	char written[20];   /* as it stood in that line; begins with NUL: not known */
};

/* Reading never fails: what no row fits is LOG_UNKNOWN.  text is one line, its newline may be there.
 * Strs borrow from text. */
void log_parse(enum log_family family, struct str text, struct log_line *out);
/* The same for one line of a log after the other: *l is what the line before gave, at first all zero. */
void log_parse_next(enum log_family family, struct str text, struct log_line *l);
/* Makes *l what log_parse_next() takes for the line behind `before`. */
static inline void log_follow(struct log_line *l, const struct log_line *before)
{
	l->stamp = before->stamp;
	memcpy(l->written, before->written, sizeof(l->written));
}
/* The same for a line of the gate whose front another program has read: "ALLOWED from: ...". */
void log_parse_gate(struct str body, struct log_line *out);
/* Which log is this? By its first readable lines; false when none of them fits. */
bool log_recognise(struct str head, enum log_family *family);

void log_begin(struct log_line *l, enum log_kind kind, int64_t wall_ms); /* stamp in the logs' zone (log_zone) */
/* The front of a spamdyke line: who wrote it, for which connection. */
void log_origin(struct log_line *l, struct arena *a, struct str host, uint64_t connection);
void log_set(struct log_line *l, enum log_field f, struct arena *a, struct str value);
void log_setf(struct log_line *l, enum log_field f, struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void log_setn(struct log_line *l, enum log_field f, struct arena *a, uint64_t value);
/* A time of day after 1970 as seconds and milliseconds: "1615286631.042". */
void log_set_moment(struct log_line *l, enum log_field f, struct arena *a, int64_t wall_ms);
/* Append the line and its newline; LOG_UNKNOWN is its raw bytes. */
void log_print(struct buf *b, const struct log_line *l);

/* Escape and back.  escape is what log_set() does for that field.  Printable ASCII and valid UTF-8 that
 * shows itself pass; controls, bidi and zero-width characters, broken UTF-8, the backslash, spaces at the
 * ends and what could forge a separator become \xHH byte by byte; what exceeds the field's cap is cut. */
struct str log_escape(struct arena *a, enum log_field f, struct str value);
struct str log_plain(struct arena *a, struct str value);
/* qmail's logsafe() (LOG-FORMATS 3.1) for delivery reports: newline to '/', odd bytes to '_'; ends in '/'.
 * Of more than 2000 bytes the middle is left out: the end says what was done. */
struct str log_report(struct arena *a, struct str text);
/* and what can be undone of it: '/' to newline, '_' to space. */
struct str log_report_plain(struct arena *a, struct str report);
/* spamdyke's reason: spaces to '_', "(empty)" when empty. */
struct str log_reason(struct arena *a, struct str text);
/* and back, for a reply: '_' to space.  An entry of a list is better shown as it stands: a '_' may be its own. */
struct str log_reason_plain(struct arena *a, struct str reason);

/* Stamps are written in this zone: local (default) or UTC.  Set once at start, and after a change of TZ. */
void log_zone(bool utc);
int log_offset(int64_t wall_ms); /* of that zone at that moment, seconds east of UTC */

/* Appending.  One writer per file and process; any thread may append, and so may
 * other processes.  A group is whole lines and goes out as one write, so groups never
 * interleave; over LOG_GROUP_MAX it goes out in pieces, each later one opening with
 * `again` (the session line; empty: nothing).  In the SMTP log the writer
 * puts the empty line behind each group.  A new or empty file of a comma log opens
 * with the zone line; a changed zone offset writes it again.  A thread of the writer
 * syncs once a second.  When the file was renamed away (looked at once a second,
 * with or without groups) the writer opens the name anew; while that fails it stays with the old file.
 *
 * On -1 (disk full, no permission) the group, or what was left of it, is lost: log_lost()
 * counts such groups (and failed syncs), and the caller's program says so once.  What was
 * cut in mid-line, by us or before our time, is closed by a newline before the next group. */
#define LOG_GROUP_MAX (64 << 10)
/* A writer holds a shared lock (F_OFD_SETLK) on this byte of its file as long as it has it open.  Who gets it
 * exclusively, after the file was renamed, knows that no writer is left (rotate.h). */
#define LOG_HELD ((off_t)1 << 61)

struct log_writer;
struct log_writer *log_writer_open(const char *path, enum log_family family, struct err *e); /* NULL: *e says why */
int log_append(struct log_writer *w, struct str group, struct str again, struct err *e);
uint64_t log_lost(const struct log_writer *w);
/* To be asked after a log_append() that succeeded: were groups lost before it that nobody was told of?  Then *told
 * is the sentence for server.log, with their number.  At most one in ten seconds, however often a log comes and
 * goes. */
bool log_regained(struct log_writer *w, struct err *told);
/* Sync and free; no thread may use w any more.  NULL is nothing to do. */
void log_writer_close(struct log_writer *w);

/* The last `most` bytes of a log, over a rotation of the last minute (rotate.h): what was renamed and still stands
 * plain comes first, and may give as much again. */
int log_tail(const char *path, size_t most, struct buf *out, struct err *e);

#endif
