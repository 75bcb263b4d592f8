/* index/tail_inside.h - what tail*.c have in common. */
#ifndef INDEX_TAIL_INSIDE_H
#define INDEX_TAIL_INSIDE_H

#include "index/pull.h"
#include "index/tail.h"
#include "index/write.h"

/* Of one file: what is new in it, and what is joined of it. */
struct tail_file {
	uint64_t lines, unreadable, strangers;
	struct source_kept kept;
	uint64_t *covered;  /* of the lines that are read: those that some family has */
	size_t nlines;      /* that are read */
	uint32_t last_init; /* the last one's number among them; 0: none */
};

/* Of old logs: seconds by which what is new may be older than what was read; before the latest line, from when on
 * all may be joined anew (a remote server is waited for 20 minutes at each step), and from when on the end leaves
 * everything open for that. */
enum { TAIL_LAG = 1200, TAIL_ANEW = 3600 + PULL_ANEW, TAIL_OPEN = TAIL_ANEW + PULL_BESIDE };

struct tail {
	const struct tail_ask *ask;
	struct growth *g;
	struct tail_file *files;
	struct pull pull;
	struct source source;
	struct book book;
	struct tale tale;
	struct sets sets;         /* of what is new in each file */
	struct foreign_line line; /* tail_scan.c */
	int64_t zone_said;        /* the earliest epoch of a new zone line; INT64_MAX: none */
	bool old;                 /* the logs are old ones (tail_old.c), of which this is needed: */
	int64_t newest, earliest; /* local stamps: of all lines; of what is new */
	int64_t *latest;          /* of each family, of its lines */
	size_t nlatest;
	struct {
		uint64_t *at;
		size_t n;
	} tried[INDEX_CHAPTERS + 1]; /* of each chapter */
	struct map tries;            /* hashes of their recipients, plus 1: of those that are new */
	struct str hours;            /* tail_old_clock.c: who occurred in the last hours, */
	int64_t hours_from;          /* from which on it is known */
	bool damaged;
	struct arena mem, lasting;
};

/* tail_scan.c: read what is new, and by what it belongs to what was there. */
int tail_scan(struct tail *t, struct err *e);
/* tail_read.c: the lines that are to be joined as a source; then read and join them. */
int tail_read(struct tail *t, struct err *e);
/* Of that which was read what is new. */
struct str tail_new_text(const struct tail *t, size_t file);
void tail_forget(struct tail *t); /* what came of it */
/* tail_check.c: is it what it would be if all had been read? */
int tail_check(struct tail *t, struct err *e);
/* tail_root.c: the root of all, when the families are written. */
void tail_see(void *with, const struct packer *k); /* of struct writing */
/* tail_root.c: lines that are read again because of no story. */
struct tail_loose {
	struct tail *t;
	struct index_loose *at;
	size_t n, cap;
};
void tail_put_loose(struct tail_loose *l, const struct line *x, const struct open_end *end);
/* tail_old_check.c, tail_old.c */
int tail_old_check(struct tail *t, struct err *e);
/* Does the try and the init stand there that come before the first attempt which is joined anew? */
bool tail_old_starts(const struct tail *t);
void tail_old_open(struct tail *t, const struct writing *w, struct index_root *r);
void tail_old_loose(struct tail *t, struct tail_loose *l);
void tail_old_names(struct tail *t, struct writing *w, struct index_root *r);
bool tail_old_tried(void *with, struct str name);   /* of struct known */
void tail_old_try(struct tail *t, struct str rcpt); /* one that is new */
/* The earliest moment (a local stamp) of which it was believed that nobody ever tries to deliver to a recipient of whom
 * there is a first try now; INT64_MAX: none. */
int64_t tail_old_surprise(struct tail *t);
/* The earliest try (a local stamp) of those whose end is new now, and may change what was joined since; INT64_MAX:
 * none. */
int64_t tail_old_flight(const struct tail *t);
bool tail_old_new(const struct tail *t, const struct line *x); /* does it stand in what is new? */
/* tail_old_clock.c: inits that stand beside their messages, and others; those of the last hours apart. */
void tail_old_count(struct tail *t, struct index_growth *sums, struct index_growth *last);
/* tail_open.c */
void tail_open(struct tail *t, const struct writing *w, struct index_root *r);
int tail_root(struct tail *t, struct writing *w, struct buf *root, struct tail_made *made, struct err *e);

#endif
