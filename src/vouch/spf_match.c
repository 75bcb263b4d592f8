#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "dns/name.h"
#include "vouch/spf_inside.h"
#include "vouch/text.h"

static size_t address_bytes(const struct spf_run *r)
{
	return r->family == AF_INET ? 4 : 16;
}

static int address_type(const struct spf_run *r)
{
	return r->family == AF_INET ? DNS_A : DNS_AAAA;
}

static const char *type_name(int type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_AAAA:
		return "AAAA";
	case DNS_MX:
		return "MX";
	case DNS_PTR:
		return "PTR";
	default:
		return "TXT";
	}
}

enum spf_match spf_temperror(struct spf_run *r, const struct dns_question *q)
{
	struct str name = vouch_shown(q->name, SPF_SHOWN_MAX, r->a), why = vouch_shown(q->why, SPF_SHOWN_MAX, r->a);

	r->why =
	    arena_fmt(r->a, "%s of %.*s could not be asked: %.*s", type_name(q->type), STR_ARG(name), STR_ARG(why));
	return SPF_MATCH_TEMPERROR;
}

enum spf_match spf_permerror(struct spf_run *r, const char *what)
{
	struct str domain = vouch_shown(r->domain, SPF_SHOWN_MAX, r->a);

	r->why = arena_fmt(r->a, "%s, in the record of %.*s", what, STR_ARG(domain));
	return SPF_MATCH_PERMERROR;
}

/* Questions whose names can be asked go out together, the others have no answer. */
static void ask_all(struct spf_run *r, struct dns_question *q, size_t n)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (!dns_name_ok(q[i].name)) {
			q[i].status = DNS_NONE;
			continue;
		}
		if (m < i) {
			struct dns_question none = q[m];

			q[m] = q[i];
			q[i] = none;
		}
		m++;
	}
	if (m > 0)
		r->ask->all(r->ask->with, q, m, r->a, r->deadline);
}

struct dns_question spf_ask(struct spf_run *r, struct str name, int type)
{
	struct dns_question q = { .name = name, .type = type };

	ask_all(r, &q, 1);
	return q;
}

