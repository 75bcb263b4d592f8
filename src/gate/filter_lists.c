/* The postmaster's own lists: who is on a blacklist is refused; who is on a whitelist is let past everything else but
 * relaying, the recipient check and what is always on. */
#include "gate/filter.h"

static const char *off(const struct policy *p, size_t list)
{
	return policy_none(p, list) ? GATE_OFF : NULL;
}

/* Of a blacklist `why` is its reason, of a whitelist REASON_ALLOWED. */
static enum vote look_up(const struct facts *f, size_t list, struct str value, enum reason why, struct verdict *v)
{
	struct hit h;
	struct str seen;

	if (!policy_find(f->policy, list, value, &h))
		return PASS;
	v->hit = h;
	seen = arena_fmt(v->mem, "%.*s matches %.*s", STR_ARG(value), STR_ARG(h.entry));
	if (h.line > 0)
		seen = arena_fmt(v->mem, "%.*s (%.*s:%d)", STR_ARG(seen), STR_ARG(h.file), h.line);
	else if (h.file.n > 0)
		seen = arena_fmt(v->mem, "%.*s (%.*s)", STR_ARG(seen), STR_ARG(h.file));
	return why == REASON_ALLOWED ? gate_allow(v, seen) : gate_refuse(v, why, seen);
}

#define LISTED(list, value, why) \
	static const char *off_##list(const struct facts *f) \
	{ \
		return off(f->policy, offsetof(struct lists, list)); \
	} \
	static enum vote decide_##list(const struct facts *f, struct verdict *v) \
	{ \
		return look_up(f, offsetof(struct lists, list), f->value, why, v); \
	}

LISTED(rdns_whitelist, rdns, REASON_ALLOWED)
LISTED(rdns_blacklist, rdns, REASON_BLACKLIST_NAME)
LISTED(ip_whitelist, ip, REASON_ALLOWED)
LISTED(ip_blacklist, ip, REASON_BLACKLIST_IP)
LISTED(sender_whitelist, sender, REASON_ALLOWED)
LISTED(sender_blacklist, sender, REASON_SENDER_BLACKLISTED)
LISTED(recipient_whitelist, rcpt, REASON_ALLOWED)
LISTED(recipient_blacklist, rcpt, REASON_RECIPIENT_BLACKLISTED)

const struct filter filter_rdns_whitelist = {
	.name = "rdns-whitelist",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS),
	.allows = true,
	.off = off_rdns_whitelist,
	.decide = decide_rdns_whitelist,
	.doc = "A reverse name on this list lets the client past the other checks.",
};

const struct filter filter_rdns_blacklist = {
	.name = "rdns-blacklist",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS),
	.off = off_rdns_blacklist,
	.decide = decide_rdns_blacklist,
	.doc = "Refuse a client whose reverse name is on this list.",
};

const struct filter filter_ip_whitelist = {
	.name = "ip-whitelist",
	.at = AT_CONNECT,
	.allows = true,
	.off = off_ip_whitelist,
	.decide = decide_ip_whitelist,
	.doc = "An address on this list lets the client past the other checks.",
};

const struct filter filter_ip_blacklist = {
	.name = "ip-blacklist",
	.at = AT_CONNECT,
	.off = off_ip_blacklist,
	.decide = decide_ip_blacklist,
	.doc = "Refuse a client whose address is on this list.",
};

const struct filter filter_sender_whitelist = {
	.name = "sender-whitelist",
	.at = AT_SENDER,
	.allows = true,
	.off = off_sender_whitelist,
	.decide = decide_sender_whitelist,
	.doc = "A sender on this list lets the message past the other checks.",
};

const struct filter filter_sender_blacklist = {
	.name = "sender-blacklist",
	.at = AT_SENDER,
	.off = off_sender_blacklist,
	.decide = decide_sender_blacklist,
	.doc = "Refuse a sender who is on this list.",
};

const struct filter filter_recipient_whitelist = {
	.name = "recipient-whitelist",
	.at = AT_RECIPIENT,
	.allows = true,
	.off = off_recipient_whitelist,
	.decide = decide_recipient_whitelist,
	.doc = "Everybody may write to a recipient on this list.",
};

const struct filter filter_recipient_blacklist = {
	.name = "recipient-blacklist",
	.at = AT_RECIPIENT,
	.off = off_recipient_blacklist,
	.decide = decide_recipient_blacklist,
	.doc = "Nobody may write to a recipient on this list.",
};
