/* queue/order.h - what the postmaster said, as it stands in memory: about one recipient, and about whole destinations.
 *
 * Rare beside the recipients themselves, so it stands beside them.  Texts are the index's own (base/intern.h) and never
 * NULL.
 */
#ifndef QUEUE_ORDER_H
#define QUEUE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORDER_TEXT_MAX = 300 /* bytes of who, why and where to, each */, PAUSES_MAX = 10000 };

struct order {
	uint32_t rcpt;
	bool held;     /* not tried until released */
	int64_t since; /* when it was said, ms since 1970; 0: not known */
	const char *by, *why;
	const char *host; /* "" or where it goes instead of its own destination */
	struct order *next;
};

/* A destination to which nothing is begun: a domain, or one of the words all, local, remote. */
struct pause {
	const char *name;     /* lower case */
	int64_t since, until; /* until: PAUSE_OPEN, while nobody resumes it */
	const char *by, *why;
};

#define PAUSE_OPEN INT64_MAX

#endif
