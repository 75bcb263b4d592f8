/* cli/explain_text.h - an explanation as a person reads it in a terminal. */
#ifndef CLI_EXPLAIN_TEXT_H
#define CLI_EXPLAIN_TEXT_H

#include "base/buf.h"
#include "trace/explain.h"

/* Nothing of text or x reaches the terminal raw. */
void explain_put_text(struct buf *b, struct str text, const struct explanation *x);
void explain_put_message(struct buf *b, const struct explanation *x);

#endif
