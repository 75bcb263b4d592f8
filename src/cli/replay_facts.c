/* What is recorded, as facts of the gate. */
#include <string.h>

#include "base/inet.h"
#include "cli/replay_inside.h"

/* ---- questions to lists in DNS, answered from what was recorded ---- */

static bool is_of_zone(struct str name, struct str zone)
{
	return name.n > zone.n + 1 && str_ends(name, zone) && name.p[name.n - zone.n - 1] == '.';
}

/* Was it asked then, of such a list, and on none? */
static bool was_on_none(const struct replay_gate *g, struct str name)
{
	static const struct {
		enum recall_fact fact;
		size_t list;
	} lists[] = {
		{ RECALL_DNSBL, offsetof(struct lists, dns_blacklist) },
		{ RECALL_DNSWL, offsetof(struct lists, dns_whitelist) },
		{ RECALL_RHSBL_RDNS, offsetof(struct lists, rhs_blacklist) },
		{ RECALL_RHSBL_SENDER, offsetof(struct lists, rhs_blacklist) },
		{ RECALL_RHSWL_RDNS, offsetof(struct lists, rhs_whitelist) },
		{ RECALL_RHSWL_SENDER, offsetof(struct lists, rhs_whitelist) },
	};

	for (size_t i = 0; g->was && i < COUNT(lists); i++) {
		struct policy_zones each = policy_zones_of(&g->was_policy, lists[i].list);
		const struct list_zone *z;

		while (g->recalled[lists[i].fact] == RECALLED_NO && (z = policy_next_zone(&each)) != NULL)
			if (is_of_zone(name, z->name))
				return true;
	}
	return false;
}

static bool is_listing(const struct facts *f, struct str name, struct str about, struct str zone)
{
	struct replay_gate *g = f->recalled;
	struct str reverse = dns_reverse_name(about, g->mem), rest;

	if (!is_of_zone(name, zone))
		return false;
	if (reverse.n > 0) {
		if (!str_cut(reverse, STR(".in-addr."), &about, &rest))
			str_cut(reverse, STR(".ip6."), &about, &rest);
	}
	return str_eq(str_take(name, name.n - zone.n - 1), about);
}

void replay_answer(const struct facts *f, struct dns_question *q)
{
	struct replay_gate *g = f->recalled;
	unsigned char bytes[INET_BYTES_MAX];

	q->status = DNS_FAILED;
	q->why = STR("not recorded");
	if (q->type != DNS_A && q->type != DNS_TXT)
		return;
	for (size_t i = 0; i < g->m->nlistings; i++) {
		if (!is_listing(f, q->name, g->m->listings[i].about, g->m->listings[i].zone))
			continue;
		if (q->type == DNS_TXT || !inet_bytes(AF_INET, g->m->listings[i].answer, bytes)) {
			q->status = DNS_NONE;
			return;
		}
		q->status = DNS_FOUND;
		q->rdata = arena_alloc(g->mem, sizeof(*q->rdata));
		q->rdata[0] = arena_str(g->mem, str_mem((const char *)bytes, 4));
		q->n = 1;
		return;
	}
	if (was_on_none(g, q->name))
		q->status = DNS_NONE;
}

/* ---- the facts ---- */

void replay_know(struct facts *f, enum fact fact)
{
	f->at[fact] = (struct fact_state){ .status = FACT_KNOWN };
}

void replay_lack(struct facts *f, enum fact fact)
{
	f->at[fact] = (struct fact_state){ .status = FACT_FAILED, .why = STR("not recorded") };
}

static bool recalled(const struct recorded *c, enum recall_fact fact, bool *out)
{
	*out = c->facts[fact] == RECALLED_YES;
	return c->facts[fact] != RECALLED_NOT;
}

/* "fail for b.example, -all" */
static bool spf_of(struct str said, struct spf *spf)
{
	struct str word;

	if (!str_cut(said, STR(" for "), &word, &spf->domain))
		return false;
	str_cut(spf->domain, STR(", "), &spf->domain, &spf->term);
	for (int i = 0; i <= SPF_PERMERROR; i++)
		if (str_eqz(word, spf_word((enum spf_result)i))) {
			spf->result = (enum spf_result)i;
			return i != SPF_TEMPERROR;
		}
	return false;
}

