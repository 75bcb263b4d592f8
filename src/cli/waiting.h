/* cli/waiting.h - what a person at a terminal sees while logs are read without an index. */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

#include "trace/source.h"

/* For asked.reading: a line on stderr, once it takes longer than a moment, and renewed until it is called with NULL.
 * Where stderr is no terminal nothing is said. */
void waiting_for(const struct source *s);
/* Who wants no index is not told that one would be faster. */
void waiting_without_hint(void);

#endif
