/* index/sets.h - the sets of runs (grams.h) of all texts of a build, made beside what else is done with them.
 *
 *	sets_begin(&s, team, n, text, with);	as soon as the texts are there
 *	sets_wait(&s);				before they go; else sets_write() does it
 *	sets_write(&s, &root, out);
 *	sets_clear(&s);
 */
#ifndef INDEX_SETS_H
#define INDEX_SETS_H

#include "base/team.h"
#include "index/grams.h"

struct sets_of;

struct sets {
	struct team *team;
	struct sets_of *at; /* one for each text; NULL: not begun */
	size_t n;
};

void sets_begin(struct sets *s, struct team *c, size_t n, struct str (*text)(void *with, size_t i), void *with);
void sets_wait(struct sets *s);
void sets_write(struct sets *s, struct buf *root, struct chapter_out *out);
void sets_clear(struct sets *s);

#endif
