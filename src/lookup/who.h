/* lookup/who.h - who an account is, for whoever let its owner in a while ago: is it still there, is its password still
 * the same, which domains does it own? */
#ifndef LOOKUP_WHO_H
#define LOOKUP_WHO_H

#include "lookup/lookup.h"

enum { WHO_DOMAINS_MAX = 64 };

enum account_known { ACCOUNT_LATER /* it cannot be known now */, ACCOUNT_GONE, ACCOUNT_HERE };

struct account_now {
	/* Another one once its password has changed, or it was removed and added again.  It tells nothing of the
	 * password. */
	uint64_t stamp;
	struct str domains[WHO_DOMAINS_MAX]; /* lower case, sorted */
	size_t ndomains;
};

/* account: a whole address, lower case.  *out is written for ACCOUNT_HERE only; ACCOUNT_LATER: *e says why. */
enum account_known lookup_who(struct ipc_client *c, struct str account, struct arena *a, struct account_now *out,
			      int64_t deadline, struct err *e);
/* The answer, looked at before it is believed. */
enum account_known lookup_told_who(const struct lookup_who_told *told, struct arena *a, struct account_now *out,
				   struct err *e);

#endif
