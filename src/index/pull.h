/* index/pull.h - which families of the chapters new lines may change, and their lines.
 *
 * In our own logs lines belong together by numbers; only first tries, and lines
 * of the gate whose visit is not logged yet, go by who wrote to whom and when
 * (trace/reach.h).  Beginning with the numbers and pairs of the new lines,
 * families that have one of them are pulled, with all of theirs, until nothing is left to be pulled.  Their
 * lines together with the new ones are then joined as if all logs were.
 */
#ifndef INDEX_PULL_H
#define INDEX_PULL_H

#include "index/growth.h"
#include "index/pairs.h"
#include "index/touch.h"
#include "trace/known.h"

/* Of old logs: seconds before the new lines in which all is joined anew, and before those in which all is there. */
enum { PULL_ANEW = 40, PULL_BESIDE = 80, PULL_NEAR = 5 /* within which lines are taken for one message's */ };

struct pulled_line {
	uint32_t file, number, length; /* file: in the growth's order */
	enum log_kind kind;
	int64_t local;
	uint64_t at;
	const char *text;
	bool mute;         /* of old logs: it is only pointed at, and has no text here */
	bool begins, open; /* a connection; it was not over when the logs were read (struct open_end) */
	bool under_way;
};

/* When the calls of a family were. */
struct pull_calls {
	int64_t from, to;
	bool some;
};

struct pull {
	struct index *newest;
	bool old; /* the logs are old ones: what came of a line is handed over with it */
	struct known known;
	int64_t open_from; /* stamp from which on all is pulled that the ends of the old logs left open */
	struct touch keys;
	const struct pairs *pairs; /* pairs.h; NULL: no chapter's are known */
	struct book book;          /* what came to life */
	struct source files;
	struct tale tale;
	struct family_set set[INDEX_CHAPTERS + 1];    /* of each chapter, the newest first: pulled */
	struct pull_calls *calls[INDEX_CHAPTERS + 1]; /* of its families; NULL: not needed yet */
	struct {
		struct index_open *at; /* sorted */
		size_t n;
	} open[INDEX_CHAPTERS + 1];
	struct pulled_line *lines; /* by file and number, each once, when all is pulled */
	size_t n, cap;
	bool begun;
	struct map awaited; /* of old logs: pull_hash() of whom tries that are joined anew name, plus 1; */
	size_t looked;      /* so many of them were looked for */
	uint64_t bytes, stories, families;
	struct arena mem;
};

/* x NULL: there is nothing to be pulled.  False: a chapter is damaged. */
bool pull_begin(struct pull *p, struct index *x, const struct growth *g);
/* Pull what the keys lead to.  False: a chapter is damaged, or `most` bytes of lines are exceeded. */
bool pull_all(struct pull *p, uint64_t most);
/* Inside of pull*.c: those of each chapter that the pairs lead to which were not looked through before. */
bool pull_pairs(struct pull *p, struct family_set *out);
/* Inside: are all calls of a family of old logs over?  Then its tries are handed over, and lead to nobody else. */
bool pull_over(struct pull *p, struct story *const *at, size_t n);
/* Inside: what came of the lines of a story of old logs. */
void pull_known(struct pull *p, struct story *s);
/* Of old logs: by which is known who was ever tried, and who waits.  40 bits: of a million names no two are taken for
 * one. */
uint64_t pull_hash(struct str name);
/* A try for him is joined anew. */
void pull_await(struct pull *p, struct str name);
/* Inside: of each chapter the deliveries that wait for such a try. */
void pull_waiting(struct pull *p, struct family_set *out);
/* Inside: the line, as one that begins something. */
void pull_begin_line(struct pull *p, const struct line *l);
struct pulled_line pulled_of(const struct pull *p, const struct line *l);
/* The line may be needed too. */
void pull_line(struct pull *p, struct pulled_line x);
/* Each line once, in the order of the files.  False: two families differ about where a line stands. */
bool pull_sort(struct pull *p);
/* Nothing more is pulled: all is forgotten but what was, of each chapter, and how much. */
void pull_end(struct pull *p);
void pull_clear(struct pull *p);

#endif
