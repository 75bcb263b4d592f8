/* vouch/dmarc_walk.h - the DNS tree walk (RFC 9989 4.10).
 *
 * Which policy records stand at a domain and above it, and where its organization begins.
 */
#ifndef VOUCH_DMARC_WALK_H
#define VOUCH_DMARC_WALK_H

#include "vouch/dmarc_record.h"

/* What was asked so far. */
struct dmarc_run {
	const struct vouch_ask *ask;
	struct arena *a;
	int64_t deadline;
	struct dns_question *asked;
	size_t n, cap;
};

struct dmarc_step {
	struct str domain;
	bool has; /* exactly one record */
	bool failed;
	struct dmarc_record record;
	struct str why; /* of failed */
};

struct dmarc_walk {
	struct dmarc_step step[DMARC_STEPS_MAX]; /* from the domain itself upwards, up to where the walk ends */
	size_t n;
	bool found;  /* some step has a record */
	bool psd;    /* one of them says psd=y or psd=n */
	bool failed; /* a step could not be asked (the top-level domain's does not count) */
	struct str organization;
	const struct dmarc_step *policy; /* the step whose record applies to the domain; NULL: none */
};

/* Ask for all that the walks of these domains need, at once. */
void dmarc_walk_ask(struct dmarc_run *r, const struct str *domains, size_t n);
/* Walk from that domain, which was in dmarc_walk_ask(). */
void dmarc_walk_from(struct dmarc_run *r, struct str domain, struct dmarc_walk *out);
/* The organizational domain by the public suffix list (RFC 7489 3.2); empty: it has none. */
struct str dmarc_listed(struct str domain, struct arena *a);

#endif
