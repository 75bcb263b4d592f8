#include "deliver/remote_route.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/inet.h"
#include "dns/dns.h"

/* One host that takes mail, and what DNS says of its addresses. */
struct exchanger {
	struct str name;
	unsigned preference, lot;  /* lot: among equals */
	struct dns_question at[2]; /* AAAA, A */
};

struct search {
	const struct route_set *set;
	struct arena *mem;
	struct route *out;
	struct str domain;
	bool vouched; /* who the exchangers are */
	struct exchanger *at;
	size_t n;
	int64_t deadline;
};

static const struct outcome temporary = { OUTCOME_DEFERRAL,
					  STR_INIT("Sorry, I couldn't find any host by that name. (#4.1.2)") };
static const struct outcome nobody = { OUTCOME_FAILURE,
				       STR_INIT("Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)") };
static const struct outcome ourselves = {
	OUTCOME_FAILURE, STR_INIT("Sorry. Although I'm listed as a best-preference MX or A for that host,\n"
				  "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)")
};

static void no_such_host(struct search *s)
{
	s->out->none = (struct outcome){
		OUTCOME_FAILURE,
		arena_fmt(s->mem, "Sorry, I couldn't find any host named %.*s. (#5.1.2)", STR_ARG(s->domain)),
	};
}

/* ---- the smart host's name, and address literals ---- */

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.' && s.p[i] != '_')
			return false;
	return s.n > 0 && s.n < 256;
}

bool route_host(struct str s, uint16_t preset, struct str *name, uint16_t *port)
{
	struct str rest = STR("");
	uint64_t n = preset;
	ptrdiff_t at = str_rchr(s, ':');

	*name = s;
	if (str_starts(s, STR("["))) {
		if (!str_cut(str_skip(s, 1), STR("]"), name, &rest) || !inet_is(*name))
			return false;
		if (rest.n > 0 && (rest.p[0] != ':' || !str_u64(str_skip(rest, 1), 65535, &n)))
			return false;
	} else if (!inet_is(s) && at >= 0) {
		*name = str_take(s, (size_t)at);
		if (!str_u64(str_skip(s, (size_t)at + 1), 65535, &n))
			return false;
	}
	*port = (uint16_t)n;
	return n > 0 && (inet_is(*name) || is_name(*name));
}

/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]". */
static bool is_literal(struct str domain, struct str *ip)
{
	if (domain.n < 3 || domain.p[0] != '[' || domain.p[domain.n - 1] != ']')
		return false;
	*ip = str_mem(domain.p + 1, domain.n - 2);
	if (str_istarts(*ip, STR("IPv6:")))
		*ip = str_skip(*ip, 5);
	return true;
}

/* ---- what is tried ---- */

static bool is_own(const struct route_set *set, struct str ip, uint16_t port)
{
	for (size_t i = 0; i < set->nown; i++)
		if (set->own[i].port == port && str_eq(set->own[i].ip, ip))
			return true;
	return false;
}

static void add_stop(struct search *s, struct route_stop stop)
{
	struct route *r = s->out;

	if (r->n < ROUTE_ADDRESSES_MOST)
		r->stop[r->n++] = stop;
}

static void add_address(struct search *s, struct str ip, uint16_t port)
{
	add_stop(s, (struct route_stop){ .host = ip, .ip = ip, .port = port });
}

static size_t most_addresses(const struct exchanger *x)
{
	return x->at[0].n > x->at[1].n ? x->at[0].n : x->at[1].n;
}

static bool is_us(struct search *s, const struct exchanger *x)
{
	if (str_ieq(x->name, s->set->hostname))
		return true;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < x->at[k].n; i++)
			if (is_own(s->set, dns_address(&x->at[k], i, s->mem), s->set->port))
				return true;
	return false;
}

static void add_stops(struct search *s, const struct exchanger *x, uint16_t port)
{
	size_t each = ROUTE_ADDRESSES_MOST / s->n > 2 ? ROUTE_ADDRESSES_MOST / s->n / 2 : 1;

	for (size_t i = 0; i < most_addresses(x) && i < each; i++)
		for (size_t k = 0; k < 2; k++) {
			const struct dns_question *q = &x->at[k];
			struct str ip = dns_address(q, i, s->mem);

			if (ip.n > 0)
				add_stop(s,
					 (struct route_stop){ x->name, ip, port, s->vouched, q->secure, q->canonical });
		}
}

static void ask_addresses(struct search *s)
{
	struct dns_question *q = arena_alloc(s->mem, 2 * s->n * sizeof(*q));

	for (size_t i = 0; i < s->n; i++) {
		q[2 * i] = (struct dns_question){ .name = s->at[i].name, .type = DNS_AAAA };
		q[2 * i + 1] = (struct dns_question){ .name = s->at[i].name, .type = DNS_A };
	}
	dns_ask_all(s->set->dns, q, 2 * s->n, s->mem, s->deadline);
	for (size_t i = 0; i < s->n; i++)
		memcpy(s->at[i].at, &q[2 * i], sizeof(s->at[i].at));
}

