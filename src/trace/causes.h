/* trace/causes.h - why the mail of an answer was refused or not delivered, counted by reason.
 *
 * "All mail from partner.example is refused since Monday": how many, since when,
 * for what, from which addresses, and what came before.
 */
#ifndef TRACE_CAUSES_H
#define TRACE_CAUSES_H

#include "trace/select.h"
#include "trace/tell.h"

enum { CAUSES_MAX = 10, CAUSE_IPS = 3 };

struct cause_count {
	struct str reason;
	struct str meaning; /* one sentence */
	size_t n;           /* recipients */
	int64_t first, last;
	struct str ips[CAUSE_IPS];
	size_t nips;
	bool more_ips;
};

struct causes {
	struct cause_count *at; /* most frequent first */
	size_t n;
	size_t refused; /* recipients behind all of them */
	size_t more;    /* reasons that found no place */
	int64_t first;  /* the first refusal */
	const struct story
	    *before; /* the last message of this sender that was let in before it; NULL: none, not asked */
};

/* Of those that were chosen.  Where more were found (chosen.found), nobody looks for the one before. */
void causes_count(struct causes *out, const struct tale *t, const struct question *q, const struct chosen *c,
		  const struct scope *sc, struct arena *mem);

#endif