/* "fail for b.example, policy reject: ..."; without a line there was nothing to tell. */
static bool dmarc_of(struct str said, struct dmarc *d)
{
	struct str word, head, policy;

	if (str_starts(said, STR("into Junk: ")))
		said = str_skip(said, STR("into Junk: ").n);
	if (!str_cut(said, STR(" for "), &word, &d->author))
		return false;
	for (int i = 0; i <= DMARC_PERMERROR; i++)
		if (str_eqz(word, dmarc_word((enum dmarc_result)i)))
			d->result = (enum dmarc_result)i;
	if (d->result != DMARC_FAIL)
		return true;
	if (!str_cut(d->author, STR(", policy "), &head, &policy))
		return false;
	d->author = head;
	str_cut(policy, STR(":"), &policy, &d->why);
	d->why = str_trim(d->why);
	for (int i = 0; i <= DMARC_POLICY_REJECT; i++)
		if (str_eqz(policy, dmarc_policy_word((enum dmarc_policy)i)))
			d->policy = (enum dmarc_policy)i;
	return true;
}

static void vouching(struct replay_gate *g)
{
	struct facts *f = &g->facts;
	struct vouched *v = &g->vouched;
	const struct recorded *c = g->m;

	replay_lack(f, FACT_SPF);
	replay_lack(f, FACT_DMARC);
	if (c->spf_asked && (c->spf.n == 0 || spf_of(c->spf, &v->spf)))
		replay_know(f, FACT_SPF);
	if (c->dmarc_asked && (c->dmarc.n == 0 || dmarc_of(c->dmarc, &v->dmarc)))
		replay_know(f, FACT_DMARC);
}

/* Would a whitelist have spoken for it then? */
static bool was_whitelisted(const struct replay_gate *g)
{
	const struct policy *p = &g->was_policy;
	struct hit h;

	for (size_t i = 0; i < g->m->n; i++)
		if (policy_lists(p, recipient_whitelist, g->m->rcpts[i].address, &h))
			return true;
	return policy_lists(p, ip_whitelist, g->m->ip, &h) || policy_lists(p, rdns_whitelist, g->m->rdns, &h) ||
	       policy_lists(p, sender_whitelist, g->m->sender, &h) ||
	       policy_lists(p, ip_in_rdns_keyword_whitelist, g->m->rdns, &h) || !policy_no_list(p, dns_whitelist) ||
	       !policy_no_list(p, rhs_whitelist) || g->was->gate.config_dir.n > 0;
}

/* The spamdyke log alone: a stranger whom nothing refused was on none of the blacklists in DNS. */
static void got_past(const struct replay_gate *g, enum recalled *facts)
{
	static const enum recall_fact lists[] = { RECALL_DNSBL, RECALL_RHSBL_RDNS, RECALL_RHSBL_SENDER };

	if (g->was == NULL || !g->m->past || g->m->user.n > 0 || was_whitelisted(g))
		return;
	for (size_t i = 0; i < COUNT(lists); i++)
		if (facts[lists[i]] == RECALLED_NOT)
			facts[lists[i]] = RECALLED_NO;
}

void replay_facts(struct replay_gate *g)
{
	struct facts *f = &g->facts;
	const struct recorded *c = g->m;

	memcpy(g->recalled, c->facts, sizeof(g->recalled));
	got_past(g, g->recalled);
	f->early = c->facts[RECALL_EARLY] == RECALLED_YES;
	replay_lack(f, FACT_RDNS_CONFIRMED);
	replay_lack(f, FACT_RDNS_RESOLVES);
	replay_lack(f, FACT_SENDER_LOCAL);
	replay_lack(f, FACT_SENDER_MX);
	if (recalled(c, RECALL_RDNS_RESOLVES, &f->rdns_resolves) || f->rdns.n == 0)
		replay_know(f, FACT_RDNS_RESOLVES);
	if (recalled(c, RECALL_SENDER_LOCAL, &f->sender_local) || f->sender.n == 0)
		replay_know(f, FACT_SENDER_LOCAL);
	if (recalled(c, RECALL_SENDER_MX, &f->sender_mx) || f->sender.n == 0)
		replay_know(f, FACT_SENDER_MX), f->sender_mx = f->sender_mx || f->sender.n == 0;
	vouching(g);
}
