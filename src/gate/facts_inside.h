/* gate/facts_inside.h - where the costly facts come from (private to gate/facts*.c).
 *
 * A source says what has to be asked for its fact, and reads the fact out of the answers.
 */
#ifndef GATE_FACTS_INSIDE_H
#define GATE_FACTS_INSIDE_H

#include "gate/facts.h"

/* Questions that go out together. */
struct wave {
	struct facts *f;
	struct dns_question *q;
	size_t n, room;
};

struct source {
	enum fact fact;
	unsigned after; /* facts that must be known before it can be asked */
	/* What has to be asked; nothing: it follows from what is known. */
	void (*ask)(const struct source *s, struct wave *w);
	/* Every question has an answer: settle the fact (facts_know, facts_fail). */
	void (*take)(const struct source *s, struct facts *f);
	/* Of a list in DNS: which one, and what is looked up in it. */
	size_t list;
	struct str (*about)(const struct facts *f);
	bool address; /* it is an address, asked backwards */
	enum fact of; /* of a text: the list */
};

/* All of them; what is asked after something stands behind it. */
extern const struct source facts_sources[];
extern const size_t facts_nsources;

/* Put a question into the wave, unless it has been answered. */
void wave_want(struct wave *w, struct str name, int type);
/* The answer to a question that was wanted. */
const struct dns_question *facts_answer(const struct facts *f, struct str name, int type);
void facts_know(struct facts *f, enum fact fact);
void facts_fail(struct facts *f, enum fact fact, struct str why);

/* facts_lists.c */
void facts_ask_lists(const struct source *s, struct wave *w);
void facts_take_lists(const struct source *s, struct facts *f);
void facts_ask_text(const struct source *s, struct wave *w);
void facts_take_text(const struct source *s, struct facts *f);

#endif
