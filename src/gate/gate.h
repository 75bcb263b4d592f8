/* gate/gate.h - should this client be heard?
 *
 * The session tells the gate what it learns and asks it to judge at each stage:
 * connect and sender before MAIL is answered, recipient at each RCPT, data at
 * the end of the message.  What came out of one stage is handed to the next,
 * by value, so that a refusal stays pending until RCPT, where it is answered,
 * and the next message starts from what the connection earned.  The first
 * refusal in order wins; a whitelist cancels it.  A check that could not be
 * made refuses nobody.  Every check leaves a finding, also one that did not run.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "gate/filter.h"
#include "mail/reply.h"

enum found { FOUND_PASSED, FOUND_REFUSED, FOUND_ALLOWED, FOUND_ERROR, FOUND_SKIPPED };

/* One check as the log tells it. */
struct finding {
	const struct filter *filter;
	enum found found;
	int64_t ms;
	struct str seen;        /* what was seen, what failed, or why it was skipped */
	enum reason reason;     /* of a refusal */
	struct hit hit;         /* of a list: the entry that matched */
	struct str about, more; /* see struct verdict */
	bool noted;             /* it passed, and the log tells what was seen */
};

/* What the stages so far add up to. */
struct standing {
	bool refused, allowed;
	struct finding by; /* the first refusal, or the whitelist that cancelled it */
};

struct ruling {
	enum stage at;
	struct standing standing;
	struct finding *findings; /* of this stage, in order */
	size_t n;
	const struct effect
	    *effects; /* to be done when it stands: of what refused, else of all filters of this stage */
};

/* The filters, NULL-ended, in order. */
extern const struct filter *const gate_filters[];

/* Judge one stage: the caller sets out->at and, in out->standing, what the stages
 * before it added up to (zeroed: nothing); the rest of *out is written, with memory
 * from a.  Cheap facts are judged first, the costly ones are asked only for what is
 * left undecided, all at once; then the same for the filters that are last. */
void gate_judge(const struct filter *const *filters, struct facts *f, struct ruling *out, struct arena *a);

enum { GATE_REPLY_MAX = 499 /* what is left of 512 bytes for a text (RFC 5321, 4.5.3.1.5) */ };

/* What is said beside the policy's words. */
struct refusal_words {
	enum reason why;
	struct str more;      /* stands at the `*` of the stock text, or behind the postmaster's own */
	struct str reference; /* for the %ref of policy-url (mail/reference.h); empty: it stays as it is written */
};
/* The reply to a refusal, link and contact included.  A link with a reference is left out where the reply would
 * become longer than GATE_REPLY_MAX. */
void gate_reply(const struct policy *p, const struct refusal_words *w, struct arena *a, struct reply *out);
/* Does its link have a place for a reference? */
bool gate_wants_reference(const struct policy *p);
/* What the postmaster wants said instead of our own words for that (rejection-text-...), or nothing. */
struct str gate_text(const struct policy *p, enum reason why);

/* What lets this client send to domains that are not ours without a login: the list's entry, and whether it is one of
 * reverse names.  False: nothing does.  May ask DNS, where a reverse name on the list has to lead back. */
bool gate_relay(struct facts *f, struct hit *out, bool *by_name);
/* May it, under this policy? */
bool gate_may_relay(const struct facts *f);

struct str stage_name(enum stage at); /* "connect" ... as in gate lines */
struct str found_word(enum found f);  /* "refused" ... */

#endif
