/* trace/answer_parts.h - inside of answer*.c: keys of the object that is open. */
#ifndef TRACE_ANSWER_PARTS_H
#define TRACE_ANSWER_PARTS_H

#include "base/json.h"
#include "trace/answer.h"

/* "details" and "not_searched" */
void answer_json_files(struct json *j, struct answer *r);
/* "unreadable_lines" */
void answer_json_unreadable(struct json *j, struct answer *r);

/* answer_erased.c: which addresses of the question were erased; into the text, into the JSON. */
struct page;
struct writer;
void answer_find_erased(struct answer *r, const struct trace_ask *ask);
void page_erased(struct page *g);
void writer_erased(struct writer *w);

#endif
