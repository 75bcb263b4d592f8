/* Reverse names that hold the address, as providers give them to the machines of their customers. */
#include "gate/filter.h"
#include "gate/ip_spelling.h"

static const char *off_cc(const struct facts *f)
{
	return f->policy->set.reject_ip_in_cc_rdns ? NULL : GATE_OFF;
}

/* Two letters at the end are a country. */
static bool ends_in_country(struct str name)
{
	struct str top = str_skip(name, (size_t)(str_rchr(name, '.') + 1));

	return top.n == 2 && top.n < name.n && ascii_isalpha(top.p[0]) && ascii_isalpha(top.p[1]);
}

static enum vote decide_cc(const struct facts *f, struct verdict *v)
{
	if (!ends_in_country(f->rdns) || !ip_in_name(f->ip, f->rdns))
		return PASS;
	return gate_refuse(
	    v, REASON_IP_IN_CC_RDNS,
	    arena_fmt(v->mem, "%.*s holds %.*s and ends in a country", STR_ARG(f->rdns), STR_ARG(f->ip)));
}

static const char *off_white(const struct facts *f)
{
	return policy_no_list(f->policy, ip_in_rdns_keyword_whitelist) ? GATE_OFF : NULL;
}

static const char *off_black(const struct facts *f)
{
	return policy_no_list(f->policy, ip_in_rdns_keyword_blacklist) ? GATE_OFF : NULL;
}

/* Is the address in the name, and with it what an entry asks for?  The finding in words, empty: no. */
static struct str look_up(const struct facts *f, size_t list, struct verdict *v)
{
	struct str seen;

	if (!ip_in_name(f->ip, f->rdns) || !policy_find(f->policy, list, f->rdns, &v->hit))
		return STR("");
	seen =
	    arena_fmt(v->mem, "%.*s holds %.*s and \"%.*s\"", STR_ARG(f->rdns), STR_ARG(f->ip), STR_ARG(v->hit.entry));
	if (v->hit.file.n > 0)
		seen = arena_fmt(v->mem, "%.*s (%.*s:%d)", STR_ARG(seen), STR_ARG(v->hit.file), v->hit.line);
	return seen;
}

static enum vote decide_white(const struct facts *f, struct verdict *v)
{
	struct str seen = look_up(f, offsetof(struct lists, ip_in_rdns_keyword_whitelist), v);

	return seen.n == 0 ? PASS : gate_allow(v, seen);
}

static enum vote decide_black(const struct facts *f, struct verdict *v)
{
	struct str seen = look_up(f, offsetof(struct lists, ip_in_rdns_keyword_blacklist), v);

	return seen.n == 0 ? PASS : gate_refuse(v, REASON_IP_IN_RDNS, seen);
}

const struct filter filter_ip_in_cc_rdns = {
	.name = "ip-in-cc-rdns",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS),
	.off = off_cc,
	.decide = decide_cc,
	.doc = "Refuse a client whose reverse name holds its address and ends in a country code.",
};

const struct filter filter_ip_in_rdns_whitelist = {
	.name = "ip-in-rdns-whitelist",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS),
	.allows = true,
	.off = off_white,
	.decide = decide_white,
	.doc = "A reverse name that holds the address and a word of this list lets the client past the other checks.",
};

const struct filter filter_ip_in_rdns = {
	.name = "ip-in-rdns",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS),
	.off = off_black,
	.decide = decide_black,
	.doc = "Refuse a client whose reverse name holds its address and a word of this list.",
};
