/* trace/refused.h - what was refused, by the gate, the recipient check or after the whole message, a row for each
 * recipient: for the owner's list, for his weekly letter, and for the sender who follows the link in a refusal of the
 * gate (mail/reference.h).
 *
 * Texts are as the logs have them: who shows them to somebody with a scope masks them.
 */
#ifndef TRACE_REFUSED_H
#define TRACE_REFUSED_H

#include "trace/answer.h"

struct refused {
	int64_t time;                  /* when it was said, UTC seconds */
	const struct name *to;         /* NULL: the whole message, for several recipients, or the visit */
	struct str from;               /* empty: the null sender, or it was never said */
	struct str ip, rdns;           /* of the client; empty: not known */
	enum verdict verdict;          /* REFUSED or REFUSED_TEMPORARILY */
	const struct reason_row *gate; /* its reason; NULL: it was not the gate */
	const struct word *word;       /* the row of words/ that says why */
	struct str reason;             /* "DENIED_RDNS_MISSING"; "recipient check: not existing recipient"; a reply */
	struct str reply;              /* "554 Refused. ..."; empty: it is not in the logs */
	struct str explanation;        /* the reason in words, as an answer has it */
	const struct advice *advice;   /* NULL: of the word */
	uint64_t connection;           /* 0: not known */
};

/* Every recipient in the answer's scope who was refused, newest first, until see() says false.  A row lives as long as
 * the call. */
void refused_each(struct answer *r, bool (*see)(void *with, const struct refused *row), void *with);
/* Would an entry of the sender on the recipient's list of allowed senders have let it through? */
bool refused_lifts(const struct refused *row);
/* The gate's refusal whose line has that text, of any story of the answer or of its first tries; memory from a. */
bool refused_find(struct answer *r, struct str text, struct arena *a, struct refused *out);

#endif
