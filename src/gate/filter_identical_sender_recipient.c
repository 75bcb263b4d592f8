#include "gate/filter.h"

static const char *off(const struct facts *f)
{
	return conf_has(&f->policy->set.reject_recipient, "same-as-sender") ? NULL : GATE_OFF;
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	if (f->sender.n == 0 || !str_eq(f->sender, f->rcpt))
		return PASS;
	return gate_refuse(v, REASON_IDENTICAL_SENDER_RECIPIENT, STR("the recipient is the sender"));
}

const struct filter filter_identical_sender_recipient = {
	.name = "identical-sender-recipient",
	.at = AT_RECIPIENT,
	.off = off,
	.decide = decide,
	.doc = "Refuse a message to its own sender.",
};
