/* reject-sender: who the sender may be. */
#include "gate/filter.h"

static const char *asked(const struct facts *f, const char *word)
{
	return conf_has(&f->policy->set.reject_sender, word) ? NULL : GATE_OFF;
}

static struct str domain_of(struct str address)
{
	return str_skip(address, (size_t)(str_rchr(address, '@') + 1));
}

/* ---- not-local ---- */

static const char *off_local(const struct facts *f)
{
	return asked(f, "not-local");
}

static enum vote decide_local(const struct facts *f, struct verdict *v)
{
	if (f->sender.n == 0 || f->sender_local)
		return PASS;
	v->about = domain_of(f->sender);
	return gate_refuse(v, REASON_SENDER_NOT_LOCAL, arena_fmt(v->mem, "%.*s is not hosted here", STR_ARG(v->about)));
}

/* ---- authentication-mismatch ---- */

static const char *off_auth(const struct facts *f)
{
	return f->authenticated ? asked(f, "authentication-mismatch") : GATE_OFF;
}

static const char *off_domain(const struct facts *f)
{
	return f->authenticated ? asked(f, "authentication-domain-mismatch") : GATE_OFF;
}

/* The null path is nobody's: whoever logged in may return a message. */
static enum vote decide_auth(const struct facts *f, struct verdict *v)
{
	if (f->sender.n == 0 || str_ieq(f->sender, f->user))
		return PASS;
	return gate_refuse(v, REASON_SENDER_NOT_AUTH,
			   arena_fmt(v->mem, "%.*s is not %.*s", STR_ARG(f->sender), STR_ARG(f->user)));
}

static enum vote decide_domain(const struct facts *f, struct verdict *v)
{
	struct str own = domain_of(f->user);

	if (f->sender.n == 0 || str_ieq(domain_of(f->sender), own))
		return PASS;
	v->about = domain_of(f->sender);
	return gate_refuse(v, REASON_SENDER_NOT_AUTH,
			   arena_fmt(v->mem, "%.*s is not of %.*s", STR_ARG(f->sender), STR_ARG(own)));
}

/* ---- no-mx ---- */

static const char *off_mx(const struct facts *f)
{
	return asked(f, "no-mx");
}

static enum vote decide_mx(const struct facts *f, struct verdict *v)
{
	if (f->sender_mx)
		return PASS;
	v->about = domain_of(f->sender);
	return gate_refuse(v, REASON_SENDER_NO_MX, arena_fmt(v->mem, "no mail can be sent to %.*s", STR_ARG(v->about)));
}

const struct filter filter_sender_not_local = {
	.name = "sender-not-local",
	.at = AT_SENDER,
	.needs = NEEDS(FACT_SENDER_LOCAL),
	.off = off_local,
	.decide = decide_local,
	.doc = "Refuse a sender whose domain is not hosted here.",
};

const struct filter filter_sender_not_auth = {
	.name = "sender-not-auth",
	.at = AT_SENDER,
	.always = true,
	.off = off_auth,
	.decide = decide_auth,
	.doc = "Refuse a sender who is not the one that logged in.",
};

const struct filter filter_sender_not_auth_domain = {
	.name = "sender-not-auth",
	.note = "sender-not-auth-domain",
	.at = AT_SENDER,
	.always = true,
	.off = off_domain,
	.decide = decide_domain,
	.doc = "Refuse a sender who is of another domain than the one that logged in.",
};

const struct filter filter_sender_no_mx = {
	.name = "sender-no-mx",
	.at = AT_SENDER,
	.needs = NEEDS(FACT_SENDER_MX),
	.off = off_mx,
	.decide = decide_mx,
	.doc = "Refuse a sender to whose domain no mail can be sent.",
};
