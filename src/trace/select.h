/* trace/select.h - which stories answer the question. */
#ifndef TRACE_SELECT_H
#define TRACE_SELECT_H

#include "trace/question.h"
#include "trace/scope.h"

struct chosen {
	const struct story **at; /* newest first */
	size_t n;
	size_t found;     /* so many answer it; of more than were wanted, only the newest n are here */
	struct span span; /* the time that was asked for; INT64_MIN, INT64_MAX where open */
};

/* The resolved time of the question; false never: an open side stays open. */
struct span select_span(const struct question *q, const struct day_frame *f);
/* Is the story a message of its own in answers?  Not a try that another story tells of, nor what the next server did
 * with a message that is seen on the one before. */
bool select_row(const struct book *b, const struct story *s, const struct scope *sc);
/* Does the story fit this filter, as far as the scope shows it, or what it was on the next servers? */
bool select_fits(const struct filter *f, struct book *b, const struct story *s, const struct scope *sc);
/* Of a story that fits: does this recipient, by himself?  True of filters that are about the whole story. */
bool select_party(const struct filter *f, struct book *b, const struct story *s, const struct party *p,
		  const struct scope *sc);
/* Whom of a story that fits the question means (select_recipient.c): who fits all filters that are about recipients.
 * Where a filter fits by what the next server says alone, it means all.  q NULL: there is no question. */
struct meant {
	const struct question *q;
	struct book *b;
	const struct story *s;
	const struct scope *sc;
	unsigned choosy; /* 1 << i: filter i fits some recipients by themselves */
};
struct meant select_meant(const struct question *q, struct book *b, const struct story *s, const struct scope *sc);
bool select_recipient(const struct meant *m, const struct party *p);
/* Does it mean anybody?  "to:anna verdict:refused" is a mail that Anna did not get. */
bool select_together(const struct question *q, struct book *b, const struct story *s, const struct scope *sc);
/* Inside of it (select_text.c).  Does the pattern fit a text as the scope shows it, spaces for `_` or not?  An address,
 * or whom it stands for? */
bool select_text(const struct filter *f, const struct scope *sc, struct str text);
bool select_address(const struct filter *f, const struct scope *sc, struct str text);
/* Who logged in, or tried to, before the message: as the lines say, or (x NULL) another server's log of the visit. */
void select_each_login(const struct book *b, const struct story *s,
		       void (*see)(void *, const struct line *x, struct str user), void *with);
/* Does the story fit all of the question, and the time of c? */
bool select_answers(const struct chosen *c, struct book *b, const struct story *s, const struct question *q,
		    const struct scope *sc);
/* A free word that may be an address or an id: it is an address if one of these logs fits, else an id if a message
 * bears it, else what it is taken for at first. */
void select_understand(struct question *q, const struct tale *t, const struct scope *sc);
void select_stories(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc);
/* Of many only the `most` newest (select_newest.c).  by_rows: the tale's store has rows that can answer the question,
 * and the scope is everything; then the others do not even come to life. */
void select_newest(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc,
		   size_t most, bool by_rows);
/* Inside of it: what select_stories() wishes for. */
struct wish;
struct wish select_wish(const struct chosen *c, const struct question *q, const struct scope *sc);
/* From the order of the tale to that of answers, in which what was read later comes first, too (select_order.c). */
void select_newest_first(const struct story **at, size_t n);

/* Addresses of the logs that resemble one of the question's, nearest first; at most NEAR_MAX. */
enum { NEAR_MAX = 5, NEAR_DISTANCE = 2 };
size_t select_near(const struct tale *t, const struct question *q, const struct scope *sc, struct str out[NEAR_MAX]);
/* Edit distance, or limit + 1 when it is more. */
unsigned near_distance(struct str a, struct str b, unsigned limit);

#endif
