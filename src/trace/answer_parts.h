/* trace/answer_parts.h - inside of answer_json.c: keys of the object that is open. */
#ifndef TRACE_ANSWER_PARTS_H
#define TRACE_ANSWER_PARTS_H

#include "base/json.h"
#include "trace/answer.h"

/* "details" and "not_searched" */
void answer_json_files(struct json *j, struct answer *r);
/* "unreadable_lines" */
void answer_json_unreadable(struct json *j, struct answer *r);

#endif
