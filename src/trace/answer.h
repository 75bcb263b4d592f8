/* trace/answer.h - the answer to a question, as text for people and as JSON (INTERFACE 4).
 *
 *	trace_answer(&r, &ask, &e)	reads, joins, selects
 *	answer_text(&out, &r, colour) / answer_json(&out, &r)
 *	answer_exit(&r)			0 found, 1 not found, 3 ambiguous or incomplete
 *
 * Bytes from the logs never reach the reader raw: control bytes, broken UTF-8
 * and characters that turn the direction of text are shown as \xHH.
 */
#ifndef TRACE_ANSWER_H
#define TRACE_ANSWER_H

#include "trace/select.h"
#include "trace/tell.h"
#include "trace/unreadable.h"

struct trace_ask {
	struct str question;
	struct source *source;      /* filled with the files to search */
	struct tale_store *store;   /* an index of those files; NULL: they are read */
	struct str tz;              /* empty: the logs' zone */
	struct str domain, mailbox; /* scope; empty: everything */
	size_t limit;               /* messages, and lines not understood, shown at most */
	size_t most;     /* looked at in full, the newest of those found, if that is not below the limit; 0: all */
	bool unreadable; /* list the lines not understood; then there may be no question */
	bool everything; /* without a question every message is meant */
	bool tables;     /* numbers over rows are all that is wanted: no story need come to life for them */
	int64_t now;     /* UTC seconds */
	/* Was this address (local@domain, lower case) erased from these logs, and when?  NULL: nobody knows. */
	bool (*erased)(void *with, struct str address, char day[11]);
	void *erased_with;
	int64_t lifetime; /* queue.lifetime in seconds, when the logs are this server's own; 0: not known */
};

enum { ANSWER_ERASED_MAX = 4 };

/* Not to be moved: parts point at each other. */
struct answer {
	struct arena mem;
	struct question question;
	struct book book;
	struct tale tale;
	struct chosen chosen;
	struct day_frame frame;
	struct scope scope;
	size_t limit;
	bool unreadable, asked;
	bool rows; /* no story was chosen: the store has the rows that are to be counted */
	struct str nearest[NEAR_MAX];
	size_t nnearest;
	struct answer_erased {
		struct str address;
		char day[11];
	} erased[ANSWER_ERASED_MAX]; /* addresses of the question that were */
	size_t nerased;
};

/* -1: the question (or the zone) is wrong, e says what was not understood.  The source must outlive the answer. */
int trace_answer(struct answer *r, const struct trace_ask *ask, struct err *e);
void answer_clear(struct answer *r);
/* width: columns of the terminal that it is for; 0: for none. */
void answer_text(struct buf *out, struct answer *r, bool colour, size_t width);
void answer_json(struct buf *out, struct answer *r);
int answer_exit(const struct answer *r);

/* Shared by both forms. */
size_t answer_shown(const struct answer *r);                          /* messages within the limit */
void answer_time(struct buf *b, const struct answer *r, int64_t utc); /* ISO with zone */
void answer_safe(struct buf *out, struct str text);                   /* as promised above */
/* The message that the answer is about: the only one, or the first of one chain of forwards and bounces when one was
 * asked for; NULL: several. */
const struct story *answer_one(const struct answer *r);
enum verdict answer_verdict(const struct answer *r, const struct story *s);           /* as far as the scope shows it */
void answer_numbers(const struct told *t, void (*see)(void *, uint64_t), void *with); /* its delivery numbers */
uint64_t answer_connection(const struct told *t);                                     /* 0: not known */
/* The number that was asked for, when more than one message bears it; 0: none.  And what is said of it then. */
uint64_t answer_reused(const struct answer *r);
#define ANSWER_REUSED "number %llu stands for %zu messages: such numbers are used again, each belongs to its own time"
const char *answer_who(enum who who);

#endif
