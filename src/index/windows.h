/* index/windows.h - an index that is made, or goes on, window by window: each a chapter behind the one before.
 */
#ifndef INDEX_WINDOWS_H
#define INDEX_WINDOWS_H

#include "index/tail.h"

enum { WINDOW_USUAL = 28 << 20 /* bytes of text that are joined at a time, at least: tail_ask.window */ };

/* What is new in the logs, as the chapters of that folder go on with; fresh: all, as if there were none.  -1: that does
 * not go; what stands there then is good, too. */
int windows_write(const char *dir, int dirfd, const struct tail_ask *as, bool fresh, struct err *e);

#endif
