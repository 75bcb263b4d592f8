/* Lists in DNS: addresses (DNSBL, DNSWL), and names (RHSBL, RHSWL), which are looked up for the reverse name and for
 * the sender's domain.  facts_lists.c has asked. */
#include "gate/filter.h"

#define OFF(list) \
	static const char *off_##list(const struct facts *f) \
	{ \
		return policy_no_list(f->policy, list) ? GATE_OFF : NULL; \
	}

OFF(dns_whitelist)
OFF(dns_blacklist)
OFF(rhs_whitelist)
OFF(rhs_blacklist)

/* Of a whitelist `why` is REASON_ALLOWED. */
static enum vote vote(const struct listed *x, enum reason why, struct verdict *v)
{
	struct str seen;

	if (x->zone.n == 0)
		return PASS;
	v->hit.entry = x->zone;
	v->about = arena_str(v->mem, x->about);
	v->more = x->text.n > 0 ? arena_fmt(v->mem, "%.*s: %.*s", STR_ARG(x->zone), STR_ARG(x->text)) : x->zone;
	seen =
	    arena_fmt(v->mem, "%.*s is listed at %.*s (%.*s)", STR_ARG(x->about), STR_ARG(x->zone), STR_ARG(x->answer));
	return why == REASON_ALLOWED ? gate_allow(v, seen) : gate_refuse(v, why, seen);
}

#define LISTED(fact, why) \
	static enum vote decide_##fact(const struct facts *f, struct verdict *v) \
	{ \
		return vote(facts_listed(f, fact), why, v); \
	}

LISTED(FACT_DNSWL, REASON_ALLOWED)
LISTED(FACT_RHSWL_RDNS, REASON_ALLOWED)
LISTED(FACT_RHSWL_SENDER, REASON_ALLOWED)
LISTED(FACT_DNSBL, REASON_RBL_MATCH)
LISTED(FACT_RHSBL_RDNS, REASON_RHSBL_MATCH)
LISTED(FACT_RHSBL_SENDER, REASON_RHSBL_MATCH)

const struct filter filter_dns_whitelist = {
	.name = "dns-whitelist",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_DNSWL),
	.allows = true,
	.off = off_dns_whitelist,
	.decide = decide_FACT_DNSWL,
	.doc = "An address on one of these lists in DNS lets the client past the other checks.",
};

const struct filter filter_rhs_whitelist = {
	.name = "rhs-whitelist",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RHSWL_RDNS),
	.allows = true,
	.off = off_rhs_whitelist,
	.decide = decide_FACT_RHSWL_RDNS,
	.doc = "A reverse name on one of these lists in DNS lets the client past the other checks.",
};

const struct filter filter_rbl_match = {
	.name = "rbl-match",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_DNSBL) | NEEDS(FACT_DNSBL_TEXT),
	.off = off_dns_blacklist,
	.decide = decide_FACT_DNSBL,
	.doc = "Refuse a client whose address is on one of these lists in DNS.",
};

const struct filter filter_rhsbl_match = {
	.name = "rhsbl-match",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RHSBL_RDNS) | NEEDS(FACT_RHSBL_RDNS_TEXT),
	.off = off_rhs_blacklist,
	.decide = decide_FACT_RHSBL_RDNS,
	.doc = "Refuse a client whose reverse name is on one of these lists in DNS.",
};

const struct filter filter_rhs_whitelist_sender = {
	.name = "rhs-whitelist",
	.at = AT_SENDER,
	.needs = NEEDS(FACT_RHSWL_SENDER),
	.allows = true,
	.off = off_rhs_whitelist,
	.decide = decide_FACT_RHSWL_SENDER,
	.doc = "A sender's domain on one of these lists in DNS lets the message past the other checks.",
};

const struct filter filter_rhsbl_match_sender = {
	.name = "rhsbl-match",
	.at = AT_SENDER,
	.needs = NEEDS(FACT_RHSBL_SENDER) | NEEDS(FACT_RHSBL_SENDER_TEXT),
	.off = off_rhs_blacklist,
	.decide = decide_FACT_RHSBL_SENDER,
	.doc = "Refuse a sender whose domain is on one of these lists in DNS.",
};
