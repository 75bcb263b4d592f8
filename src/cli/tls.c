#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "deliver/remote_settings.h"
#include "deliver/way.h"

static const char tls_usage[] =
    "usage: telltale tls DOMAIN [--json] [-c FILE]\n"
    "\n"
    "How would mail for this domain be protected on its way, and why?  Asks the running server for DNS and policies, "
    "as a\n"
    "delivery does; nobody is connected to.\n"
    "Exit codes: 0 it would be sent, 1 no host may get it, it has none, or no server is running, 2 wrong usage,\n"
    "3 it cannot be known now.\n";

enum { CONNECT_TIME = 5000, DNS_TIME = 30 * 1000 };

struct look {
	struct conf *conf;
	struct str domain;
	struct remote_way way;
	struct remote_desk desk;
	struct remote_case one;
	struct route route;
	const struct remote_policy *host[ROUTE_ADDRESSES_MOST]; /* of each stop; NULL: as the one before */
	struct arena mem;
};

/* What a conversation with that host has to be like. */
static struct str demand(struct look *l, const struct remote_policy *p)
{
	if (p->refusal.n > 0)
		return arena_fmt(&l->mem, "no mail: %.*s", STR_ARG(p->refusal));
	switch (p->proof) {
	case PROOF_NONE:
		return STR("in the clear");
	case PROOF_OPPORTUNISTIC:
		return STR("encrypted if it offers that, whoever's certificate it shows");
	case PROOF_REQUIRED:
		return arena_fmt(&l->mem, "encrypted, whoever's certificate it shows, while %s exists", p->because);
	case PROOF_VERIFIED:
		return arena_fmt(&l->mem, "encrypted, with a certificate for %s, while %s exists", p->peer.name,
				 p->because);
	case PROOF_DANE:
		return arena_fmt(&l->mem, "encrypted, with a certificate that fits one of %zu TLSA records at %.*s",
				 p->dane.npins, STR_ARG(p->dane.base));
	case PROOF_MTA_STS:
		break;
	}
	return arena_fmt(&l->mem, "encrypted, with a certificate for %s, as the domain's policy wants it",
			 p->peer.name);
}

/* ---- the answer ---- */

static void put_time(struct buf *out, int64_t seconds)
{
	stamp_put_iso(out, seconds, zone_offset(seconds));
}

static void print_policy(const struct look *l)
{
	const struct sts_answer *s = l->one.sts;
	BUF(until);

	if (s == NULL)
		return;
	if (s->id.n == 0) {
		printf("MTA-STS: %s%s%.*s\n", s->unheard ? "not known" : "no policy", s->why.n > 0 ? ": " : "",
		       STR_ARG(s->why));
		return;
	}
	put_time(&until, s->until);
	printf("MTA-STS: mode %s, id %.*s, kept until %s", sts_mode_word(s->mode), STR_ARG(s->id), buf_z(&until));
	for (size_t i = 0; i < s->nmx; i++)
		printf("%s %.*s", i > 0 ? "," : "; mx", STR_ARG(s->mx[i]));
	printf("%s%.*s\n", s->why.n > 0 ? "; not fetched again: " : "", STR_ARG(s->why));
}

static void print_text(struct look *l)
{
	printf("%.*s: %s%.*s\n", STR_ARG(l->domain), l->one.smart ? "by the smart host " : "to its own servers",
	       STR_ARG(l->one.smart ? l->way.route.host : STR("")));
	print_policy(l);
	if (l->route.n == 0)
		printf("%.*s\n", STR_ARG(l->route.none.report));
	for (size_t i = 0; i < l->route.n; i++) {
		const struct route_stop *s = &l->route.stop[i];

		if (l->host[i] != NULL)
			printf("%.*s: %.*s\n", STR_ARG(s->host), STR_ARG(demand(l, l->host[i])));
		printf("  %.*s port %u%s\n", STR_ARG(s->ip), (unsigned)s->port,
		       s->vouched && s->secure ? ", DNSSEC vouches for it" : "");
	}
}

static void put_policy(const struct look *l, struct json *j)
{
	const struct sts_answer *s = l->one.sts;

	json_begin_object(j);
	json_key(j, "mode"), json_z(j, s->id.n > 0 ? sts_mode_word(s->mode) : NULL);
	json_key(j, "id"), json_str(j, s->id);
	json_key(j, "fetched"), json_num(j, s->fetched);
	json_key(j, "until"), json_num(j, s->until);
	json_key(j, "mx"), json_begin_array(j);
	for (size_t i = 0; i < s->nmx; i++)
		json_str(j, s->mx[i]);
	json_end_array(j);
	json_key(j, "why"), json_str(j, s->why);
	json_end_object(j);
}

