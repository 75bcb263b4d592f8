/* trace/select.h - which stories answer the question. */
#ifndef TRACE_SELECT_H
#define TRACE_SELECT_H

#include "trace/question.h"
#include "trace/scope.h"

struct chosen {
	const struct story **at; /* newest first */
	size_t n;
	struct span span; /* the time that was asked for; INT64_MIN, INT64_MAX where open */
};

/* The resolved time of the question; false never: an open side stays open. */
struct span select_span(const struct question *q, const struct day_frame *f);
/* Does the story fit this filter, as far as the scope shows it? */
bool select_fits(const struct filter *f, struct book *b, const struct story *s, const struct scope *sc);
void select_stories(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc);

/* Addresses of the logs that resemble one of the question's, nearest first; at most NEAR_MAX. */
enum { NEAR_MAX = 5, NEAR_DISTANCE = 2 };
size_t select_near(const struct book *b, const struct question *q, const struct scope *sc, struct str out[NEAR_MAX]);
/* Edit distance, or limit + 1 when it is more. */
unsigned near_distance(struct str a, struct str b, unsigned limit);

#endif
