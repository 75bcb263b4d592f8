/* index/inside.h - inside of index*.c: an index that is open. */
#ifndef INDEX_INSIDE_H
#define INDEX_INSIDE_H

#include "index/grams.h"
#include "index/index.h"
#include "logs/frames.h"
#include "index/pack.h"
#include "index/place.h"
#include "index/terms.h"
#include "trace/rows.h"
#include "trace/wish.h"

enum { INDEX_CHAPTERS = 256 }; /* before the latest one */

/* Of packed families: sizes, then the families. */
struct family_block {
	struct chapter_frame frame;
	uint32_t first, n; /* families */
};

/* By what a log is known again when it has grown, or has another name (growth.h). */
struct index_growth {
	uint64_t first, head, tail; /* hashes: its first line, its beginning, the bytes before what is new */
	uint64_t from;              /* of its text: what stands before is an earlier chapter's */
	uint64_t size;              /* of its text, of which not all may be joined yet */
	uint32_t was;               /* which file of the chapter before it is, plus 1; 0: none */
	uint64_t even, odd;         /* samples of its clock that agree with the SMTP log's, and others (clocks.h) */
};

/* A line of our own logs that no story has, and which may get a meaning. */
struct index_loose {
	uint32_t file, number, length;
	uint64_t at;
	int64_t local;
	bool begins, under_way; /* struct open_end */
};

/* Of old logs: a delivery that was deferred.  Only a try for that recipient may go on with it, whenever it comes. */
struct index_waiting {
	uint32_t family;
	uint64_t to; /* pull_hash() */
};

/* Of old logs: an attempt of which it was guessed whose retry it is, and whose end nobody knew yet.  What its end was
 * decides about those who were tried meanwhile (wait_on()). */
struct index_flight {
	uint64_t number;
	int64_t at; /* stamp of its try */
	uint32_t family;
};

/* A chapter that is read before another one, and which of its families the other tells anew. */
struct index_before {
	uint64_t id;
	struct str hidden; /* their numbers, as steps */
};

/* A file of the logs, as it was and as it is opened again. */
struct index_file {
	struct source_id id;
	int fd;          /* -1: not open */
	struct buf text; /* of a packed file, once it was needed as a whole */
	bool unpacked;
	struct frames frames; /* of an archive that is read in place */
	bool framed;
	struct grams grams; /* which blocks of its text can hold what */
	struct index_growth growth;
};

/* A frame of an archive whose text is kept: families of one time have lines in few of them. */
struct index_frame {
	uint32_t file;
	size_t frame;
	uint64_t used; /* when: the higher, the later; 0: never */
	struct buf text;
};
enum { INDEX_FRAMES = 32 };

/* What the root holds beside directories. */
struct index_root {
	struct str survey;
	int64_t zone_from,
	    zone_to; /* the logs do not tell their zone: that of the machine between these must be as it was */
	uint64_t zone;
	uint64_t stories, families;
	struct chapter_frame table;   /* of stories: a row for each (index_table) */
	int64_t from, to;             /* when the stories began; from > to: there are none */
	int64_t calls_from, calls_to; /* when the calls of all were; from > to: there are none */
	struct chapter_frame rows;    /* of recipients: what statistics run over (trace/rows.h) */
	/* What is needed to go on from here. */
	bool grows;
	struct str why;            /* not, in words; empty: that is not known */
	bool whole;                /* nothing stood behind what was joined */
	uint64_t told;             /* stories, with those of earlier chapters that are not hidden */
	int64_t zone_last;         /* epoch of the latest line that says the zone */
	struct chapter_frame left; /* what stands there for root_left() */
	bool left_read;
	struct index_loose *loose; /* from here to flights: there once root_left() was called */
	size_t nloose;
	uint32_t *open; /* families that may go on, though no key may say so */
	int64_t *until; /* of each, of old logs: the stamp of its latest line, if that is why; 0: it may always */
	size_t nopen;
	struct index_waiting *waiting;
	size_t nwaiting;
	struct index_flight *flights;
	size_t nflights;
	struct zone_before zone_before;     /* of old logs, which do not say their zone */
	struct chapter_frame tried, relied; /* of old logs: names (tail_old.c) */
	struct chapter_frame hours;         /* and who occurred in the last hours (tail_old_clock.c), */
	int64_t hours_from;                 /* from which on it is known */
	struct str host;                    /* of another server's logs (struct foreign_ids) */
	struct index_before *before;        /* the latest first */
	size_t nbefore;
};

/* A row of the table of stories. */
struct index_row {
	int64_t time;
	uint32_t family;
	uint32_t verdicts; /* 1 << enum verdict: the story's and its recipients' */
	uint32_t label;    /* file of the visit's first line, plus 1 */
	bool rows;         /* statistics have rows of it */
	uint64_t calls;    /* how long its calls went on (touch_span()), plus 1; 0: there were none */
	int64_t called;    /* when the first one was */
	struct place place;
};

struct index {
	struct tale_store store;
	struct chapter *c;
	struct arena mem;
	struct source *source;
	struct source own; /* for facts: when nobody else's is filled */
	struct book facts; /* of the book only what is kept */
	struct pack_keys keys;
	struct index_root root;
	struct index_file *files;
	size_t nfiles;
	struct index_frame frames[INDEX_FRAMES];
	uint64_t frame_uses;
	struct family_block *blocks;
	size_t nblocks;
	struct term_blocks terms;
	struct index_row *rows; /* NULL: not needed yet */
	struct tale *t;
	struct unpacker unpacker;
	uint64_t *here;       /* families that are in the tale */
	uint64_t *hidden;     /* those that a later chapter tells anew; NULL: none */
	uint32_t *place;      /* of each file: which one of the latest chapter it is; NULL: the same */
	uint32_t *rank;       /* of each file: which one in the order of reading; NULL: there is no other chapter */
	struct index *before; /* the chapter before it */
	struct story **all;
	size_t nall, all_cap;
	bool scoped; /* all that the scope shows is there */
	bool broken;
};

