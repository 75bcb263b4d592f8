/* lookup/own.h - what an owner does for himself, without being an administrator: whom his mailbox or domain hears, and
 * whether he gets a digest.
 *
 * The words are those of `telltale allow ...` and `telltale digest ...`; telltale-lookup takes no others here, from
 * telltale-web and from telltale-digest only.  Whose the scope is, the asker has to know.
 */
#ifndef LOOKUP_OWN_H
#define LOOKUP_OWN_H

#include "lookup/told.h"

enum {
	OWN_ASKS = 3,         /* status: it would be done with --sure; the message says why it is asked */
	OWN_DOMAINS_MAX = 100 /* of one owner, that `digest list` names */
};

struct own_told {
	int status; /* 0 done, 1 refused, 2 malformed, OWN_ASKS */
	struct str output, message;
};

/* words: '\0' between them.  Of call mem, deadline and e are wanted; texts are in mem.  -1: telltale-lookup could not
 * be asked, *e says why. */
int lookup_own(struct ipc_client *c, struct str words, struct lookup_call *call, struct own_told *out);
/* The answer, looked at before it is believed; texts borrow from it. */
int lookup_told_own(const struct lookup_done *told, struct own_told *out, struct err *e);

/* The week of a moment (seconds since 1970) in this machine's zone, from Monday on: 0 is the one of 1970-01-01. */
int64_t digest_week(int64_t seconds);
/* The moment at which it begins. */
int64_t digest_week_begin(int64_t week);
enum { DIGEST_WEEKS_MAX = 4 /* as far back a digest goes when weeks were missed */ };

#endif
