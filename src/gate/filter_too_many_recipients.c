#include "gate/filter.h"

static const char *off(const struct facts *f)
{
	return f->policy->set.max_recipients > 0 ? NULL : GATE_OFF;
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	if (f->accepted < (size_t)f->policy->set.max_recipients)
		return PASS;
	return gate_refuse(v, REASON_TOO_MANY_RECIPIENTS,
			   arena_fmt(v->mem, "%zu recipients were accepted before it", f->accepted));
}

const struct filter filter_too_many_recipients = {
	.name = "too-many-recipients",
	.at = AT_RECIPIENT,
	.off = off,
	.decide = decide,
	.doc = "Put off the recipients that are too many for one message.",
};
