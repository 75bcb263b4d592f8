/* Where the costly facts come from: the client's reverse name, the sender's domain.  (The lists: facts_lists.c) */
#include <string.h>
#include "base/clock.h"
#include "base/inet.h"
#include "gate/facts_inside.h"
#include "lookup/lookup.h"

/* ---- the client ---- */

static void ask_rdns(const struct source *s, struct wave *w)
{
	(void)s;
	wave_want(w, dns_reverse_name(w->f->ip, &w->f->kept), DNS_PTR);
}

/* An address may have several names: the first that is one at all. */
static void take_rdns(const struct source *s, struct facts *f)
{
	const struct dns_question *q = facts_answer(f, dns_reverse_name(f->ip, &f->kept), DNS_PTR);

	if (q->status == DNS_FAILED) {
		facts_fail(f, s->fact, q->why);
		return;
	}
	for (size_t i = 0; i < q->n && f->rdns.n == 0; i++)
		f->rdns = dns_name_of(q->rdata[i], f->mem);
	facts_know(f, s->fact);
}

static bool is_localhost(const struct facts *f)
{
	return str_eqz(f->rdns, "localhost");
}

static bool is_loopback(const struct facts *f)
{
	return str_eqz(f->ip, "127.0.0.1") || str_eqz(f->ip, "::1");
}

static void ask_addresses(const struct source *s, struct wave *w)
{
	(void)s;
	if (w->f->rdns.n == 0 || is_localhost(w->f))
		return;
	wave_want(w, w->f->rdns, DNS_A);
	wave_want(w, w->f->rdns, DNS_AAAA);
}

/* One answer that found something is enough; else a question without an answer leaves it unknown. */
static void take_resolves(const struct source *s, struct facts *f)
{
	const struct dns_question *four, *six;

	facts_know(f, s->fact);
	f->rdns_resolves = is_localhost(f) && is_loopback(f);
	if (f->rdns.n == 0 || is_localhost(f))
		return;
	four = facts_answer(f, f->rdns, DNS_A);
	six = facts_answer(f, f->rdns, DNS_AAAA);
	f->rdns_resolves = four->status == DNS_FOUND || six->status == DNS_FOUND;
	if (!f->rdns_resolves && (four->status == DNS_FAILED || six->status == DNS_FAILED))
		facts_fail(f, s->fact, four->status == DNS_FAILED ? four->why : six->why);
}

/* Only a name on that list is asked about. */
static bool may_be_confirmed(const struct facts *f)
{
	struct hit h;

	return f->rdns.n > 0 && !is_localhost(f) && policy_lists(f->policy, rdns_relay, f->rdns, &h);
}

static void ask_confirmed(const struct source *s, struct wave *w)
{
	if (may_be_confirmed(w->f))
		ask_addresses(s, w);
}

static bool leads_back(const struct dns_question *q, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->rdata[i].n == n && memcmp(q->rdata[i].p, bytes, n) == 0)
			return true;
	return false;
}

static void take_confirmed(const struct source *s, struct facts *f)
{
	unsigned char bytes[INET_BYTES_MAX];
	const struct dns_question *q;
	bool four = inet_bytes(AF_INET, f->ip, bytes);

	facts_know(f, s->fact);
	f->rdns_confirmed = false;
	if (!may_be_confirmed(f) || (!four && !inet_bytes(AF_INET6, f->ip, bytes)))
		return;
	q = facts_answer(f, f->rdns, four ? DNS_A : DNS_AAAA);
	f->rdns_confirmed = leads_back(q, bytes, four ? 4 : 16);
	if (q->status == DNS_FAILED)
		facts_fail(f, s->fact, q->why);
}

/* ---- the sender's domain ---- */

static void ask_nothing(const struct source *s, struct wave *w)
{
	(void)s;
	(void)w;
}

/* The accounts are asked at once, there is nothing to be asked with others. */
static void take_local(const struct source *s, struct facts *f)
{
	struct lookup_answer answer = { 0 };
	struct str domain = facts_sender_domain(f);
	int64_t began = clock_mono();
	enum resolved found = RESOLVED_NOT_OURS;
	struct err e = { 0 };

	if (domain.n > 0)
		found = lookup_ask(f->lookup, arena_fmt(&f->kept, "postmaster@%.*s", STR_ARG(domain)), &f->kept,
				   &answer, deadline_in(f->policy->dns_deadline), &e);
	f->at[s->fact].ms = clock_mono() - began;
	f->sender_local = found != RESOLVED_NOT_OURS;
	if (found == RESOLVED_TEMPORARY)
		facts_fail(f, s->fact, STR("the accounts could not be asked"));
	else
		facts_know(f, s->fact);
}

