/* vouch/spf.h - may this client send for that domain? (RFC 7208)
 *
 * A check asks DNS only through `vouch_ask`, keeps no state and always ends:
 * at most 10 terms that ask (4.6.4), 2 of them without an answer, 10 hosts of
 * an mx or ptr (asked for at once), and the deadline.  What we decided where
 * the RFC leaves a choice:
 * - A record is checked whole before its first term is evaluated (4.6).
 * - More than 10 MX hosts are permerror even if one of the first matches:
 *   the answer's order is chance, and a result must not be.
 * - Void lookups are counted for the names that the record itself has (a, mx,
 *   exists); not for the hosts behind an MX, which need not have an address of
 *   the client's kind, and not for the client's own reverse name.
 * - A host of an mx that could not be asked is temperror only if no other
 *   host matched.
 * - A domain-spec of more than 1024 bytes is a mistake: no name needs it, only our time.
 * - A name that cannot be asked (empty or too long label) does not exist.
 * All text that comes out is printable ASCII on one line, of bounded length.
 */
#ifndef VOUCH_SPF_H
#define VOUCH_SPF_H

#include "vouch/ask.h"

enum {
	SPF_LOOKUPS_MAX = 10,
	SPF_VOIDS_MAX = 2,
	SPF_HOSTS_MAX = 10,
	SPF_SPEC_MAX = 1024,      /* bytes of a domain-spec as written */
	SPF_SHOWN_MAX = 255,      /* bytes of a domain or a term */
	SPF_EXPLANATION_MAX = 400 /* fits into a reply line (RFC 5321 4.5.3.1.5) */
};

enum spf_result { SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_TEMPERROR, SPF_PERMERROR };

struct spf_question {
	struct str ip;   /* the client's address as text; ::ffff:a.b.c.d is an IPv4 client */
	struct str helo; /* what it said in HELO or EHLO */
	struct str
	    sender; /* local@domain, the local part unquoted; empty for the null path: postmaster@helo is checked */
	struct str host;  /* our name, for explanations */
	int64_t deadline; /* of clock_mono() */
};

struct spf {
	enum spf_result result;
	bool helo;         /* the HELO name was checked, because the path was null */
	struct str domain; /* the domain that was checked */
	struct str term;   /* what decided, as its record has it ("-all"); empty: nothing matched */
	struct str where;  /* the domain whose record holds it */
	struct str via;    /* the includes and redirects that led there: "include:a.example > redirect=b.example" */
	struct str explanation; /* of the domain, for fail; empty: it has none.  A stranger's words */
	struct str why;         /* one sentence, for none, temperror and permerror */
	unsigned lookups, voids;
};

void spf_check(const struct vouch_ask *ask, const struct spf_question *q, struct arena *a, struct spf *out);
const char *spf_word(enum spf_result result); /* "none", "softfail" ... */

#endif
