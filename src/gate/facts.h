/* gate/facts.h - what is known about a client, a sender, a recipient.
 *
 * The cheap facts are put in by the session as the conversation brings them.
 * The costly ones (DNS, accounts) are asked by facts_gather(), all that can be asked at
 * once; "could not be asked" is FACT_FAILED and is no fact.  No question is asked twice
 * within a minute of a session: answers are kept by name and type, so that what depends on the policy, the sender or
 * the message can be found again when those change, without asking anew.
 * All questions of a message together wait no longer than policy.dns_deadline, each kind of them for a share of it:
 * whoever has slow servers must not decide what is not checked.
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
	FACT_RDNS,           /* costly: the client's reverse name */
	FACT_RDNS_RESOLVES,  /* costly, after it: does that name lead to an address? */
	FACT_RDNS_CONFIRMED, /* ... to the client's own? */
	FACT_RECIPIENT,      /* cheap: what the recipient check found */
	FACT_GRAYLIST,       /* costly, after it: have sender and recipient met before? */
	FACT_SENDER_LOCAL,   /* costly: is the sender's domain hosted here? */
	FACT_SENDER_MX,      /* costly: can mail be sent to the sender's domain? */
	/* costly: which list in DNS the address, the reverse name, the sender's domain is on */
	FACT_DNSWL,
	FACT_DNSBL,
	FACT_RHSWL_RDNS,
	FACT_RHSBL_RDNS,
	FACT_RHSWL_SENDER,
	FACT_RHSBL_SENDER,
	/* costly, after it: what such a list says about it */
	FACT_DNSBL_TEXT,
	FACT_RHSBL_RDNS_TEXT,
	FACT_RHSBL_SENDER_TEXT,
	FACT_SPF,        /* costly: may the client send for the sender's domain? (gate/vouched.h) */
	FACT_SIGNATURES, /* cheap: DKIM and ARC, once the message has come */
	FACT_DMARC,      /* costly, after both: does the author's domain vouch for it? */
	FACTS
};
#define NEEDS(fact) (1u << (fact))

enum fact_status { FACT_UNKNOWN, FACT_KNOWN, FACT_FAILED };

/* What shares the time for DNS: names and lists, SPF, the keys of signatures, DMARC. */
enum dns_share { SHARE_NAMES, SHARE_SPF, SHARE_KEYS, SHARE_DMARC, SHARES };

/* A list in DNS that something is on. */
struct listed {
	struct str zone;   /* empty: on none */
	struct str asked;  /* the name that was asked */
	struct str about;  /* the address or name that is on it */
	struct str answer; /* "127.0.0.2" */
	struct str text;   /* what the list says, printable; of a blacklist only */
};

struct facts {
	const struct policy *policy;
	struct str ip;
	bool authenticated; /* logged in: costs nothing and is believed */
	struct str user;    /* the account that logged in */
	bool early;         /* the client talked before the greeting */
	struct str helo;    /* what it called itself */
	struct str host;    /* our own name */
	struct str sender; /* of this message, lower case local@domain; empty: the null path.  See facts_set_sender() */
	struct str rcpt;   /* of this RCPT, the same; without "@domain" when it was unqualified */
	size_t accepted;   /* recipients of this message so far */
	bool may_relay;    /* may send to domains that are not ours */
	struct str header; /* at the end of the message: its header, CRLF lines */
	struct str rdns;   /* empty and FACT_KNOWN: it has none */
	bool rdns_resolves;  /* to any address; localhost is a name of the loopback address only */
	bool rdns_confirmed; /* to the client's address */
	bool sender_local, sender_mx;
	struct listed listed[FACT_RHSBL_SENDER - FACT_DNSWL + 1]; /* see facts_listed() */
	enum resolved recipient;
	struct gray_known gray;
	struct vouched *vouched; /* of this message; NULL: nobody is asked (gate/vouched.h) */
	int64_t gray_asked;      /* when, ms since 1970: that is the moment of the judging too */

	struct fact_state {
		enum fact_status status;
		int64_t ms;     /* what asking took */
		struct str why; /* FACT_FAILED: what went wrong, in words */
	} at[FACTS];

	struct ipc_client *dns, *lookup;
	struct arena *mem;      /* the session's: answers live as long as it does */
	int64_t waited[SHARES]; /* ms spent on DNS, since the last MAIL */
	/* Instead of DNS, where what happened is judged again: answers one question. */
	void (*recall)(const struct facts *f, struct dns_question *q);
	void *recalled; /* recall's */

	/* of facts.c alone */
	const struct policy *found_under; /* that the facts which depend on a policy were found under */
	struct arena kept;                /* of the answers, and of what was read in them */
	struct dns_question *answers;
	size_t nanswers, room;
	int64_t since; /* the first of them, clock_mono() */
};

/* What the answers took is given back; f may not be asked any more. */
void facts_clear(struct facts *f);

/* From now on they are judged under p.  What was asked stays known as far as it depends on no policy. */
void facts_under(struct facts *f, const struct policy *p);
bool facts_known(const struct facts *f, unsigned needs);
/* Ask all of `needs` that are costly and not yet asked: in waves, where one is asked about what another answered. */
void facts_gather(struct facts *f, unsigned needs);
/* The same for questions that others have (vouch/ask.h): what DNS said is kept.  Answered, or DNS_FAILED, by the
 * deadline; memory from a. */
void facts_ask(struct facts *f, struct dns_question *q, size_t n, struct arena *a, int64_t deadline);
/* How long may be waited for that kind of question still, ms. */
int64_t facts_left(const struct facts *f, enum dns_share of);
/* So long was waited. */
void facts_spend(struct facts *f, enum dns_share of, int64_t ms);
/* Another policy may ask for other lists: what was found under the one before is forgotten (the answers are not). */
void facts_settle(struct facts *f);
/* What is known about the sender before it is forgotten.  key must outlive the message. */
void facts_set_sender(struct facts *f, struct str key);
struct str facts_sender_domain(const struct facts *f);
void facts_set_recipient(struct facts *f, enum resolved found, int64_t ms);
/* And what was asked about it. */
void facts_forget_recipient(struct facts *f);
/* Of one of FACT_DNSWL to FACT_RHSBL_SENDER, when it is known. */
const struct listed *facts_listed(const struct facts *f, enum fact list);

/* ---- facts_graylist.c ---- */

/* What sender, recipient and, where it counts, the client's network are called in the graylist. */
void facts_gray_key(const struct facts *f, struct gray_key *out);
void facts_ask_graylist(struct facts *f);

#endif
