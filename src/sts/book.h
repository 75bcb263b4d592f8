/* sts/book.h - the policies that are kept: a page for each domain, in memory, and a file of its own in the folder.
 *
 * A file, DOMAIN:sts, is "telltale-sts ID FETCHED", then the policy as it was fetched; it is replaced whole, and what cannot be read
 * is removed: a policy can be fetched again.  At most BOOK_MOST pages; the one that was not asked for the longest goes.
 * One program at a time has the folder (a lock).  Not for two threads; a page lives until it is torn out or the
 * function that has it waits.
 */
#ifndef STS_BOOK_H
#define STS_BOOK_H

#include "base/err.h"
#include "sts/policy.h"
#include "sts/results.h"

enum { BOOK_MOST = 20000 };

struct page {
	struct str domain;
	/* the policy; `id` is empty where none is known */
	struct str id, text;
	struct sts_policy policy;
	int64_t fetched, used; /* seconds since 1970 */
	struct arena mem;      /* of these */
	/* fetching */
	bool fetching;
	enum sts_result fault; /* of `why` */
	int64_t again;         /* clock_mono(): not tried again before */
	char why[160];         /* why the last try came to nothing; empty: it did not */
};

struct book;

/* NULL: *e says why.  Waits for the lock until the deadline. */
struct book *book_open(const char *folder, int64_t deadline, struct err *e);
void book_close(struct book *b);

/* NULL: none. */
struct page *book_find(const struct book *b, struct str domain);
/* The page of that domain, which is not in it yet. */
struct page *book_add(struct book *b, struct str domain);
/* What was fetched, parsed and kept; -1: it is no policy, or cannot be kept on disk (then *e says so, and it counts
 * all the same; page->id is set). */
int book_write(struct book *b, struct page *p, struct str id, struct str text, int64_t now, struct err *e);
void book_tear_out(struct book *b, struct page *p);
/* `size_t i = 0; while ((p = book_next(b, &i)) != NULL)`; the page may be torn out after the walk only. */
struct page *book_next(const struct book *b, size_t *i);

/* May it still be used? */
bool page_holds(const struct page *p, int64_t now);

#endif
