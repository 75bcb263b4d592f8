/* web/rate.h - how often one client address may ask for something.
 *
 * A bucket for each address, which holds `most` and gets one more every `each`
 * ms.  An IPv6 address counts as its /64, an IPv4 one the same in either spelling.
 * Of more addresses than there is room for, those that have asked the least are
 * forgotten: that is a fence, not an account.  For any threads.
 */
#ifndef WEB_RATE_H
#define WEB_RATE_H

#include "base/str.h"

enum { RATE_KEYS = 4096 };

struct rate;

struct rate *rate_new(unsigned most, int64_t each);
void rate_free(struct rate *r);

/* May that address ask now (monotonic ms)?  0: yes, and that is counted; else how many ms to wait. */
int64_t rate_take(struct rate *r, struct str ip, int64_t now);

#endif
