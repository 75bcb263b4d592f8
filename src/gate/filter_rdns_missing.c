#include "gate/filter.h"

static const char *off(const struct facts *f)
{
	return f->policy->set.reject_empty_rdns ? NULL : GATE_OFF;
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	if (f->rdns.n > 0)
		return PASS;
	return gate_refuse(v, REASON_RDNS_MISSING, arena_fmt(v->mem, "no reverse name for %.*s", STR_ARG(f->ip)));
}

const struct filter filter_rdns_missing = {
	.name = "rdns-missing",
	.at = AT_CONNECT,
	.needs = NEEDS(FACT_RDNS),
	.off = off,
	.decide = decide,
	.doc = "Refuse a client whose address has no reverse name.",
};
