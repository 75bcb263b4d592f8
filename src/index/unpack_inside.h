/* index/unpack_inside.h - a family that comes to life. */
#ifndef INDEX_UNPACK_INSIDE_H
#define INDEX_UNPACK_INSIDE_H

#include "index/pack_inside.h"

struct family {
	struct unpacker *k;
	struct book *b;
	struct cur *c;
	struct kept_line *lines;
	size_t nlines;
	struct story **stories;
	size_t nstories;
	struct party **parties;
	size_t nparties, party; /* those that came to life so far */
	struct name **names;
	size_t nnames;
	int64_t base;
	struct story *story; /* being unpacked */
	size_t visitors;
	void *last;    /* of the list that was taken, until it is asked for */
	size_t walked; /* lines of lists that were looked at */
};

/* A number below the limit; any other is a mistake. */
uint64_t unpack_upto(struct family *k, uint64_t limit);
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
/* A line of the family; NULL is a mistake. */
struct line *unpack_line_ref(struct family *k);
void unpack_lines(struct family *k);
void unpack_check(struct family *k, const struct story *s);

#endif
