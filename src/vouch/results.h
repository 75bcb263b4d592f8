/* vouch/results.h - Authentication-Results (RFC 8601): ours written, others' that claim to be ours recognised.
 *
 *	struct results r = results_begin(&b, hostname);
 *	results_method(&r, "iprev", "pass");
 *	results_property(&r, "policy.iprev", ip);
 *	results_spf(&r, &question, &spf);
 *	results_end(&r);
 *
 * The field is folded; no line is longer than 998 bytes.  A value is written
 * bare where the grammar has it so (a token, an address), quoted otherwise; bytes
 * that are not printable ASCII become `?`, so no value can end its quotes, its
 * line or the field.  Names of methods, results and properties are ours.
 */
#ifndef VOUCH_RESULTS_H
#define VOUCH_RESULTS_H

#include "base/buf.h"
#include "vouch/dmarc.h"
#include "vouch/spf.h"

enum { RESULTS_VALUE_MAX = 320, RESULTS_COLUMN_MAX = 78 };

struct results {
	struct buf *b;
	size_t line; /* where the current line begins in b */
	bool any;
};

/* "Authentication-Results: ID" */
struct results results_begin(struct buf *b, struct str id);
/* "; method=result"; reason and properties that follow belong to it. */
void results_method(struct results *r, const char *method, const char *result);
void results_reason(struct results *r, struct str text); /* nothing when text is empty */
void results_property(struct results *r, const char *name, struct str value);
/* The end of the last line; "; none" when there was no method. */
void results_end(struct results *r);

/* spf= with smtp.mailfrom, or smtp.helo for the null path. */
void results_spf(struct results *r, const struct spf_question *q, const struct spf *spf);
/* dmarc= with header.from and policy.dmarc. */
void results_dmarc(struct results *r, const struct dmarc *d);
/* auth=pass with smtp.auth (RFC 4954). */
void results_login(struct results *r, struct str login);

/* dkim= of one signature; empty parts are left out. */
struct results_signature {
	const char *result;
	struct str why;
	struct str domain, selector, identity; /* d=, s=, i= */
	struct str b;                          /* of b= as much as tells it apart (RFC 6008: at least 8 characters) */
};
void results_signature(struct results *r, const struct results_signature *s);

enum results_claim {
	RESULTS_NOT,      /* another field */
	RESULTS_OTHER,    /* somebody else's */
	RESULTS_OURS,     /* it says that it is from id, or may be read so */
	RESULTS_MALFORMED /* it does not say whose it is */
};

/* Is that field of a message an Authentication-Results, and whose?  value: what stands behind the colon, with folds. */
enum results_claim results_claims(struct str name, struct str value, struct str id);

#endif
