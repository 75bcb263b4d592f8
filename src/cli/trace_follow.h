/* cli/trace_follow.h - `telltale trace --follow`: print stories as they happen, until somebody ends it.
 *
 * Ctrl-C, or the end of the reader of our output, is a good end (0); then the
 * counts are said on stderr.
 */
#ifndef CLI_TRACE_FOLLOW_H
#define CLI_TRACE_FOLLOW_H

#include "trace/follow.h"

/* most: end after so many events; 0: never.  Returns the exit code. */
int trace_follow(const struct follow_ask *ask, bool json, size_t most);

#endif
