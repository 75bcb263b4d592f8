/* index/inside.h - inside of index*.c: an index that is open. */
#ifndef INDEX_INSIDE_H
#define INDEX_INSIDE_H

#include "index/index.h"
#include "logs/frames.h"
#include "index/pack.h"
#include "index/terms.h"
#include "trace/wish.h"

/* Of packed families: sizes, then the families. */
struct family_block {
	struct chapter_frame frame;
	uint32_t first, n; /* families */
};

/* A file of the logs, as it was and as it is opened again. */
struct index_file {
	struct source_id id;
	int fd;          /* -1: not open */
	struct buf text; /* of a packed file, once it was needed as a whole */
	bool unpacked;
	struct frames frames; /* of an archive that is read in place */
	bool framed;
};

/* What the root holds beside directories. */
struct index_root {
	struct str survey;
	int64_t zone_from,
	    zone_to; /* the logs do not tell their zone: that of the machine between these must be as it was */
	uint64_t zone;
	uint64_t stories, families;
	struct chapter_frame table; /* of stories: a row for each (index_table) */
	struct chapter_frame rows;  /* of recipients: what statistics run over (trace/rows.h) */
};

/* A row of the table of stories. */
struct index_row {
	int64_t time;
	uint32_t family;
	uint32_t verdicts; /* 1 << enum verdict: the story's and its recipients' */
	uint32_t label;    /* file of the visit's first line, plus 1 */
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
	struct family_block *blocks;
	size_t nblocks;
	struct term_blocks terms;
	struct index_row *rows; /* NULL: not needed yet */
	struct tale *t;
	struct unpacker unpacker;
	uint64_t *here; /* families that are in the tale */
	struct story **all;
	size_t nall, all_cap;
	bool scoped; /* all that the scope shows is there */
	bool broken;
};

/* root.c: what is kept of source and book, written and read in one order. */
void root_put(struct buf *b, const struct source *s, const struct book *k, const struct pack_keys *keys);
void root_take(struct cur *c, struct index *x);

/* store.c */
void store_init(struct index *x);

/* texts.c: the logs themselves. */
const char *texts_read(struct index *x, uint32_t file, uint64_t offset, size_t n);
/* Mark the pieces of texts (TERM_PIECE) in which `part` occurs, whatever its case, `_` for a space or not. */
bool texts_scan(struct index *x, struct str part, bool (*see)(void *, uint32_t file, uint64_t piece), void *with);
void texts_close(struct index *x);

/* find.c: which families may fit. */
bool find_filter(struct index *x, const struct filter *f, struct family_set *out);
bool find_scope(struct index *x, const struct scope *sc, struct family_set *out);
bool find_span(struct index *x, struct span span, struct family_set *out);
bool find_wish(struct index *x, const struct wish *w, struct family_set *out);

struct family_set set_new(struct arena *mem, size_t families);

#endif
