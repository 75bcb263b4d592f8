/* trace/writer.h - inside of the answer as JSON: strings of the logs on their way into JSON.
 *
 * writer_put() and writer_line() are the only ways for outside bytes: they mask
 * what is out of scope.
 */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include "base/json.h"
#include "trace/answer.h"

struct writer {
	struct json j;
	struct answer *r;
};

void writer_put(struct writer *w, struct str s);
void writer_line(struct writer *w, const struct line *x);
/* KEY: the value, or null. */
void writer_known(struct writer *w, const char *key, struct str s);
void writer_number(struct writer *w, const char *key, uint64_t n); /* 0: null */
void writer_time(struct writer *w, const char *key, int64_t utc, bool known);

/* The object of the question as understood; "searched": where it was looked for (answer_json.c). */
void writer_question(struct writer *w);
void writer_searched(struct writer *w);

/* The keys of a message, into the object that is open (answer_json.c). */
void writer_message(struct writer *w, const struct told *t);

/* The rest of the whole (json_more.c). */
void writer_chain(struct writer *w, const struct told *t); /* "chain" of a message */
void writer_hops(struct writer *w, const struct story *s); /* "hops": itself on the next servers */
void writer_reasons(struct writer *w);                     /* "reasons" and "let_in_before" */
void writer_connections(struct writer *w);                 /* "connections" */

#endif
