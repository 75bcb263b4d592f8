/* index/growth.h - the logs as they are now, beside what a chapter knows of them.
 *
 * A log that is written grows at its end; one that was rotated has another
 * name, and later it is an archive with frames (logs/rotate.h) that holds the
 * same text.  Each is known again by its inode, or by what stands in it, and
 * what stands behind the last byte that was joined is new.  Whatever else
 * happened to a log is no growth, and the chapter is not believed.
 */
#ifndef INDEX_GROWTH_H
#define INDEX_GROWTH_H

#include "index/inside.h"

struct growth_file {
	struct source_file f; /* path, label, family, form, mtime; opens; of one that is known: what the chapter has */
	struct source_id id;
	uint32_t was; /* its number in the chapter, plus 1; 0: it is new */
	uint64_t size;
	uint64_t from, to;        /* of its text: what is new, and is to be joined */
	struct index_growth sums; /* of the text until `to`, once growth_sums() was here */
	int fd;                   /* -1: not open */
	struct frames frames;
	bool framed;
	struct buf whole; /* of an archive without frames, from when it is opened until growth_rest() */
	size_t most;      /* bytes that an archive may be unpacked to */
	bool same;        /* the very file that the chapter knows, of which nothing may be joined yet */
};

struct growth {
	struct growth_file *at; /* in the order in which they are read */
	size_t n, cap;
	struct growth_file **order; /* of other servers' logs: by their beginnings, as they are read */
	bool lingers;         /* the next rotation removes what the chapter knows: it is to be made without that */
	struct str *repeated; /* paths of what is passed over (source_repeats()), as reading comes by them */
	size_t nrepeated;
	struct arena mem;
};

/* x NULL: all is new.  -1: no growth of it, e says why; growth_clear() in any case. */
int growth_look(struct growth *g, const struct index *x, const struct survey_paths *p, struct err *e);
void growth_clear(struct growth *g);
/* Append bytes of the text.  False: they are not to be had. */
bool growth_text(struct growth_file *f, uint64_t from, uint64_t to, struct buf *out);
/* The text of an archive may be unpacked anew when it is needed again. */
void growth_rest(struct growth_file *f);
/* Bytes that are new. */
uint64_t growth_new(const struct growth *g);
/* If more is new than `most` bytes, only what was written until some moment is taken: about so much.  True: it is not
 * all. */
bool growth_window(struct growth *g, uint64_t most);
/* Only whole groups and lines: what a writer was cut in, or is just writing, is for the next time. */
bool growth_trim(struct growth *g);
/* What the first n bytes are known by; and until `to`, into `sums`. */
bool growth_sums_of(struct growth_file *f, uint64_t n, struct index_growth *out);
bool growth_sums(struct growth_file *f);
/* Are these other servers' logs?  They are never among ours. */
bool growth_foreign(const struct growth *g);
/* Inside of growth*.c: the logs, by inode; archives that the next rotation removes only where x knows them. */
int growth_list(struct growth *g, const struct index *x, const struct survey_paths *p, struct err *e);
/* False: it cannot be read in parts. */
bool growth_open(struct growth_file *f);
/* With which stamp another server's log begins, as far as can be known before it is read.  -1: it is one that no index
 * goes on with, as its beginning shows. */
int growth_see_foreign(struct growth_file *f, struct err *e);
extern const char growth_not_theirs[]; /* why */
/* Of all logs together, 1 << enum foreign_server each: does an index go on with them? */
bool growth_goes_on(unsigned servers);
/* The order of other servers' logs.  -1: something is new in front of what was read. */
int growth_line_up(struct growth *g, struct err *e);
/* The first `most` bytes that are new.  True: it is not all. */
bool growth_cut(struct growth *g, uint64_t most);

#endif