static void put_host(struct look *l, size_t i, struct json *j)
{
	static const char *const dane[] = { "none", "usable", "unusable", "failed" };
	const struct route_stop *s = &l->route.stop[i];
	const struct remote_policy *p = l->host[i];

	json_begin_object(j);
	json_key(j, "host"), json_str(j, s->host);
	json_key(j, "policy"), json_z(j, remote_policy_word(p->proof, true));
	json_key(j, "mail"), json_bool(j, p->refusal.n == 0);
	json_key(j, "why"), json_str(j, demand(l, p));
	json_key(j, "dane"), json_z(j, dane[p->dane.result]);
	json_key(j, "tlsa"), json_num(j, (int64_t)p->dane.npins);
	json_key(j, "addresses"), json_begin_array(j);
	do
		json_str(j, l->route.stop[i].ip);
	while (++i < l->route.n && l->host[i] == NULL);
	json_end_array(j);
	json_end_object(j);
}

static void print_json(struct look *l)
{
	BUF(out);
	struct json j = json_to(&out);

	json_begin_object(&j);
	json_key(&j, "domain"), json_str(&j, l->domain);
	json_key(&j, "smart_host"), json_str(&j, l->way.route.host);
	json_key(&j, "mta_sts");
	if (l->one.sts != NULL)
		put_policy(l, &j);
	else
		json_none(&j);
	json_key(&j, "hosts"), json_begin_array(&j);
	for (size_t i = 0; i < l->route.n; i++)
		if (l->host[i] != NULL)
			put_host(l, i, &j);
	json_end_array(&j);
	json_key(&j, "why"), json_str(&j, l->route.n == 0 ? l->route.none.report : STR(""));
	json_end_object(&j);
	printf("%s\n", buf_z(&out));
}

/* ---- the question ---- */

static void ask(struct look *l)
{
	struct str rcpt = arena_fmt(&l->mem, "postmaster@%.*s", STR_ARG(l->domain)), name;
	uint16_t port;

	remote_settings_way(l->conf, way_find(l->conf, STR(""), rcpt), &l->way);
	l->way.route.dns = l->desk.dns;
	l->one = (struct remote_case){ .desk = &l->desk,
				       .want = l->way.want,
				       .domain = l->domain,
				       .smart = l->way.route.host.n > 0,
				       .mem = &l->mem };
	if (l->one.smart && route_host(l->way.route.host, l->way.route.port, &name, &port))
		l->one.domain = name;
	route_find(&l->way.route, rcpt, &l->mem, &l->route);
	for (size_t i = 0; i < l->route.n; i++)
		if (i == 0 || !str_ieq(l->route.stop[i].host, l->route.stop[i - 1].host))
			l->host[i] = remote_policy_for(&l->one, &l->route.stop[i]);
}

static int verdict(const struct look *l)
{
	for (size_t i = 0; i < l->route.n; i++)
		if (l->host[i] != NULL && l->host[i]->refusal.n == 0)
			return CLI_DONE;
	return l->route.n == 0 && l->route.none.kind == OUTCOME_DEFERRAL ? CLI_AMBIGUOUS : CLI_NO;
}

/* -1: nobody is there. */
static int connect_to(struct look *l)
{
	const char *dns = proc_socket(l->conf, "dns.sock");
	struct err e = { 0 };
	FD(probe) = ipc_connect(dns, deadline_in(CONNECT_TIME), &e);

	if (probe < 0)
		return -1;
	l->desk = (struct remote_desk){ .dns = ipc_client_new(dns), .dns_time = DNS_TIME };
	if (l->conf->relay.enabled && l->conf->relay.mta_sts)
		l->desk.sts = ipc_client_new(proc_socket(l->conf, "policy.ctl"));
	return 0;
}

static int look(struct look *l, bool as_json)
{
	if (connect_to(l) < 0)
		return args_fail(CLI_NO, "no server is running on %s", conf_z(l->conf->top.data_dir));
	ask(l);
	if (as_json)
		print_json(l);
	else
		print_text(l);
	ipc_client_free(l->desk.dns);
	ipc_client_free(l->desk.sts);
	return verdict(l);
}

static int tls(int argc, char **argv)
{
	struct look l = { 0 };
	struct args a;
	struct conf c;
	int rc;

	if (!args_take(&a, argc, argv, tls_usage))
		return CLI_USAGE;
	if (a.nrest != 1)
		return args_fail(CLI_USAGE, "tls takes one domain");
	l.domain = arena_lower(&l.mem, str_of(a.rest[0]));
	if (!sts_domain_ok(l.domain))
		return args_fail(CLI_USAGE, "%s is no domain", a.rest[0]);
	rc = args_conf(&a, &c);
	if (rc != 0)
		return rc;
	l.conf = &c;
	rc = look(&l, a.json);
	arena_clear(&l.mem);
	conf_clear(&c);
	return rc;
}

const struct cli_command cli_command_tls = {
	.name = "tls",
	.summary = "how would mail for a domain be protected on its way, and why",
	.usage = tls_usage,
	.run = tls,
};
