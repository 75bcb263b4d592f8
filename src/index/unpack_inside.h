/* index/unpack_inside.h - a family that comes to life. */
#ifndef INDEX_UNPACK_INSIDE_H
#define INDEX_UNPACK_INSIDE_H

#include "index/pack_inside.h"

struct family {
	struct unpacker *k;
	struct book *b;
	struct cur *c;     /* the first lane: every mistake is its */
	struct arena *mem; /* what comes to life */
	bool skipped;      /* nobody wants it: no text is read, and no name is known */
	struct kept_line *lines;
	size_t nlines;
	struct story **stories;
	size_t nstories;
	struct party **parties;
	size_t nparties, party; /* those that came to life so far */
	struct name **names;
	size_t nnames;
	size_t told, end;    /* struct packer */
	struct story *story; /* being unpacked */
	size_t visitors;
	void *last;    /* of the list that was taken, until it is asked for */
	size_t walked; /* lines of lists that were looked at */
};

uint64_t unpack_take_long(struct family *k, struct cur *c);

/* A number; mostly it is one byte.  Behind a mistake it may be any. */
static inline uint64_t unpack_take(struct family *k, enum pack_lane lane)
{
	struct cur *c = &k->k->lane[lane];

	if (c->p < c->end && (unsigned char)*c->p < 0x80)
		return (unsigned char)*c->p++;
	return unpack_take_long(k, c);
}

/* A number below the limit; any other is a mistake. */
static inline uint64_t unpack_below(struct family *k, uint64_t v, uint64_t limit)
{
	if (v < limit)
		return v;
	cur_fail(k->c, "no such number");
	return 0;
}

/* One of those that stand in the first lane. */
static inline uint64_t unpack_upto(struct family *k, uint64_t limit)
{
	return unpack_below(k, unpack_take(k, LANE_SMALL), limit);
}

/* Which members it has, of so many. */
uint64_t unpack_shape(struct family *k, enum pack_of of, int members);
/* That file in the book; one that is gone, as nothing stood in it, is a mistake. */
static inline uint32_t unpack_file_of(struct family *k, uint32_t file)
{
	uint32_t now = k->k->files != NULL ? k->k->files[file] : file;

	if (now == UINT32_MAX)
		cur_fail(k->c, "a line of a file that is gone");
	return now == UINT32_MAX ? 0 : now;
}
/* Which line is told by that step. */
size_t unpack_told(struct family *k, uint64_t step);
/* A line of the family; NULL is a mistake. */
struct line *unpack_line_ref(struct family *k);
void unpack_lines(struct family *k);
void unpack_check(struct family *k, const struct story *s);

#endif
