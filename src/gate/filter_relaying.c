#include "gate/gate.h"

static enum vote decide(const struct facts *f, struct verdict *v)
{
	if (f->recipient != RESOLVED_NOT_OURS || gate_may_relay(f))
		return PASS;
	return gate_refuse(v, REASON_RELAYING, STR("the recipient's domain is not hosted here"));
}

const struct filter filter_relaying = {
	.name = "relaying",
	.at = AT_RECIPIENT,
	.needs = NEEDS(FACT_RECIPIENT),
	.always = true,
	.decide = decide,
	.doc = "Refuse mail to other servers' domains from a client that may not relay.",
};
