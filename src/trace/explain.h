/* trace/explain.h - what does this text mean?
 *
 * explain_text() takes what explain_forms.def lists and puts it into plain
 * words: what it is, what it means, whether it is final, who must act and how.
 * All words come from words/, so the server and the explanation cannot disagree.
 * explain_message() does the same with a whole message: a bounce recipient by
 * recipient, the header of any other hop by hop.
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

/* One recipient of a bounce. */
struct explained_rcpt {
	struct str address, original; /* "" when nobody is named */
	const char *cause;            /* causes.def: "no-such-mailbox" */
	struct str status, reply;     /* "5.1.1", the words that tell the cause */
	struct str host;              /* who said it, "" when that is not told */
	enum final final;
	enum who who;
	struct str meaning, advice;
};

/* One Received field. */
struct explained_hop {
	struct str from, ip, by, with, tls, id, to;
	struct str qp; /* the number of a qmail or Telltale queue */
	bool encrypted, login;
	struct str time; /* with its zone, "" when it has none that can be read */
	bool delayed;    /* delay is known */
	int64_t delay;   /* seconds since the hop before */
};

struct explanation {
	const char *kind; /* "gate-code", "smtp-reply" ... */
	struct str what;  /* what the text is, in a few words */
	struct str meaning;
	enum final final;
	enum who who;
	struct str advice; /* never empty: "Nothing." where nobody must act */
	struct str passes; /* of a refusal of the gate: what would have let it through; else empty */
	struct explained fields[EXPLAIN_FIELDS];
	size_t nfields;

	bool message; /* the rest counts, and is in the JSON */
	struct explained_rcpt *rcpts;
	size_t nrcpts, more;        /* more: left out */
	struct explained_hop *hops; /* in the order they were travelled */
	size_t nhops;
	struct str *odd; /* sentences */
	size_t nodd;
};

/* False: the text is not known; *out is then undefined.  Strs borrow from text, from a and from tables. */
bool explain_text(struct str text, struct arena *a, struct explanation *out);

/* Is the text a message or the header of one, not lines to be explained each on its own? */
bool explain_is_message(struct str text);
/* What kind of message it is, and what it tells. */
void explain_message(struct str text, struct arena *a, struct explanation *out);
/* The messages of an mbox one by one: the next one of *rest, which moves behind it.  Any other text is one message. */
bool explain_next_message(struct str *rest, struct str *message);

#define EXPLAIN_ASKED 16

/* The texts (at most max) that a line asks about: "What does `X` mean? And `Y`?" asks about X and Y, "What is
 * A / B?" about A and B; a line that is no such question is itself the text.  0 when nothing is left to explain. */
size_t explain_asked(struct str text, struct str *texts, size_t max);

/* {"kind":..,"meaning":..,"final":true|false|null,"who":..,"advice":..,"fields":{..}}, of a message also "recipients",
 * "hops" and "odd".  A refusal's class of cause is fields.cause, a recipient's is its own "cause"; fields.passes is, of a
 * refusal of the gate, what would have let it through. */
void explain_json(struct json *j, const struct explanation *x);

/* Every text that the text asks about, or every message that it holds: a line of JSON for each.  0; 1 when one was not
 * known; 2 when there is none. */
int explain_lines_json(struct buf *out, struct str text);
/* What is said of a text that is not known. */
struct explanation explain_unknown(struct str text, struct arena *a);

#define EXPLAIN_NEAR 3

/* Codes, filters, options and causes of ours that such a text resembles, the nearest first: how many. */
size_t explain_near(struct str text, struct str names[EXPLAIN_NEAR]);
/* "Did you mean A, B or C?"; "" where it resembles none. */
struct str explain_near_words(struct str text, struct arena *a);

const char *who_word(enum who who); /* "sender" "recipient" "postmaster" "nobody" */

#endif
