/* trace/explain_parts.h - the parts of explain.c, for its own files.
 *
 * Each explain_X() looks whether the text is an X and if so fills *out; it may
 * have added fields when it answers false, so the caller starts afresh.
 */
#ifndef TRACE_EXPLAIN_PARTS_H
#define TRACE_EXPLAIN_PARTS_H

#include "logs/logs.h"
#include "mail/notice.h"
#include "trace/explain.h"

struct explaining {
	struct arena *mem;
	struct explanation *out;
};

bool explain_line(struct explaining *x, struct str text);    /* of one of the three logs */
bool explain_foreign(struct explaining *x, struct str text); /* of another mail server's log */
bool explain_code(struct explaining *x, struct str text);    /* a gate code or name, a FILTER_ or ERROR line */
bool explain_counted(struct explaining *x, struct str text); /* a reason as statistics print it */
bool explain_check(struct explaining *x, struct str text);   /* the recipient check's words */
bool explain_reply(struct explaining *x, struct str text);   /* "550 5.1.1 no such user", "421" */
bool explain_status(struct explaining *x, struct str text);  /* "5.1.1", "(#5.1.1)" */
bool explain_option(struct explaining *x, struct str text);  /* an option of the configuration */
bool explain_said(struct explaining *x, struct str text);    /* a reply's text without its number */
bool explain_trouble(struct explaining *x, struct str text); /* the machine's own complaints */
/* Has it the form of a code or an option of ours?  Then it is that or nothing, whatever words stand in it. */
bool explain_is_name(struct str text);
const char *explain_option_name(size_t i); /* of all options; NULL behind the last one */
/* A meaning without its last sentence, where that only says what the first digit of the number does. */
struct str explain_without_class(struct str meaning, struct str number);
/* The words of a refusal whose number is not known; status is its enhanced code, or empty.  The meaning does not say
 * whether it is final. */
void explain_words(struct explaining *x, struct str status, struct str text, bool final);
/* A delivery report; outcome is "success", "failure", "deferral", or empty when it is not known. */
bool explain_report(struct explaining *x, struct str report, struct str outcome);
bool explain_report_alone(struct explaining *x, struct str text);

/* The words of one outcome of the recipient check, of one gate reason. */
void explain_check_row(struct explaining *x, const struct check_row *row);
void explain_reason_row(struct explaining *x, const struct reason_row *row);
/* "250 ok EPOCH qp QP": the time and the number, as fields and in words. */
void explain_queued(struct explaining *x, struct str epoch, struct str qp);

void explain_word(struct explaining *x, const struct word *w);
void explain_field(struct explaining *x, const char *name, struct str value);
void explain_number(struct explaining *x, const char *name, struct str value);
/* Put one more sentence behind the meaning. */
void explain_add(struct explaining *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is tried again by itself needs nobody at first: say so in front of the advice. */
void explain_soften(struct explaining *x);

/* Why a refusal happened, from the words that were said about it, the best ones first. */
struct said_words {
	struct str near[4]; /* what was said of this recipient, the widest text last */
	struct str far[2];  /* what was said of the whole: asked last */
	struct str status;  /* "5.2.2", or "" */
};
struct caused {
	enum cause_id cause;
	const struct word *word;
	struct str text; /* of the texts, the one that told it; "" */
};
struct caused explain_cause(const struct said_words *said);

/* A bounce, delay or success, recipient by recipient; a feedback report, receipt or automatic reply. */
void explain_notice(struct explaining *x, const struct notice *n);
/* The header of any message: hops, results, what is odd. */
void explain_headers(struct explaining *x, struct str head);
/* The hops alone; and what is odd about them and their times. */
void explain_hops(struct explaining *x, struct str head);
void explain_odd_hops(struct explaining *x, struct str head);
void explain_odd(struct explaining *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "250_ok_1_qp_2": text whose spaces became `_` gets them back; other text is returned as it is. */
struct str explain_spaces(struct arena *a, struct str text);

#endif
