#include "deliver/remote_policy.h"

#include "base/clock.h"
#include "base/inet.h"

enum { STS_WAIT = 10 * 1000 /* ms for a policy that is not known yet; then the mail goes without */ };

static const char *const levels[] = {
	[POLICY_OFF] = "off",           [POLICY_OPPORTUNISTIC] = "opportunistic", [POLICY_REQUIRED] = "required",
	[POLICY_VERIFIED] = "verified", [POLICY_DANE_ONLY] = "dane-only",
};

enum policy_level remote_policy_level(struct str word)
{
	for (size_t i = 0; i < COUNT(levels); i++)
		if (str_eqz(word, levels[i]))
			return (enum policy_level)i;
	BUG("tls = %.*s", STR_ARG(word)); /* options.def lists the words */
}

const char *remote_policy_word(enum policy_proof proof, bool encrypted)
{
	static const char *const words[] = {
		[PROOF_NONE] = "none",         [PROOF_OPPORTUNISTIC] = "opportunistic",
		[PROOF_REQUIRED] = "required", [PROOF_VERIFIED] = "verified",
		[PROOF_DANE] = "dane",         [PROOF_MTA_STS] = "mta-sts",
	};

	return encrypted ? words[proof] : words[PROOF_NONE];
}

static void refuse(struct remote_policy *p, struct str words)
{
	p->refused = OUTCOME_DEFERRAL;
	p->refusal = words;
}

static void demand(struct remote_policy *p, enum policy_proof proof, const char *because)
{
	p->proof = proof;
	p->tls = CLIENT_TLS_MUST;
	p->because = because;
}

/* What the configuration alone wants. */
static void begin(const struct remote_case *c, struct remote_policy *p)
{
	switch (c->want.level) {
	case POLICY_OFF:
		p->tls = CLIENT_TLS_NEVER;
		break;
	case POLICY_OPPORTUNISTIC:
		p->proof = PROOF_OPPORTUNISTIC;
		p->tls = CLIENT_TLS_MAY;
		break;
	case POLICY_REQUIRED:
		demand(p, c->smart ? PROOF_VERIFIED : PROOF_REQUIRED, "tls = required");
		p->peer.verify = c->smart;
		break;
	case POLICY_VERIFIED:
		demand(p, PROOF_VERIFIED, "tls = verified");
		p->peer.verify = true;
		break;
	case POLICY_DANE_ONLY:
		demand(p, PROOF_DANE, "tls = dane-only");
		break;
	}
}

/* RFC 7672, 3.2.3: a certificate under a CA's record may bear the host's name or the domain's too. */
static void add_names(const struct remote_case *c, const struct route_stop *stop, struct tls_peer *peer)
{
	const char **names = arena_alloc(c->mem, 2 * sizeof(*names));

	if (!str_ieq(str_of(peer->name), stop->host))
		names[peer->nalso++] = arena_z(c->mem, stop->host);
	if (!c->smart)
		names[peer->nalso++] = arena_z(c->mem, c->domain);
	peer->also = names;
}

static void use_dane(const struct remote_case *c, const struct route_stop *stop, const struct dane *d,
		     struct remote_policy *p)
{
	demand(p, PROOF_DANE, "a DANE record");
	p->peer.name = arena_z(c->mem, d->base);
	p->peer.verify = true;
	p->peer.pins = d->pins;
	p->peer.npins = d->npins;
	add_names(c, stop, &p->peer);
}

/* True: DANE has decided. */
static bool dane(const struct remote_case *c, const struct route_stop *stop, struct remote_policy *p)
{
	struct dane *d = &p->dane;

	if ((c->want.dane || c->want.level == POLICY_DANE_ONLY) && !inet_is(stop->host))
		dane_ask(c->desk->dns, stop, c->mem, deadline_in(c->desk->dns_time), d);
	if (d->result == DANE_USABLE) {
		use_dane(c, stop, d, p);
		return true;
	}
	if (d->result == DANE_FAILED) {
		refuse(p, arena_fmt(c->mem,
				    "TLS unable to verify server %.*s: its TLSA records could not be looked up "
				    "(%.*s). (#4.7.5)",
				    STR_ARG(stop->host), STR_ARG(d->why)));
		return true;
	}
	if (c->want.level == POLICY_DANE_ONLY) {
		refuse(p, arena_fmt(c->mem,
				    "TLS unable to verify server %.*s: no usable DANE record while tls = dane-only "
				    "exists. (#4.7.5)",
				    STR_ARG(stop->host)));
		return true;
	}
	if (d->result == DANE_UNUSABLE && p->tls == CLIENT_TLS_MAY)
		demand(p, PROOF_REQUIRED, "a DANE record");
	return false;
}

/* Once for a delivery, and only where it can matter. */
static const struct sts_answer *published(struct remote_case *c)
{
	if (c->sts == NULL) {
		c->sts = arena_alloc(c->mem, sizeof(*c->sts));
		if (c->want.mta_sts && c->desk->sts != NULL && !c->smart)
			sts_find(c->desk->sts, c->domain, STS_WAIT, c->mem, c->sts);
	}
	return c->sts;
}

static void mta_sts(struct remote_case *c, const struct route_stop *stop, struct remote_policy *p)
{
	const struct sts_answer *sts = published(c);
	bool named = sts->mode != STS_NONE && sts_names(sts->mx, sts->nmx, stop->host);

	p->sts = sts;
	if (sts->unheard) {
		refuse(p,
		       arena_fmt(c->mem,
				 "TLS unable to verify server %.*s: telltale-policy, which knows whether %.*s has an "
				 "MTA-STS policy, gives no answer. (#4.7.5)",
				 STR_ARG(stop->host), STR_ARG(c->domain)));
		return;
	}
	p->tested = sts->mode == STS_TESTING;
	p->tested_name = named;
	if (sts->mode != STS_ENFORCE)
		return;
	demand(p, PROOF_MTA_STS, "an MTA-STS policy");
	p->peer.verify = true;
	if (!named)
		refuse(p, arena_fmt(c->mem,
				    "TLS unable to verify server %.*s: the MTA-STS policy of %.*s does not name it. "
				    "(#4.7.5)",
				    STR_ARG(stop->host), STR_ARG(c->domain)));
}

/* Not only the server's certificate is good for its name, the name is the domain's server too. */
static void prove(const struct remote_case *c, const struct route_stop *stop, struct remote_policy *p)
{
	if (c->smart || stop->vouched || p->proof == PROOF_DANE || p->proof == PROOF_MTA_STS || p->refusal.n > 0)
		return;
	p->refused = OUTCOME_FAILURE;
	p->refusal = arena_fmt(c->mem,
			       "The sender demands TLS all the way (REQUIRETLS), and neither DNSSEC, DANE nor MTA-STS "
			       "proves that %.*s is a server of this domain. (#5.7.30)",
			       STR_ARG(stop->host));
}

struct remote_policy *remote_policy_for(struct remote_case *c, const struct route_stop *stop)
{
	struct remote_policy *p = arena_alloc(c->mem, sizeof(*p));

	p->peer.name = arena_z(c->mem, stop->host);
	p->peer.fault = &p->fault;
	begin(c, p);
	if (c->want.level != POLICY_OFF && !dane(c, stop, p))
		mta_sts(c, stop, p);
	if (c->requiretls)
		prove(c, stop, p);
	return p;
}
