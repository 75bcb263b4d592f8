/* trace/around.h - what stands around an answer: the parts of a question that found nothing, connections of the
 * sender's servers, what is known of similar addresses.
 */
#ifndef TRACE_AROUND_H
#define TRACE_AROUND_H

#include "trace/select.h"

/* One condition by itself, over all times; the time by itself. */
struct part {
	const struct filter *filter; /* NULL: the time */
	size_t n;                    /* messages that fit */
	int64_t last;                /* the latest of them; 0: none */
};

/* What is known of a similar address. */
struct near_use {
	struct str address;
	size_t n, count[VERDICT_COUNT];
	int64_t last;
};

enum { AROUND_CALLS = 5 };

struct around {
	struct part parts[QUESTION_MAX + 1];
	size_t nparts;
	struct str domain; /* of the sender that was asked for; empty: none, or it is not to be shown */
	/* What came from that domain's servers or senders in the time asked for, newest first. */
	const struct story *calls[AROUND_CALLS];
	size_t ncalls, ncalls_all;
};

/* Of a question that found nothing. */
void around_look(struct around *out, const struct tale *t, const struct question *q, const struct chosen *c,
		 const struct scope *sc);
/* u->address is set. */
void around_near(struct near_use *u, const struct tale *t, const struct scope *sc);
/* Was every message of the answer refused because a recipient does not exist? */
bool around_no_mailbox(const struct chosen *c, const struct book *b, const struct scope *sc);

#endif
