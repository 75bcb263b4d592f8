/* words/words.h - the vocabulary: every code, reply and report that the server says or the tracer explains.
 *
 * One row each, in the .def files beside this header: what is said (code,
 * reply number, text), what it means, whether it is final, who must act and
 * what would help.  The server, the logs, the manual and `telltale explain`
 * all read the same rows.  Tables only; nothing here allocates or decides.
 *
 * Row formats are described at the top of each .def file:
 *	reasons.def	gate: spamdyke's codes (LOG-FORMATS 1.3)
 *	filters.def	spamdyke's verbose FILTER_ lines (1.5)
 *	checks.def	recipient check: chkuser's titles and descriptions (2.2)
 *	reports.def	delivery reports of qmail-local, qmail-remote, vdelivermail (3.3, 3.4)
 *	replies.def	qmail-smtpd replies (3.5)
 *	status.def	reply-code classes and RFC 3463 enhanced codes
 */
#ifndef WORDS_WORDS_H
#define WORDS_WORDS_H

#include "base/str.h"

enum final { FINAL_NO, FINAL_YES, FINAL_UNKNOWN };
enum who { WHO_NOBODY, WHO_SENDER, WHO_RECIPIENT, WHO_POSTMASTER };

/* What every row of every table ends with. */
struct word {
	enum final final;
	enum who who;
	const char *meaning;            /* one or two plain sentences */
	const char *advice;             /* what that person does; "" when there is nothing to do */
};

#define REASON(id, ...) REASON_##id,
enum reason {
#include "words/reasons.def"
	REASON_COUNT
};
#undef REASON

struct reason_row {
	const char *code;               /* "DENIED_RDNS_MISSING" */
	const char *name;               /* the filter's name in gate lines: "rdns-missing"; "" for none */
	int reply;                      /* stock reply number; 0: another program's */
	const char *enhanced;           /* RFC 3463 code that goes with it on the wire, or "" */
	const char *text;               /* stock reply text */
	const char *option;             /* spamdyke option(s) that trigger it */
	bool whole;                     /* refuses the whole connection or message, not one recipient */
	struct word word;
};
const struct reason_row *reason_row(enum reason r);
const struct reason_row *reason_by_code(struct str code);       /* NULL when unknown */

#define CHECK(id, ...) CHECK_##id,
enum check {
#include "words/checks.def"
	CHECK_COUNT
};
#undef CHECK

struct check_row {
	const char *title;              /* "rejected rcpt" */
	const char *description;        /* "not existing recipient" */
	int reply;                      /* 0: the line has no reply of its own */
	const char *enhanced;           /* wire code where the text has none ("250 ok": "2.1.5"), else "" */
	const char *text;               /* "5.1.1 sorry, no mailbox here by that name (chkuser)" */
	struct word word;
};
const struct check_row *check_row(enum check c);
const struct check_row *check_by_words(struct str title, struct str description);

#define REPLY(id, ...) REPLY_##id,
enum reply_id {
#include "words/replies.def"
	REPLY_COUNT
};
#undef REPLY

struct reply_row {
	int code;
	const char *enhanced;           /* for the wire; "" where the text has its own */
	const char *text;               /* "ok", "go ahead", "sorry, ..." */
	struct word word;
};
const struct reply_row *reply_row(enum reply_id r);

/* Other rows, for explain and the tracer: see words.c for the look-ups by text. */
struct report_row {
	const char *pattern;            /* decoded text, `*` for a variable part */
	const char *outcome;            /* "success", "failure", "deferral", or "failure or deferral" */
	struct word word;
};
const struct report_row *report_match(struct str decoded_line);  /* substring match as LOG-FORMATS 3.4 asks */

struct status_row {
	const char *code;               /* "5.1.1", "5.1.*", "4xx" ... */
	const char *title;              /* "Bad destination mailbox address" */
	struct word word;
};
const struct status_row *status_match(struct str code);         /* exact, else by class and subject */

struct filter_row {
	const char *name;               /* "FILTER_RDNS_MISSING" */
	struct word word;
};
const struct filter_row *filter_match(struct str name);

#endif
