/* vouch/dmarc.h - does anybody vouch for the From of this message, and what does its domain ask for if not?
 * (RFC 9989; RFC 7489 where named)
 *
 * Policy and organizational domains are found by the DNS tree walk (4.10): at
 * most eight names of a domain, all asked for at once, then those of the other
 * domains that passed SPF or DKIM, at once too.  What we decided:
 * - A record without `p` is p=none.  One whose p, sp or np is not valid is p=none
 *   if it has an rua, else no record (4.10.1): permerror, no policy.
 * - pct (RFC 7489): 0 is t=y, as A.6 has it; any other value changes nothing.
 * - Public suffix list (RFC 7489 3.2): where the walk from a domain that passed
 *   meets no record at all, and none of the author's walk has psd=y or psd=n, the
 *   two are aligned if libpsl's list gives them the same organizational domain:
 *   so it was for owners with a record below their domain only.
 * - The record of a top-level domain counts only if it says psd=y or psd=n.
 * - A walk in which a question failed aligns nobody but equals, and what could have been
 *   aligned makes temperror of fail (5.3.6), as does an aligned SPF or DKIM that is temperror itself.
 *   The failure of the top-level domain's question is as if it had no record.
 * - Several author domains (11.5): each is judged; one that fails makes the message fail, with
 *   the strictest policy of those that fail.  If none fails, the message does not pass either:
 *   permerror.  A malformed From with one domain only is judged by that.
 */
#ifndef VOUCH_DMARC_H
#define VOUCH_DMARC_H

#include "vouch/ask.h"

enum { DMARC_STEPS_MAX = 8, DMARC_DOMAINS_MAX = 10 /* that passed and differ; others are not looked at */ };

enum dmarc_result { DMARC_NONE, DMARC_PASS, DMARC_FAIL, DMARC_TEMPERROR, DMARC_PERMERROR };
enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };

struct dmarc_signature {
	struct str domain; /* d= */
	bool pass;
	bool temperror; /* it could not be checked for now */
};

struct dmarc_question {
	const struct str *from; /* the values of all From fields, as they stand in the message */
	size_t from_n;
	bool spf_pass, spf_temperror;
	struct str spf_domain; /* of MAIL FROM, or of HELO for the null path */
	const struct dmarc_signature *dkim;
	size_t dkim_n;
	int64_t deadline;
};

struct dmarc {
	enum dmarc_result result;
	enum dmarc_policy policy; /* of fail only: what its domain wants done with it, with t=y one step milder */
	enum dmarc_policy asked;  /* of fail only: what its record asks for */
	bool test;                /* t=y (or pct=0) */
	int pct;                  /* as published, or -1 */
	struct str author;        /* the author domain; of several the one that decided */
	struct str record;        /* the domain whose record applies; empty: none */
	struct str organization;  /* the author's organizational domain */
	bool spf_aligned;         /* it passed, and its domain is aligned */
	bool *dkim_aligned;       /* for each signature */
	const char *from;         /* NULL, or what is wrong with From: not one author domain, or malformed */
	struct str why;           /* one sentence */
};

void dmarc_check(const struct vouch_ask *ask, const struct dmarc_question *q, struct arena *a, struct dmarc *out);
const char *dmarc_word(enum dmarc_result result);        /* "none", "pass" ... */
const char *dmarc_policy_word(enum dmarc_policy policy); /* "none", "quarantine", "reject" */

#endif
