/* index/tail.h - what is new in our own logs as a chapter that goes on from the ones before.
 *
 * The new lines are joined anew together with the lines of all families that
 * they may change (pull.h), and what comes of it is a chapter of its own, whose
 * families take the place of the pulled ones.  The root says what a root of all
 * would.  A question makes such a chapter in memory, a build on the disk.
 */
#ifndef INDEX_TAIL_H
#define INDEX_TAIL_H

#include "index/growth.h"
#include "index/pairs.h"

struct tail_ask {
	struct index *x; /* the chapters so far; NULL: none */
	struct growth *g;
	const struct survey_paths *paths;
	uint64_t as; /* build.c: CHAPTER_LATEST, CHAPTER_NEXT */
	bool keeps;  /* x has that name, and stays */
	struct str survey;
	uint64_t window; /* windows.c: bytes that are joined at a time, at least */
	uint64_t most;   /* bytes of lines that may be joined once more */
	bool rows;       /* what statistics run over, too */
	const struct index_progress *say;
	struct team *team;
	struct pairs *pairs; /* of the chapters of this build; NULL: it has none */
};

struct tail_made {
	uint64_t stories; /* of all chapters together */
	uint64_t pulled;  /* lines that were joined once more */
};

/* Families into the chapter, and its root.  -1: these are no logs of ours, or it cannot be done as if all were read; e
 * says why. */
int tail_write(struct chapter_out *out, const struct tail_ask *ask, struct buf *root, struct tail_made *made,
	       struct err *e);

#endif
