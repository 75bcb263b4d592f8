/* trace/ledger.h - the gate's checks as the `gate` lines of the SMTP log tell them (INTERFACE.md 6), read back.
 *
 * A summary is "passed A 3 B 12, refused C 0, skipped D authenticated": names, each with
 * milliseconds or with why it was not asked, `_` for spaces.  A line of its own
 * says what was seen, and the milliseconds last.  What is not of that form is passed over.
 */
#ifndef TRACE_LEDGER_H
#define TRACE_LEDGER_H

#include "base/arena.h"
#include "logs/logs.h"

enum ledger_outcome { LEDGER_PASSED, LEDGER_REFUSED, LEDGER_ALLOWED, LEDGER_ERROR, LEDGER_SKIPPED, LEDGER_OUTCOMES };

struct ledger_check {
	struct str name; /* of the filter */
	enum ledger_outcome outcome;
	int64_t ms;      /* -1: not told */
	struct str said; /* what was seen; of SKIPPED why: in a summary with `_` for spaces */
};

/* A walk over a summary: begin with { summary }. */
struct ledger {
	struct str rest;
	enum ledger_outcome outcome;
	bool begun;
};
bool ledger_next(struct ledger *x, struct ledger_check *out);
/* A line about one check; false: it is none. */
bool ledger_line(const struct log_line *l, struct ledger_check *out);
const char *ledger_word(enum ledger_outcome o); /* "passed" ... */

#endif
