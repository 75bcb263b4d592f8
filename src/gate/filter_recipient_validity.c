/* reject-recipient = invalid, unavailable: what the recipient check found, refused in spamdyke's words. */
#include "gate/filter.h"

static const char *off_invalid(const struct facts *f)
{
	return conf_has(&f->policy->set.reject_recipient, "invalid") ? NULL : GATE_OFF;
}

static enum vote decide_invalid(const struct facts *f, struct verdict *v)
{
	if (f->recipient != RESOLVED_NO_MAILBOX)
		return PASS;
	return gate_refuse(v, REASON_INVALID_RECIPIENT, STR("no mailbox or alias has this name"));
}

static const char *off_unavailable(const struct facts *f)
{
	return conf_has(&f->policy->set.reject_recipient, "unavailable") ? NULL : GATE_OFF;
}

static enum vote decide_unavailable(const struct facts *f, struct verdict *v)
{
	if (f->recipient != RESOLVED_OVER_QUOTA && f->recipient != RESOLVED_LOOP)
		return PASS;
	return gate_refuse(v, REASON_UNAVAILABLE_RECIPIENT,
			   f->recipient == RESOLVED_LOOP ? STR("its aliases end in themselves")
							 : STR("the mailbox is full"));
}

const struct filter filter_invalid_recipient = {
	.name = "invalid-recipient",
	.at = AT_RECIPIENT,
	.needs = NEEDS(FACT_RECIPIENT),
	.always = true,
	.off = off_invalid,
	.decide = decide_invalid,
	.doc = "Refuse a recipient who does not exist, in the gate's words.",
};

const struct filter filter_unavailable_recipient = {
	.name = "unavailable-recipient",
	.at = AT_RECIPIENT,
	.needs = NEEDS(FACT_RECIPIENT),
	.always = true,
	.off = off_unavailable,
	.decide = decide_unavailable,
	.doc = "Refuse a recipient whose mailbox takes no mail now, in the gate's words.",
};
