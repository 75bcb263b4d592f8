/* trace/question_parts.h - inside of question*.c: a question while it is read, word by word. */
#ifndef TRACE_QUESTION_PARTS_H
#define TRACE_QUESTION_PARTS_H

#include "trace/question.h"

struct asker {
	struct question *q;
	struct arena *a;
	struct err *e;
	struct str words[QUESTION_WORDS];
	size_t n;
	enum { SLOT_NONE, SLOT_FROM, SLOT_TO } slot; /* "from" and "to" stood before */
	struct filter *loose;                        /* an address without a preposition */
	size_t token_end;                            /* the word behind the last KEY:VALUE; 0: there was none */
};

/* question_time.c.  on:, after:, before: with this value, and the words behind it that belong to it; -1: e. */
int question_when(struct asker *k, const char *key, struct str value, size_t *i);
/* "since yesterday", "from monday to friday", and DAY itself.  0: done, 1: no day, -1: e. */
int question_day(struct asker *k, size_t *i);

#endif
