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
 *	status.def	reply-code classes, reply codes and RFC 3463 enhanced codes
 *	stages.def	what another server would not take, as reports begin
 *	ends.def	how sessions were left: the `end` lines of our SMTP log
 *	troubles.def	the machine's own complaints: spamdyke's ERROR lines, qmail-send's alerts and warnings
 *	causes.def	why mail is not delivered: the classes of cause, and which status code names which
 *	freemail.def	domains under which anybody gets an address
 *	hints.def	what other servers' own words are likely to mean: each leads to a cause
 * Texts are patterns where they hold a `*`: it stands for a part that varies.
 */
#ifndef WORDS_WORDS_H
#define WORDS_WORDS_H

#include "base/arena.h"
#include "base/str.h"

enum final { FINAL_NO, FINAL_YES, FINAL_UNKNOWN };
enum who { WHO_NOBODY, WHO_SENDER, WHO_RECIPIENT, WHO_POSTMASTER };

/* What every row of every table ends with. */
struct word {
	enum final final;
	enum who who;
	const char *meaning; /* one or two plain sentences */
	const char *advice;  /* what that person does; "" when there is nothing to do */
	const char *passes;  /* of a refusal of the gate: what would have let it through; NULL or "": not told */
};

/* Its meaning for whoever knows the number of the reply: without the sentence that says what it depends on whether
 * it is final. */
struct str word_settled(const struct word *w, struct arena *a);

#define REASON(id, ...) REASON_##id,
enum reason {
#include "words/reasons.def"
	REASON_COUNT
};
#undef REASON

struct reason_row {
	const char *code;     /* "DENIED_RDNS_MISSING" */
	const char *name;     /* the filter's name in gate lines: "rdns-missing"; "" for none */
	int reply;            /* stock reply number; 0: another program's */
	const char *enhanced; /* RFC 3463 code without its class: "7.25" (see reason_enhanced()); or "" */
	const char *text;     /* stock reply text */
	const char *option;   /* spamdyke option(s) that trigger it, or "" */
	bool whole;           /* refuses the whole connection or message, not one recipient */
	bool lifts;           /* an entry of the sender on the recipient's sender-whitelist-entry lets it through */
	struct word word;
};
const struct reason_row *reason_row(enum reason r);
const struct reason_row *reason_by_code(struct str code); /* "DENIED_GRAYLISTED"; NULL when unknown */
/* By the reply: its text may go on behind the stock text (a link, a contact).  NULL when it is not the gate's. */
const struct reason_row *reason_by_reply(int code, struct str text);
const struct reason_row *reason_by_name(struct str name); /* "graylisted"; NULL when unknown */
/* The enhanced code for that reply number: "5.7.25" with 554, "4.7.25" with 421; "" where there is none. */
const char *reason_enhanced(enum reason r, int reply, struct arena *a);

#define CHECK(id, ...) CHECK_##id,
enum check {
#include "words/checks.def"
	CHECK_COUNT
};
#undef CHECK

struct check_row {
	const char *title;       /* "rejected rcpt"; "": such a row writes no check line */
	const char *description; /* "not existing recipient" */
	int reply;               /* 0: the line has no reply of its own */
	const char *enhanced;    /* for the wire ("250 ok": "2.1.5"); "" where the text begins with its own */
	const char *text;        /* "5.1.1 sorry, no mailbox here by that name (chkuser)" */
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
	const char *enhanced; /* for the wire; "" where the text has its own */
	const char *text;     /* "ok", "go ahead", "sorry, ..." */
	struct word word;
};
const struct reply_row *reply_row(enum reply_id r);

/* The reply of that number (0: of any refusal) whose text fits best; NULL: none.  An enhanced code in front of text
 * is passed over. */
const struct reply_row *reply_match(int code, struct str text);
/* The same among the recipient check's replies. */
const struct check_row *check_by_reply(int code, struct str text);

