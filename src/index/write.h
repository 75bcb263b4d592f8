/* index/write.h - what was joined as a chapter: families, what they are found by, the root.
 *
 *	write_begin(&w, &tale, out, &how);
 *	if (write_families(&w, say, &e) == 0)
 *		write_root(&w, &root, ...);
 *	write_end(&w);
 */
#ifndef INDEX_WRITE_H
#define INDEX_WRITE_H

#include "index/digest.h"
#include "index/inside.h"
#include "index/kin.h"
#include "index/sets.h"

struct write_how {
	struct team *team; /* NULL: nobody helps */
	bool rows;         /* for statistics */
};

/* What is made beside the families.  Whoever counts has the arena of the book and the marks of its names to himself;
 * all others only read what was joined. */
struct writing_beside {
	struct team_job finding, counting;
	struct packer *looker; /* of whoever makes what families are found by; NULL: that is the one who packs */
	struct rows rows;
	uint32_t *names;             /* of each name of the book: its id in the rows, plus 1 */
	struct buf table, directory; /* of stories; of terms */
	struct digest_spans spans;   /* of all stories */
	struct chapter_out *out;     /* terms */
};

struct writing {
	const struct tale *tale;
	struct chapter_out *out;
	struct write_how how;
	struct writing_beside beside;
	struct pack_keys keys;
	struct kin kin;
	struct packer *packer;
	struct digest *digest;
	struct pack_block block; /* being filled */
	struct buf directory;
	uint64_t blocks;
	/* Each family's lines, when it is packed; NULL: nobody asks. */
	void (*see)(void *with, const struct packer *k);
	void *with;
};

/* What the root says beside what the tale and its book do. */
struct writing_root {
	struct str survey;
	const struct source *source; /* files and what was passed over, as answers have them */
	const struct book *facts;
	struct index_root goes_on;
	const struct index_growth *growth; /* of each file, where the index goes on */
	struct sets *sets;                 /* of the text that is new of each file */
};

void write_begin(struct writing *w, const struct tale *t, struct chapter_out *out, const struct write_how *how);
int write_families(struct writing *w, const struct index_progress *say, struct err *e);
void write_root(struct writing *w, const struct writing_root *r, struct buf *root);
void write_end(struct writing *w);

#endif
