/* deliver/remote_policy.h - how the connection to one host must be protected, and why.
 *
 * relay { tls } says the least that is wanted (struct remote_want); what the destination publishes can only add to it:
 * DANE (remote_dane.h), and where that binds nothing, its MTA-STS policy (sts/sts.h; RFC 8461, 2: never in place of
 * DANE).  The answer is made anew for each host of a delivery, so that it can differ by route, domain and host.
 *
 *	tls            DANE usable        no DANE, MTA-STS enforced      neither
 *	off            in the clear       in the clear                   in the clear
 *	opportunistic  dane               mta-sts                        TLS if offered, of anybody
 *	required       dane               mta-sts                        TLS, of anybody; a smart host is verified
 *	verified       dane               mta-sts                        TLS, certificate good for the host's name
 *	dane-only      dane               no mail                        no mail
 *
 * DANE records that are all unusable: TLS, and the rest as if there were none.  DANE that cannot be looked up where it
 * may be: that host gets no mail now.  A sender who demands TLS all the way (REQUIRETLS, RFC 8689, 4.2.1) wants a proof
 * that the host is the domain's, by validated MX records, DANE or MTA-STS, or gets it back.  An MTA-STS policy in the mode "testing" changes nothing; what would have failed
 * is told to telltale-policy.
 */
#ifndef DELIVER_REMOTE_POLICY_H
#define DELIVER_REMOTE_POLICY_H

#include "deliver/remote_dane.h"
#include "sts/sts.h"
#include "wire/client.h"

enum policy_level { POLICY_OFF, POLICY_OPPORTUNISTIC, POLICY_REQUIRED, POLICY_VERIFIED, POLICY_DANE_ONLY };

/* A row of the configuration. */
struct remote_want {
	enum policy_level level;
	bool dane, mta_sts;
};

/* Whom to ask. */
struct remote_desk {
	struct ipc_client *dns;
	struct ipc_client *sts; /* telltale-policy; NULL: there is none */
	bool counts;            /* it is told how sessions end */
	int64_t dns_time;       /* ms for the questions about one host */
};

/* One delivery's destination. */
struct remote_case {
	const struct remote_desk *desk;
	struct remote_want want;
	struct str domain; /* the recipient's; of a smart host, its name */
	bool requiretls;   /* the sender demands it all the way (RFC 8689) */
	bool smart;        /* a smart host: nothing that the domain publishes is about it */
	struct arena *mem;
	/* inside */
	struct sts_answer *sts; /* what the domain publishes; NULL: not asked yet */
};

enum policy_proof { PROOF_NONE, PROOF_OPPORTUNISTIC, PROOF_REQUIRED, PROOF_VERIFIED, PROOF_DANE, PROOF_MTA_STS };

/* What counts for one host; lives in the case's memory. */
struct remote_policy {
	enum policy_proof proof;
	enum client_tls tls;
	struct tls_peer peer;
	enum tls_fault fault;         /* peer.fault points here */
	const char *because;          /* "tls = required", "a DANE record": what demands it */
	struct dane dane;             /* what DNS says */
	const struct sts_answer *sts; /* what the domain publishes; NULL: it was not asked */
	bool tested;                  /* an MTA-STS policy in the mode "testing" is about it ... */
	bool tested_name;             /* ... and names it */
	struct str refusal;           /* not empty: this host gets nothing, and these are the words for it */
	enum outcome_kind refused;    /* of that refusal */
};

struct remote_policy *remote_policy_for(struct remote_case *c, const struct route_stop *stop);

/* "dane", "mta-sts" ... : how a conversation was protected that was encrypted, or was not. */
const char *remote_policy_word(enum policy_proof proof, bool encrypted);
/* A word of relay { tls }. */
enum policy_level remote_policy_level(struct str word);

#endif
