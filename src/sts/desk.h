/* sts/desk.h - which policy counts for a domain: the record in DNS, the pages of the book, and what is fetched.
 *
 * RFC 8461, 3.3, 5.1, 10.2: each question looks at the TXT record (telltale-dns keeps it for its time).  A page with
 * its id is the answer at once.  Another id, or no page, and the policy is fetched, for a minute at most; who asks
 * waits as long as he wants to, and then gets the old page, if it still holds, or none.  After a failure nothing is
 * fetched for five minutes.  Where there is no record any more, or DNS gives no answer, a page holds to its end.
 * Pages that are in use are fetched again when they are a day old, or half of their time has passed.
 */
#ifndef STS_DESK_H
#define STS_DESK_H

#include "sts/book.h"
#include "sts/fetch.h"
#include "sts/sts.h"

struct desk {
	struct book *book;
	struct sts_fetch_set fetch;
	size_t fetching; /* fibers */
};

/* In a fiber.  told's strs live in the arena. */
void desk_answer(struct desk *d, const struct sts_ask *ask, struct arena *a, struct sts_told *told);
/* Now and then: fetch again, forget what has ended. */
void desk_tend(struct desk *d);

#endif
