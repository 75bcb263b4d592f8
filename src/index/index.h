/* index/index.h - the cache beside the logs from which questions are answered at once.
 *
 * An index holds every story of the logs as reading and joining made it, and
 * knows by which addresses, numbers and texts to find it.  It is used only if
 * the logs are byte for byte what they were (survey.h); answers are the same
 * with it and without it.  It may be deleted at any time.
 *
 *	x = index_open(dir, &paths, &e);	NULL: read the logs
 *	index_attach(x, &source, &ask);		in place of source_add()
 *	trace_answer(&r, &ask, &e); ...
 *	index_sound(x)				else the answer is made again from the logs
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include <sys/types.h>

#include "index/survey.h"
#include "trace/answer.h"

struct index;
/* From now on this process believes what that user made, as it does its own and root's: for root, who asks, and the
 * user as whom telltaled makes the index (supervise/indexing.h).  Only for the configuration's own index: anybody's
 * folder may be named by --index.  doc/INDEX.md says why ("It is ours"). */
void index_believe(uid_t who);

/* The index in that folder, if it stands for these very paths; NULL: it does not, e says why. */
struct index *index_open(const char *dir, const struct survey_paths *p, struct err *e);
void index_attach(struct index *x, struct source *s, struct trace_ask *ask);
/* Was all of it as it was written, and every line where it stood? */
bool index_sound(const struct index *x);
void index_close(struct index *x); /* after answer_clear(); NULL is nothing to do */

/* INDEX_WINDOWS: all of it, where it is made window by window; done and all are bytes of text then. */
enum index_phase { INDEX_READING, INDEX_JOINING, INDEX_WRITING, INDEX_WINDOWS };

struct index_built {
	uint64_t logs, size; /* bytes of text, of the index */
	uint64_t files, lines, stories;
	bool fresh; /* it was so already: nothing was done */
};

struct index_progress {
	void (*tell)(void *with, enum index_phase phase, uint64_t done, uint64_t all);
	void *with;
};

/* How it is made, of which no answer tells. */
struct index_how {
	unsigned threads;                 /* 1 to TEAM_MOST */
	uint64_t window;                  /* bytes of text that are joined at a time, at least; 0: as is usual */
	const struct index_progress *say; /* NULL: nobody wants to know */
};

/* Make the index of these logs in the folder, which is made too.  One at a time; whoever reads meanwhile has the former
 * one.  -1: e, and nothing changed; e->code EWOULDBLOCK: another one makes it. */
int index_build(const char *dir, const struct survey_paths *p, const struct index_how *how, struct index_built *out,
		struct err *e);
/* Remove it, all of it.  0 when there is none, too (*some says); e->code EWOULDBLOCK as above. */
int index_remove(const char *dir, bool *some, struct err *e);

/* What the index holds, whatever became of the logs; NULL: none that can be read. */
struct index *index_look(const char *dir, struct err *e);
struct index_facts {
	uint64_t size, logs, files, lines, stories, families, terms;
	int64_t oldest, newest; /* UTC; 0: none */
	struct index_part {
		const char *name;
		uint64_t size;
	} parts[6];
};
void index_facts(struct index *x, struct index_facts *out);

#endif
