/* trace/wish.h - a tale that comes to life as it is asked for.
 *
 * A tale that was read holds every story.  One that comes out of an index holds
 * none at first: whoever walks the stories says before what he looks for, and
 * then all that can be it are there, with others perhaps, in the order of the
 * tale.  Stories that are there stay where they are.  Never wish within a walk.
 * For a tale that was read a wish is nothing.
 */
#ifndef TRACE_WISH_H
#define TRACE_WISH_H

#include "trace/question.h"
#include "trace/scope.h"

enum wish_kind {
	WISH_QUESTION, /* what fits all filters and began within the span */
	WISH_ADDRESS,  /* that sender or recipient */
	WISH_DOMAIN,   /* what fits all filters, and whose sender is of exactly that domain, within the span */
	WISH_CALLERS,  /* senders and clients of that domain, or below it, within the span */
};

struct wish {
	enum wish_kind kind;
	const struct filter *filters;
	size_t n;
	struct span span;
	const struct scope *scope; /* of WISH_QUESTION: what its filters are matched against */
	struct str text;           /* the address, the domain */
	size_t most;               /* stories, about: where more would come, none does; 0: all come */
};

/* How many stories answer a question, and since when the newest of them began: INT64_MIN, all that are asked for. */
struct newest {
	size_t found;
	int64_t since;
};

struct rows;
struct tale_store {
	/* In place of reading and joining. */
	void (*begin)(struct tale_store *s, struct tale *t, struct book *b);
	/* False: they would be too many. */
	bool (*bring)(struct tale_store *s, const struct wish *w);
	/* The rows of all stories (rows_of_tale()) that begin within the span, and maybe of others; their texts live as
	 * long as the store.  False: they are not there.  NULL: it has none. */
	bool (*rows)(struct tale_store *s, struct span span, struct rows *out);
	/* By the rows alone: who answers the question (rows_can_answer()), and when the `most` newest of them began.
	 * False: the rows are not there.  NULL: it has none. */
	bool (*newest)(struct tale_store *s, const struct question *q, struct span span, size_t most,
		       struct newest *out);
	/* Every address of the logs, once or more often. */
	void (*names)(struct tale_store *s, void (*see)(void *, struct str), void *with);
};

static inline bool wish(const struct tale *t, struct wish w)
{
	return t->store == NULL || t->store->bring(t->store, &w);
}

static inline void wish_filter(const struct tale *t, const struct filter *f, const struct scope *sc)
{
	wish(t, (struct wish){
		    .kind = WISH_QUESTION, .filters = f, .n = 1, .span = { INT64_MIN, INT64_MAX }, .scope = sc });
}

static inline void wish_address(const struct tale *t, struct str address)
{
	wish(t, (struct wish){ .kind = WISH_ADDRESS, .text = address });
}

#endif