/* Do the first `prefix` bits agree? */
static bool same_network(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
	unsigned whole = prefix / 8, bits = prefix % 8;
	unsigned char mask = (unsigned char)(0xff00u >> bits);

	return memcmp(a, b, whole) == 0 && (bits == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool holds_client(const struct spf_run *r, const struct dns_question *q, unsigned prefix)
{
	if (q->status != DNS_FOUND)
		return false;
	for (size_t i = 0; i < q->n; i++)
		if (q->rdata[i].n == address_bytes(r) &&
		    same_network((const unsigned char *)q->rdata[i].p, r->ip, prefix))
			return true;
	return false;
}

static unsigned prefix_of(const struct spf_run *r, const struct spf_term *t)
{
	return r->family == AF_INET ? t->prefix4 : t->prefix6;
}

/* 4.6.4: names without an answer, of those that the record itself has */
static bool too_many_voids(struct spf_run *r, const struct dns_question *q)
{
	if (q->status == DNS_NONE && dns_name_ok(q->name))
		r->voids++;
	return r->voids > SPF_VOIDS_MAX;
}

/* One question about the term's target: SPF_MATCH if there is an answer. */
static enum spf_match ask_target(struct spf_run *r, const struct spf_term *t, int type, struct dns_question *q)
{
	*q = spf_ask(r, spf_target(r, t->spec), type);
	if (q->status == DNS_FAILED)
		return spf_temperror(r, q);
	if (too_many_voids(r, q))
		return spf_permerror(r, "more than 2 names that have no answer");
	return q->status == DNS_FOUND ? SPF_MATCH : SPF_NO_MATCH;
}

static enum spf_match match_a(struct spf_run *r, const struct spf_term *t)
{
	struct dns_question q;
	enum spf_match m = ask_target(r, t, address_type(r), &q);

	if (m != SPF_MATCH)
		return m;
	return holds_client(r, &q, prefix_of(r, t)) ? SPF_MATCH : SPF_NO_MATCH;
}

static enum spf_match match_exists(struct spf_run *r, const struct spf_term *t)
{
	struct dns_question q;

	return ask_target(r, t, DNS_A, &q);
}

/* A host name in wire form that will be asked only, never shown: any byte that can be asked. */
static struct str host_of(struct str wire, struct arena *a)
{
	struct cur c = cur_of(wire);
	BUF(name);

	while (!cur_end(&c)) {
		struct str label = cur_take(&c, (size_t)cur_next(&c) & 0xff, "cut off");

		if (label.n == 0)
			break;
		buf_addstr(&name, label);
		buf_addc(&name, '.');
	}
	return arena_str(a, str_take(buf_str(&name), name.n > 0 ? name.n - 1 : 0));
}

static int by_preference(const void *x, const void *y)
{
	const struct str *a = x, *b = y;

	return str_cmp(*a, *b);
}

static enum spf_match match_mx(struct spf_run *r, const struct spf_term *t)
{
	struct dns_question mx, hosts[SPF_HOSTS_MAX] = { 0 };
	enum spf_match m = ask_target(r, t, DNS_MX, &mx);

	if (m != SPF_MATCH)
		return m;
	if (mx.n > SPF_HOSTS_MAX)
		return spf_permerror(r, "an mx with more than 10 hosts");
	qsort(mx.rdata, mx.n, sizeof(*mx.rdata), by_preference);
	for (size_t i = 0; i < mx.n; i++) {
		hosts[i].name = host_of(str_skip(mx.rdata[i], 2), r->a);
		hosts[i].type = address_type(r);
	}
	ask_all(r, hosts, mx.n);
	m = SPF_NO_MATCH;
	for (size_t i = 0; i < mx.n; i++) {
		if (holds_client(r, &hosts[i], prefix_of(r, t)))
			return SPF_MATCH;
		if (hosts[i].status == DNS_FAILED)
			m = spf_temperror(r, &hosts[i]);
	}
	return m;
}

void spf_names(struct spf_run *r)
{
	struct dns_question ptr, hosts[SPF_HOSTS_MAX] = { 0 };
	size_t n = 0;

	if (r->names_known)
		return;
	r->names_known = true;
	ptr = spf_ask(r, dns_reverse_name(r->address, r->a), DNS_PTR);
	for (size_t i = 0; ptr.status == DNS_FOUND && i < ptr.n && n < SPF_HOSTS_MAX; i++)
		hosts[n++] = (struct dns_question){ .name = dns_name_of(ptr.rdata[i], r->a), .type = address_type(r) };
	ask_all(r, hosts, n);
	for (size_t i = 0; i < n; i++)
		if (holds_client(r, &hosts[i], (unsigned)address_bytes(r) * 8))
			r->names[r->names_n++] = hosts[i].name;
}

bool spf_name_within(struct str name, struct str domain)
{
	return str_iends(name, domain) && (name.n == domain.n || name.p[name.n - domain.n - 1] == '.');
}

static enum spf_match match_ptr(struct spf_run *r, const struct spf_term *t)
{
	struct str target = spf_target(r, t->spec);

	spf_names(r);
	for (size_t i = 0; i < r->names_n; i++)
		if (spf_name_within(r->names[i], target))
			return SPF_MATCH;
	return SPF_NO_MATCH;
}

static enum spf_match match_network(const struct spf_run *r, const struct spf_term *t)
{
	int family = t->mechanism == SPF_IP4 ? AF_INET : AF_INET6;

	return family == r->family && same_network(t->ip, r->ip, prefix_of(r, t)) ? SPF_MATCH : SPF_NO_MATCH;
}

enum spf_match spf_match(struct spf_run *r, const struct spf_term *t)
{
	switch (t->mechanism) {
	case SPF_A:
		return match_a(r, t);
	case SPF_MX:
		return match_mx(r, t);
	case SPF_PTR:
		return match_ptr(r, t);
	case SPF_EXISTS:
		return match_exists(r, t);
	case SPF_IP4:
	case SPF_IP6:
		return match_network(r, t);
	default:
		return SPF_MATCH;
	}
}
