#include "gate/filter.h"

static const char *off(const struct facts *f)
{
	return f->policy->set.greeting_delay_secs > 0 ? NULL : GATE_OFF;
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	return f->early ? gate_refuse(v, REASON_EARLYTALKER, STR("it talked before the greeting")) : PASS;
}

const struct filter filter_earlytalker = {
	.name = "earlytalker",
	.at = AT_CONNECT,
	.off = off,
	.decide = decide,
	.doc = "Refuse a client that talks before the greeting.",
};
