#include "gate/filter.h"

/* RFC 5321 4.5.1: <postmaster> needs no domain. */
static bool is_postmaster(struct str rcpt)
{
	return str_ieq(rcpt, STR("postmaster"));
}

static const char *off(const struct facts *f)
{
	return f->authenticated ? "authenticated" : NULL;
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	if (str_chr(f->rcpt, '@') >= 0 || is_postmaster(f->rcpt))
		return PASS;
	return gate_refuse(v, REASON_UNQUALIFIED_RECIPIENT, STR("the recipient has no domain"));
}

const struct filter filter_unqualified_recipient = {
	.name = "unqualified-recipient",
	.at = AT_RECIPIENT,
	.always = true,
	.off = off,
	.decide = decide,
	.doc = "Refuse a recipient without a domain; whitelists do not help it.",
};
