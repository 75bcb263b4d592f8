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
	void *last;    /* of the latest list */
	size_t walked; /* lines of lists that were looked at */
};

/* A number below the limit; any other is a mistake. */
uint64_t unpack_upto(struct family *k, uint64_t limit);
/* A line of the family, or NULL. */
struct line *unpack_line_ref(struct family *k);
void unpack_lines(struct family *k);
void unpack_check(struct family *k, const struct story *s);

#endif