struct report_row {
	const char *pattern; /* decoded text: spaces, not `_` */
	size_t n;            /* bytes of it */
	const char *outcome; /* "success", "failure", "deferral", "failure or deferral", "": says nothing of it */
	struct word word;
};
/* The row that fits one decoded line best, anywhere in it (patched builds put words in front); NULL: none. */
const struct report_row *report_match(struct str decoded_line);

/* What another server did, behind its address: "did not take the recipient's address"; NULL: the report names none. */
const char *stage_words(struct str report);

struct status_row {
	const char *code;  /* "x.1.1", "x.1.x", "5.x.x", "550", "5xx" */
	const char *title; /* "Bad destination mailbox address" */
	struct word word;
};
/* "5.1.1" gives x.1.1, else x.1.x, else NULL; "550" gives 550, else NULL. */
const struct status_row *status_match(struct str code);
/* What the first digit says: the row of 5.x.x or 5xx; NULL when the code is malformed.  It decides `final`. */
const struct status_row *status_class(struct str code);

struct filter_row {
	const char *name;   /* "FILTER_RDNS_MISSING" */
	const char *filter; /* the filter's name in gate lines: "rdns-missing"; "": not one of ours */
	enum reason reason; /* the verdict it leads to; REASON_ALLOWED: it speaks for the client */
	const char *shape;  /* what follows the name, with {places}; of ours only */
	const char *meaning;
};
const struct filter_row *filter_match(struct str name);
const struct filter_row *filter_by_gate(struct str filter); /* "rdns-missing"; NULL when there is none */

#define END(id, ...) END_##id,
enum end {
#include "words/ends.def"
	END_COUNT
};
#undef END

struct end_row {
	const char *text; /* "timeout", "the TLS handshake failed: *" */
	struct word word;
};
const char *end_words(enum end e);
const struct end_row *end_match(struct str text); /* the whole text; NULL: none */

struct trouble_row {
	const char *pattern; /* "unable to write * bytes to file descriptor *: Broken pipe" */
	size_t n;            /* bytes of it */
	struct word word;
};
const struct trouble_row *trouble_match(struct str text); /* anywhere in text; NULL: none */

#define CAUSE(id, ...) CAUSE_##id,
enum cause_id {
#include "words/causes.def"
	CAUSE_COUNT
};
#undef CAUSE

struct cause_row {
	const char *name; /* "no-such-mailbox" */
	struct word word;
};
const struct cause_row *cause_row(enum cause_id c);
/* The cause that "5.2.2" or "552" names; CAUSE_UNKNOWN: none. */
enum cause_id cause_by_status(struct str code);

#define HINT_TEXT_MAX 4096 /* what stands behind is not looked at */

struct hint_row {
	const char *pattern; /* "user unknown" */
	enum cause_id cause; /* see hint_cause() */
	bool weak;           /* a status code knows better */
	struct word word;    /* see hint_word() */
};
/* What another server's words are likely to mean: the first row found anywhere in text; NULL: none. */
const struct hint_row *hint_match(struct str text);
const struct hint_row *hint_match_strong(struct str text); /* without the weak ones */
/* Of text with that status code ("" where it has none) before it: one that names a cause knows better than the weak
 * ones. */
const struct hint_row *hint_match_beside(struct str status, struct str text);
enum cause_id hint_cause(const struct hint_row *row);
/* Its final is often FINAL_UNKNOWN: the number beside the text decides. */
const struct word *hint_word(const struct hint_row *row);

/* Is it a domain under which anybody gets an address (freemail.def)?  Lower case. */
bool freemail_has(struct str domain);

/* Whole tables, in the order of their .def: the row numbered i, or NULL behind the last one. */
const struct report_row *report_at(size_t i);
const struct status_row *status_at(size_t i);
const struct filter_row *filter_at(size_t i);
const struct end_row *end_at(size_t i);
const struct trouble_row *trouble_at(size_t i);
const struct hint_row *hint_at(size_t i);

#endif
