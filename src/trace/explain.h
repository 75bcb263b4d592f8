/* trace/explain.h - what does this text mean?
 *
 * explain_text() takes a line of any of the three logs (with or without its
 * stamp), an SMTP reply, a status code, a delivery report, a gate code, a
 * FILTER_ name, a recipient check's words, and puts them into plain words:
 * what it is, what it means, whether it is final, who must act and how.  All
 * words come from words/, so the server and the explanation cannot disagree.
 * It reads no log, no configuration, no network.
 */
#ifndef TRACE_EXPLAIN_H
#define TRACE_EXPLAIN_H

#include "base/arena.h"
#include "base/json.h"
#include "words/words.h"

#define EXPLAIN_FIELDS 32
#define EXPLAIN_TEXT_MAX 8192 /* what stands behind is not looked at */

struct explained {
	const char *name;
	struct str value; /* as it stood: bytes from outside */
	bool number;      /* value is digits, below 2^53 */
};

struct explanation {
	const char *kind; /* "gate-code", "smtp-reply" ... (explain_kinds) */
	struct str what;  /* what the text is, in a few words */
	struct str meaning;
	enum final final;
	enum who who;
	struct str advice; /* never empty: "Nothing." where nobody must act */
	struct explained fields[EXPLAIN_FIELDS];
	size_t nfields;
};

/* False: the text is not known; *out is then undefined.  Strs borrow from text, from a and from tables. */
bool explain_text(struct str text, struct arena *a, struct explanation *out);

#define EXPLAIN_ASKED 16

/* The texts (at most max) that a line asks about: "What does `X` mean? And `Y`?" asks about X and Y, "What is
 * A / B?" about A and B; a line that is no such question is itself the text.  0 when nothing is left to explain. */
size_t explain_asked(struct str text, struct str *texts, size_t max);

/* {"kind":..,"meaning":..,"final":true|false|null,"who":..,"advice":..,"fields":{..}} */
void explain_json(struct json *j, const struct explanation *x);

const char *who_word(enum who who); /* "sender" "recipient" "postmaster" "nobody" */

#endif
