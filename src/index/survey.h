/* index/survey.h - what stands on the disk under the paths of a question.
 *
 * Every file and every folder's entries with what tells whether they changed:
 * device, inode, size, times.  Two surveys that are equal byte for byte have
 * the same logs behind them, so that reading both gives the same answer.  It
 * costs a stat() for each file and opens none.
 */
#ifndef INDEX_SURVEY_H
#define INDEX_SURVEY_H

#include "base/buf.h"
#include "base/err.h"

struct survey_paths {
	const char *const *at;
	size_t n;
	size_t unpack; /* what packed files may become: another limit is another answer */
};

/* -1: a path cannot be looked at, e says which. */
int survey_take(struct buf *out, const struct survey_paths *p, struct err *e);

/* How this machine's zone runs between two moments, as a number: where the logs do not tell theirs, it is theirs. */
uint64_t survey_zone(int64_t from, int64_t to);

#endif
