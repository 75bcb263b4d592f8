/* index/asked.h - an answer over logs, from their index if it stands for them, else from reading them.
 *
 * What the command and the page share, so that both say the same.
 */
#ifndef INDEX_ASKED_H
#define INDEX_ASKED_H

#include "index/index.h"

struct asked {
	struct survey_paths paths; /* of the logs */
	const char *index;         /* folder of their index; NULL: they are read */
	/* Told when the logs begin to be read, and, with NULL, when that answer is made; NULL: nobody waits. */
	void (*reading)(const struct source *s);
};

/* Make the answer to *t, whose question, limits and scope are set.  make() adds to out and gives a code (0 or more),
 * which is returned; an index that turns out to be damaged has its answer thrown away, and it is made again.
 * -1: the logs cannot be opened, e says why. */
struct asked_make {
	int (*make)(void *with, const struct trace_ask *t, struct buf *out);
	void *with;
};
int asked_answer(const struct asked *k, const struct trace_ask *t, const struct asked_make *m, struct buf *out,
		 struct err *e);

/* Was this address erased from the logs of `with`, a struct asked?  For trace_ask.erased. */
bool asked_erased(void *with, struct str address, char day[11]);

#endif