static bool some_failed(const struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].at[0].status == DNS_FAILED || s->at[i].at[1].status == DNS_FAILED)
			return true;
	return false;
}

/* ---- MX ---- */

static int by_preference(const void *a, const void *b)
{
	const struct exchanger *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return (x->lot > y->lot) - (x->lot < y->lot);
}

/* The random order among equals is drawn before the list is cut to its limit: nobody is left out every time. */
static void take_exchangers(struct search *s, const struct dns_question *mx)
{
	s->at = arena_alloc(s->mem, (mx->n + 1) * sizeof(*s->at));
	for (size_t i = 0; i < mx->n; i++) {
		struct exchanger x = { 0 };
		struct str rdata = mx->rdata[i];

		if (rdata.n < 3)
			continue;
		x.preference = (unsigned)(unsigned char)rdata.p[0] << 8 | (unsigned char)rdata.p[1];
		x.name = dns_name_of(str_skip(rdata, 2), s->mem);
		if (getrandom(&x.lot, sizeof(x.lot), 0) < 0)
			x.lot = (unsigned)i;
		if (x.name.n > 0)
			s->at[s->n++] = x;
	}
	qsort(s->at, s->n, sizeof(*s->at), by_preference);
	if (s->n > ROUTE_HOSTS_MOST)
		s->n = ROUTE_HOSTS_MOST;
}

/* RFC 7505: one record, the root. */
static bool is_null(const struct search *s)
{
	return s->n == 1 && str_eqz(s->at[0].name, ".");
}

static void just(struct search *s, struct str name)
{
	s->at = arena_alloc(s->mem, sizeof(*s->at));
	s->at[0] = (struct exchanger){ .name = name };
	s->n = 1;
}

/* Up to us, if we are there. */
static size_t preferred_to_us(struct search *s)
{
	unsigned ours = UINT32_MAX;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].preference < ours && is_us(s, &s->at[i]))
			ours = s->at[i].preference;
	while (n < s->n && s->at[n].preference < ours)
		n++;
	return n;
}

/* The exchangers are known: their addresses. */
static void resolve(struct search *s)
{
	size_t n;

	ask_addresses(s);
	n = preferred_to_us(s);
	for (size_t i = 0; i < n; i++)
		add_stops(s, &s->at[i], s->set->port);
	if (s->out->n > 0)
		return;
	if (some_failed(s))
		s->out->none = temporary;
	else
		s->out->none = n < s->n ? ourselves : nobody;
}

static void find_domain(struct search *s)
{
	struct dns_question mx = { .name = s->domain, .type = DNS_MX };

	dns_ask_all(s->set->dns, &mx, 1, s->mem, s->deadline);
	s->vouched = mx.secure;
	if (mx.status == DNS_FAILED) {
		s->out->none = temporary;
		return;
	}
	if (mx.status == DNS_NONE && mx.nowhere) {
		no_such_host(s);
		return;
	}
	if (mx.status == DNS_FOUND)
		take_exchangers(s, &mx);
	else
		just(s, s->domain);
	if (s->n == 0 || is_null(s))
		s->out->none = nobody;
	else
		resolve(s);
}

static void find_literal(struct search *s, struct str ip)
{
	if (!inet_is(ip))
		no_such_host(s);
	else if (is_own(s->set, ip, s->set->port))
		s->out->none = ourselves;
	else
		add_address(s, ip, s->set->port);
}

/* A smart host has addresses; its MX says nothing about it. */
static void find_smart_host(struct search *s)
{
	struct str name;
	uint16_t port;

	if (!route_host(s->set->host, s->set->port, &name, &port)) {
		s->out->none = temporary;
		return;
	}
	if (inet_is(name)) {
		add_address(s, name, port);
		return;
	}
	s->vouched = true;
	just(s, name);
	ask_addresses(s);
	add_stops(s, &s->at[0], port);
	if (s->out->n == 0)
		s->out->none = temporary; /* its name is our postmaster's affair, not the sender's */
}

void route_find(const struct route_set *set, struct str rcpt, struct arena *a, struct route *out)
{
	struct search s = { .set = set, .mem = a, .out = out, .deadline = deadline_in(set->deadline) };
	ptrdiff_t at = str_rchr(rcpt, '@');
	struct str ip;

	*out = (struct route){ .n = 0 };
	s.domain = at < 0 ? STR("") : str_skip(rcpt, (size_t)at + 1);
	if (set->host.n > 0)
		find_smart_host(&s);
	else if (is_literal(s.domain, &ip))
		find_literal(&s, ip);
	else
		find_domain(&s);
}
