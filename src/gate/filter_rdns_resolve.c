#include "gate/filter.h"

static const char *off(const struct facts *f)
{
	return f->policy->set.reject_unresolvable_rdns ? NULL : GATE_OFF;
}

/* Who has no name at all is the business of rdns-missing. */
static enum vote decide(const struct facts *f, struct verdict *v)
{
	if (f->rdns.n == 0 || f->rdns_resolves)
		return PASS;
	return gate_refuse(v, REASON_RDNS_RESOLVE, arena_fmt(v->mem, "%.*s leads to no address", STR_ARG(f->rdns)));
}

const struct filter filter_rdns_resolve = {
	.name = "rdns-resolve",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS_RESOLVES),
	.off = off,
	.decide = decide,
	.doc = "Refuse a client whose reverse name leads to no address.",
};