/* root.c: what is kept of source and book, written and read in one order. */
void root_put(struct buf *b, const struct source *s, const struct book *k, const struct pack_keys *keys);
void root_take(struct cur *c, struct index *x);

void root_put_growth(struct buf *b, const struct index_root *r, const struct index_growth *files, size_t n);
void root_take_growth(struct cur *c, struct index *x);
/* What the chapter left open (loose, open, waiting, flights), of which only growth asks: a frame of its own. */
struct chapter_frame root_add_left(struct chapter_out *out, const struct index_root *r);
bool root_left(struct index *x);                     /* read it, once; false: it is damaged */
void root_take_left(struct cur *c, struct index *x); /* inside of it */

/* Are the logs as they were?  Else e says why. */
bool index_stands(const struct index *x, const struct survey_paths *p, struct err *e);
/* index.c: the chapter as an index of its own; NULL: e.  c is taken over. */
struct index *index_of(struct chapter *c, struct err *e);
/* As index_look(), of the chapter of that id and those before it; 0: the latest. */
struct index *index_look_at(const char *dir, uint64_t id, struct err *e);
/* Which file of the latest chapter is each of theirs, and what is hidden of them. */
bool index_chain(struct index *x);

/* store.c */
void store_init(struct index *x);
/* What comes to life of a chapter goes into that tale. */
void store_into(struct index *x, struct tale *t);
/* Each family of the set; false: seeing it fails, or the chapter is damaged. */
bool store_each(struct index *x, const struct family_set *set,
		bool (*see)(void *with, struct index *x, uint32_t family, struct story *const *at, size_t n),
		void *with);

/* Has this chapter stories that began within the span? */
static inline bool index_within(const struct index *x, struct span span)
{
	return (span.from == INT64_MIN && span.to == INT64_MAX) || (x->root.from < span.to && x->root.to >= span.from);
}

/* merge.c: the rows of all chapters, without what is hidden, in the order of answers; of those that hold none within
 * the span no row. */
bool merge_rows(struct index *x, struct span span, struct rows *out);
/* Inside of newest.c.  The chapter's rows, if it has any: without names or clients' addresses nobody has one there;
 * WHOLE: names know their domains, too.  The family of each story that the rows count; the caller frees (NULL: it is
 * damaged). */
enum merge_with { MERGE_NAMES = 1, MERGE_IPS = 2, MERGE_WHOLE = 4 };
bool merge_read(struct index *x, unsigned with, struct rows *out);
uint32_t *merge_families(struct index *x, size_t *n);
/* newest.c: tale_store.newest, of this chapter and those before it.  False: one is damaged, or has no rows. */
bool newest_look(struct index *x, const struct question *q, struct span span, size_t most, struct newest *out);
/* Of this chapter alone: the families with a row of that reason.  False: it is damaged. */
bool merge_reason(struct index *x, uint16_t reason, struct family_set *out);

static inline bool set_has(const uint64_t *bits, uint32_t family)
{
	return (bits[family / 64] >> (family % 64) & 1) != 0;
}

static inline void set_add(struct family_set *s, uint32_t family)
{
	s->bits[family / 64] |= (uint64_t)1 << (family % 64);
}

static inline void set_and(struct family_set *s, const struct family_set *other)
{
	for (size_t i = 0; i <= s->n / 64; i++)
		s->bits[i] &= other->bits[i];
}

static inline size_t set_count(const struct family_set *s)
{
	size_t n = 0;

	for (size_t i = 0; i <= s->n / 64; i++)
		n += (size_t)__builtin_popcountll(s->bits[i]);
	return n;
}

/* texts.c: the logs themselves. */
const char *texts_read(struct index *x, uint32_t file, uint64_t offset, size_t n);
/* Mark the pieces of texts (TERM_PIECE) in which the part occurs, folded as SCAN_WORDS; only in blocks that can hold
 * the other parts of the pattern too. */
struct text_look {
	struct str pattern, part;
};
bool texts_scan(struct index *x, const struct text_look *look, bool (*see)(void *, uint32_t file, uint64_t piece),
		void *with);
void texts_close(struct index *x);

/* find.c: which families may fit. */
bool find_filter(struct index *x, const struct filter *f, struct family_set *out);
enum { FIND_FEW = 500 }; /* families that come to life sooner than the table of all stories is read */
/* find_owned.c: all that an owner may see; if that is much, less what filters leave out that are compared with a masked
 * text, or with the same one whoever asks. */
bool find_scope(struct index *x, const struct scope *sc, struct family_set *out);
bool find_owned(struct index *x, const struct wish *w, struct family_set *out);
bool find_rows(struct index *x); /* x->rows are there */
/* The same for somebody who soon forgets them. */
struct index_open {
	uint32_t pair, family; /* touch_open() */
};
struct index_table {
	struct index_row *rows;
	struct index_open *open; /* sorted */
	size_t nopen;
};
bool find_table(struct index *x, struct arena *mem, struct index_table *out);
bool find_wish(struct index *x, const struct wish *w, struct family_set *out);

struct family_set set_new(struct arena *mem, size_t families);

#endif
