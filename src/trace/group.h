/* trace/group.h - read every line once and group what stands together.
 *
 * A group needs no guessing: an SMTP transaction is contiguous, a result
 * carries its delivery number.  Whatever needs a judgement is left to
 * complete.h.  Unknown lines are counted; nothing here fails.
 */
#ifndef TRACE_GROUP_H
#define TRACE_GROUP_H

#include "trace/record.h"

/* Read all files of the source into the book, settle the zone and the gate log's year.
 * now: UTC seconds, for logs that give no other hint of their year. */
void group_read(struct book *b, int64_t now);
/* The same in two steps: which files are read, in which order (from here on their texts stay where they are); their
 * lines. */
void group_files(struct book *b);
void group_lines(struct book *b, int64_t now);

/* The stamp of a file's first readable line, by which rotated files are read in their order; INT64_MAX: none. */
int64_t group_opens(const struct source_file *f);
/* In that order; of what begins in one second, by name. */
void group_sort(struct source *s);

/* A group that its file did not end: a log may be rotated in the middle of one. */
struct smtp_ended {
	struct str label;
	struct visit *open;
	struct party *party;
	int asked;
	struct smtp_ended *next;
};

/* One file's lines, as group_smtp.c and group_delivery.c take them. */
struct smtp_reader {
	struct book *b;
	struct visit *open;              /* the group being read */
	struct party *party;             /* its latest RCPT */
	struct smtp_ended *ended, *file; /* of each label, how its last file ended; the one being read */
	struct line *session;            /* a session line that may open a group or continue one, */
	uint64_t connection;             /* and what it says */
	struct str ip;
	int64_t moment;
	int asked; /* what the next resp answers: enum of group_smtp.c */
	struct map by_connection;
};
void smtp_begin_file(struct smtp_reader *r, struct str label);
void smtp_end_file(struct smtp_reader *r);
void smtp_take(struct smtp_reader *r, const struct line *ln, const struct log_line *l);
void smtp_end(struct smtp_reader *r);

struct delivery_reader {
	struct book *b;
	struct line *init;
	const struct name *from;
	bool init_fresh;  /* no try since the init */
	uint64_t host;    /* delivery numbers are one host's: the folder of its logs */
	uint64_t highest; /* latest delivery number, to see a restart */
	struct map by_number;
	struct attempt *recent[256]; /* the same of this file, by the number's last digits */
};
void delivery_begin_file(struct delivery_reader *r, struct str path);
void delivery_take(struct delivery_reader *r, const struct line *ln, const struct log_line *l);
void delivery_end(struct delivery_reader *r);

/* The latest gate lines, to know what a repetition repeats. */
struct repeat_reader {
	struct book *b;
	struct gate *latest[32];
	size_t n;              /* ever put there */
	uint32_t file, number; /* the line that `before` stands in, or that repeats it */
	struct gate *before;
};
void repeat_see(struct repeat_reader *r, const struct line *ln, struct gate *g);
/* "last message repeated N times" */
void repeat_before(struct repeat_reader *r, const struct line *ln, const struct log_line *l);
/* "message repeated N times: [ ...]": false when the line that it repeats was not read, so that it has to stand for it. */
bool repeat_of(struct repeat_reader *r, const struct line *ln, const struct log_line *l, const struct gate *g);

/* A verdict of the gate as a record, from any log that holds one; NULL: it repeats one that was read. */
struct gate *group_gate(struct repeat_reader *r, const struct line *ln, const struct log_line *l);
/* A number of the log; 0 when it is none. */
uint64_t group_number(struct str s);
/* "EPOCH.mmm" in ms; 0 when it is none. */
int64_t group_moment(struct str s);

#endif
