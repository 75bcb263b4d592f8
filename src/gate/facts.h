/* gate/facts.h - what is known about a client, a sender, a recipient.
 *
 * The cheap facts are put in by the session as the conversation brings them.
 * The costly ones (DNS) are asked by facts_gather(), all that can be asked at
 * once, and never twice; "could not be asked" is FACT_FAILED and is no fact.
 * All questions of a session together wait no longer than policy.dns_deadline.
 */
#ifndef GATE_FACTS_H
#define GATE_FACTS_H

#include "base/arena.h"
#include "dns/dns.h"
#include "gate/policy.h"
#include "lookup/graylist.h"
#include "mail/addr.h"
#include "mail/recipient.h"

enum fact {
	FACT_RDNS,          /* costly: the client's reverse name */
	FACT_RDNS_RESOLVES, /* costly, after it: does that name lead to an address? */
	FACT_RECIPIENT,     /* cheap: what the recipient check found */
	FACT_GRAYLIST,      /* costly, after it: have sender and recipient met before? */
	FACTS
};
#define NEEDS(fact) (1u << (fact))

enum fact_status { FACT_UNKNOWN, FACT_KNOWN, FACT_FAILED };

struct facts {
	const struct policy *policy;
	struct str ip;
	bool authenticated; /* logged in: costs nothing and is believed */
	struct str user;    /* the account that logged in */
	bool early;         /* the client talked before the greeting */
	struct str sender;  /* of this message, lower case local@domain; empty: the null path */
	struct str rcpt;    /* of this RCPT, the same; without "@domain" when it was unqualified */
	size_t accepted;    /* recipients of this message so far */
	bool may_relay;     /* may send to domains that are not ours */
	struct str rdns;    /* empty and FACT_KNOWN: it has none */
	bool rdns_resolves; /* to any address; localhost is a name of the loopback address only */
	enum resolved recipient;
	struct gray_known gray;
	int64_t gray_asked; /* when, ms since 1970: that is the moment of the judging too */

	struct fact_state {
		enum fact_status status;
		int64_t ms;     /* what asking took */
		struct str why; /* FACT_FAILED: what went wrong, in words */
	} at[FACTS];

	struct ipc_client *dns, *lookup;
	struct arena *mem; /* the session's: answers live as long as it does */
	int64_t waited;    /* ms spent on DNS so far */
};

bool facts_known(const struct facts *f, unsigned needs);
/* Ask all of `needs` that are costly and not yet asked: in waves, where one is asked about what another answered. */
void facts_gather(struct facts *f, unsigned needs);
void facts_set_recipient(struct facts *f, enum resolved found, int64_t ms);
/* And what was asked about it. */
void facts_forget_recipient(struct facts *f);

/* ---- facts_graylist.c ---- */

/* What sender, recipient and, where it counts, the client's network are called in the graylist. */
void facts_gray_key(const struct facts *f, struct gray_key *out);
void facts_ask_graylist(struct facts *f);

#endif
