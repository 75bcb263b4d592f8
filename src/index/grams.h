/* index/grams.h - which blocks of a text can hold some bytes.
 *
 * A text is taken in blocks of whole lines, of about FRAME_TEXT bytes, as
 * archives are framed.  Of each block it is kept which runs of four bytes stand
 * in it: a set with one hash (Bloom), folded as SCAN_WORDS folds.  A block that
 * lacks one run of what is looked for cannot hold it, and is neither read nor
 * unpacked; of one that has all of them it is not known.  doc/INDEX.md has what
 * was measured.
 */
#ifndef INDEX_GRAMS_H
#define INDEX_GRAMS_H

#include "index/chapter.h"

struct gram_block {
	uint64_t from; /* in the text */
	size_t n;
	uint32_t bits; /* of its set; 0: it has none, and can hold anything */
	uint32_t at;   /* of its set in its frame */
};

/* Of one text. */
struct grams {
	struct gram_block *blocks;
	size_t n;
	struct chapter_frame *frames; /* of the sets of so many blocks each: */
};
enum { GRAMS_GROUP = 64 };

/* The sets of a text, which needs nothing else to be made of. */
struct gram_sets;
struct gram_sets *grams_of(struct str text);
void grams_free(struct gram_sets *s); /* NULL is nothing to do */
/* Add them to the chapter; where they are goes into the root. */
void grams_write(struct buf *root, struct chapter_out *c, const struct gram_sets *s);
/* And back, for a text that stands between those places. */
struct cur;
void grams_take(struct grams *g, struct cur *c, struct arena *mem, uint64_t from, uint64_t size);
/* Sees each block that can hold all literal parts of the pattern, in their order, until it returns false.  False: that,
 * or the chapter is damaged. */
bool grams_find(const struct grams *g, struct chapter *c, struct str pattern,
		bool (*see)(void *with, const struct gram_block *b), void *with);

#endif