/* An address literal is its own mail exchanger. */
static bool is_literal(struct str domain)
{
	return str_starts(domain, STR("["));
}

static bool mx_matters(const struct facts *f)
{
	struct str domain = facts_sender_domain(f);

	return domain.n > 0 && !is_literal(domain) && !f->sender_local;
}

/* An MX is preferred to an address; both are asked at once, so that nobody waits twice. */
static void ask_mx(const struct source *s, struct wave *w)
{
	static const int types[] = { DNS_MX, DNS_A, DNS_AAAA };

	(void)s;
	for (size_t i = 0; mx_matters(w->f) && i < COUNT(types); i++)
		wave_want(w, facts_sender_domain(w->f), types[i]);
}

/* RFC 7505: a single MX "." says that the domain takes no mail. */
static bool is_null_mx(const struct dns_question *mx)
{
	return mx->n == 1 && mx->rdata[0].n == 3 && mx->rdata[0].p[2] == '\0';
}

static void take_mx(const struct source *s, struct facts *f)
{
	struct str domain = facts_sender_domain(f);
	const struct dns_question *mx, *four, *six;

	facts_know(f, s->fact);
	f->sender_mx = true;
	if (!mx_matters(f))
		return;
	mx = facts_answer(f, domain, DNS_MX);
	four = facts_answer(f, domain, DNS_A);
	six = facts_answer(f, domain, DNS_AAAA);
	if (mx->status == DNS_FOUND && mx->n > 0) {
		f->sender_mx = !is_null_mx(mx);
		return;
	}
	f->sender_mx = four->status == DNS_FOUND || six->status == DNS_FOUND;
	for (const struct dns_question *q = mx; !f->sender_mx && q != NULL; q = q == mx ? four : q == four ? six : NULL)
		if (q->status == DNS_FAILED)
			facts_fail(f, s->fact, q->why);
}

/* ---- all of them ---- */

static struct str the_ip(const struct facts *f)
{
	/* RFC 5782: a list has no entry for it, and it is ourselves. */
	return is_loopback(f) ? STR("") : f->ip;
}

static struct str the_rdns(const struct facts *f)
{
	return is_localhost(f) ? STR("") : f->rdns;
}

static struct str the_sender_domain(const struct facts *f)
{
	struct str domain = facts_sender_domain(f);

	return is_literal(domain) ? STR("") : domain;
}

#define OF_LIST(name) .list = offsetof(struct lists, name), .ask = facts_ask_lists, .take = facts_take_lists
#define OF_TEXT(fact) .of = fact, .after = NEEDS(fact), .ask = facts_ask_text, .take = facts_take_text

const struct source facts_sources[] = {
	{ .fact = FACT_RDNS, .ask = ask_rdns, .take = take_rdns },
	{ .fact = FACT_RDNS_RESOLVES, .after = NEEDS(FACT_RDNS), .ask = ask_addresses, .take = take_resolves },
	{ .fact = FACT_RDNS_CONFIRMED, .after = NEEDS(FACT_RDNS), .ask = ask_confirmed, .take = take_confirmed },
	{ .fact = FACT_SENDER_LOCAL, .ask = ask_nothing, .take = take_local },
	{ .fact = FACT_SENDER_MX, .after = NEEDS(FACT_SENDER_LOCAL), .ask = ask_mx, .take = take_mx },
	{ .fact = FACT_DNSWL, .about = the_ip, .address = true, OF_LIST(dns_whitelist) },
	{ .fact = FACT_DNSBL, .about = the_ip, .address = true, OF_LIST(dns_blacklist) },
	{ .fact = FACT_RHSWL_RDNS, .after = NEEDS(FACT_RDNS), .about = the_rdns, OF_LIST(rhs_whitelist) },
	{ .fact = FACT_RHSBL_RDNS, .after = NEEDS(FACT_RDNS), .about = the_rdns, OF_LIST(rhs_blacklist) },
	{ .fact = FACT_RHSWL_SENDER, .about = the_sender_domain, OF_LIST(rhs_whitelist) },
	{ .fact = FACT_RHSBL_SENDER, .about = the_sender_domain, OF_LIST(rhs_blacklist) },
	{ .fact = FACT_DNSBL_TEXT, OF_TEXT(FACT_DNSBL) },
	{ .fact = FACT_RHSBL_RDNS_TEXT, OF_TEXT(FACT_RHSBL_RDNS) },
	{ .fact = FACT_RHSBL_SENDER_TEXT, OF_TEXT(FACT_RHSBL_SENDER) },
};
const size_t facts_nsources = COUNT(facts_sources);
