/* trace/follow.h - stories as they happen: what is new in the logs, and in which story.
 *
 *	f = follow_open(&ask, &e)
 *	while (follow_wait(f, deadline) >= 0)
 *		while (follow_next(f, &x))
 *			follow_text(&out, f, &x, colour) / follow_json(&out, f, &x)
 *
 * Plain files only, of any host and server; bytes are read once, as they come.
 * A log may be renamed, copied and truncated, its folder may go and come back: no
 * line is told twice, and none is lost that stands in any plain file of the folder.
 * A line without its end waits for it.
 *
 * The lines of stories that are not over, and all of the last minute, are kept (a
 * bounded number of bytes); what came is grouped and joined together with them by
 * group.h and complete.h, as for any question, at most half of the time.  A story
 * is known again by its lines.  So joins are those of the kept lines: what was
 * settled long ago cannot contradict them.  What had to be forgotten, or could not be
 * read, is said (follow_said).
 */
#ifndef TRACE_FOLLOW_H
#define TRACE_FOLLOW_H

#include "trace/answer.h"

struct follow;

struct follow_ask {
	const char *const *paths; /* files and folders */
	size_t npaths;
	struct str question;        /* empty: all */
	struct str tz;              /* empty: the logs' zone */
	struct str domain, mailbox; /* scope; empty: everything */
	int64_t since;              /* seconds: begin with the stories of so long ago; 0: with those that wait now */
	int64_t lifetime;           /* as in struct trace_ask */
};

enum follow_kind { FOLLOW_NEW, FOLLOW_CHANGED };

/* A story, and what is new in it.  Valid until the next call of follow_next() or follow_wait(). */
struct follow_event {
	enum follow_kind kind;
	const struct told *told;
	const bool *fresh; /* for each of told->events: was not there when the story was told last */
	size_t nfresh;
	enum verdict was;             /* of FOLLOW_CHANGED */
	bool turned;                  /* its verdict, or that of one of its recipients, is another one now */
	uint16_t more[VERDICT_COUNT]; /* so many recipients more have which verdict than when it was told last */
};

struct follow_counts {
	uint64_t lines, told_new, told_changed;
	uint64_t forgotten; /* stories that were not over, for want of room */
	size_t files;       /* that are followed now */
};

/* NULL: a path or the question is wrong, e says why.  Texts of the ask are copied. */
struct follow *follow_open(const struct follow_ask *ask, struct err *e);
void follow_close(struct follow *f);
/* Wait until there are events (1) or the deadline (clock_mono) has passed (0); a signal ends it early (0). */
int follow_wait(struct follow *f, int64_t deadline);
/* Readable when follow_wait() should be called at once; it must be called once a second anyway.  -1: the system has no
 * such thing. */
int follow_fd(const struct follow *f);
/* False: all is told. */
bool follow_next(struct follow *f, struct follow_event *out);
/* A sentence about the following itself, for people: a folder that is gone, lines that were lost; NULL: none (left). */
const char *follow_said(struct follow *f);
struct follow_counts follow_counts(const struct follow *f);

/* One short block; one JSON object and a newline: the message of INTERFACE 4 with "event", "was" and "new". */
void follow_text(struct buf *out, struct follow *f, const struct follow_event *e, bool colour);
void follow_json(struct buf *out, struct follow *f, const struct follow_event *e);

#endif
