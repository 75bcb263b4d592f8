/* vouch/spf_record.h - the syntax of an SPF record (RFC 7208 4.5, 4.6.1, 12) and of its macros (7.1).
 *
 * Text only: no DNS, no memory.  A record is read term by term from its own
 * text, so that a long one costs time but no memory.
 */
#ifndef VOUCH_SPF_RECORD_H
#define VOUCH_SPF_RECORD_H

#include "base/cur.h"
#include "base/inet.h"
#include "vouch/spf.h"

enum spf_mechanism { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_EXISTS, SPF_IP4, SPF_IP6 };

struct spf_term {
	struct str text;     /* as written */
	struct str modifier; /* its name; empty: it is a directive */
	struct str spec;     /* domain-spec (a modifier's value), not expanded; may be empty */
	/* of a directive: */
	enum spf_result qualifier;
	enum spf_mechanism mechanism;
	unsigned prefix4, prefix6;
	unsigned char ip[INET_BYTES_MAX];
};

struct spf_record {
	struct str terms;         /* for spf_term_next() */
	struct str redirect, exp; /* their domain-specs; empty: there is none */
	struct str redirect_text; /* as written */
	const char *why;          /* NULL, or what is wrong, */
	struct str wrong;         /* with which term */
};

/* Does it begin as a record does: "v=spf1" and a space or the end? */
bool spf_record_is(struct str txt);
/* Read and check the whole record; false when it is malformed. */
bool spf_record_read(struct str txt, struct spf_record *out);
/* The next term of *terms, which moves behind it; false at the end.  *why is set when it is malformed. */
bool spf_term_next(struct str *terms, struct spf_term *t, const char **why);

/* A piece of a macro-string: literal text, or a macro. */
struct spf_piece {
	struct str literal;
	bool expand;           /* it was written with a % */
	char letter;           /* of a macro, lower case; 0: literal */
	bool escape, reverse;  /* written upper case; with `r` */
	unsigned keep;         /* right-hand parts, 0: all */
	struct str delimiters; /* empty: "." */
};

/* The next piece, with spaces in literals if `spaces`; false at the end and at a mistake of c. */
bool spf_piece_next(struct cur *c, bool spaces, struct spf_piece *p);
bool spf_macros_ok(struct str s, bool spaces);

#endif
