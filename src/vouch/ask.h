/* vouch/ask.h - how the checks of this folder ask DNS.
 *
 * The gate asks through what its session knows already (facts_ask()), tests answer from a table.  A
 * check counts what it asks itself; what an answer means is in dns/dns.h.
 */
#ifndef VOUCH_ASK_H
#define VOUCH_ASK_H

#include "dns/dns.h"

/* Answers all n questions, or marks them DNS_FAILED, by the deadline (clock_mono()).  Memory from `a`. */
struct vouch_ask {
	void (*all)(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline);
	void *with;
};

#endif
