/* index/pairs.h - who wrote to whom in the chapters that one build writes.
 *
 *	pairs_gather(p, &tale);	what is about to be written
 *	pairs_name(p, id);	it was, as that chapter
 *	pairs_of(p, id)		once a later window asks
 *
 * A call that is refused for now leads to whatever its two had before (pull.h).
 * Who has these hashes need not look both names up in each chapter to find that
 * they never met.  Nothing of it is written: who goes on with chapters of an
 * earlier build looks the names up.
 */
#ifndef INDEX_PAIRS_H
#define INDEX_PAIRS_H

#include "trace/story.h"

enum { PAIRS_MOST = 16 << 20 /* that are kept; beyond that the oldest chapters' are forgotten */ };

struct pair_list {
	uint32_t *at; /* touch_pair_hash(), sorted, each once */
	size_t n;
};

struct pairs;
struct pairs *pairs_new(void);
void pairs_free(struct pairs *p); /* NULL is nothing to do */
/* Each sender of a story with each of its recipients.  p NULL: nobody wants to know. */
void pairs_gather(struct pairs *p, const struct tale *t);
void pairs_name(struct pairs *p, uint64_t chapter);
/* NULL: not known of that chapter. */
const struct pair_list *pairs_of(const struct pairs *p, uint64_t chapter);
bool pairs_has(const struct pair_list *l, uint32_t hash);

#endif
