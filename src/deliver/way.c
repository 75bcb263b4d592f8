#include "deliver/way.h"

#include <sys/socket.h>

#include "base/inet.h"
#include "base/map.h"

enum { SMTP = 25, SUBMISSIONS = 465 };

/* ---- which row ---- */

static struct str domain_of(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return at < 0 ? STR("") : str_skip(address, (size_t)at + 1);
}

/* "example.net", "*.example.net", "user@example.net", "<>" */
static bool fits(struct str pattern, struct str address)
{
	struct str domain = domain_of(address);

	if (str_eqz(pattern, "<>"))
		return address.n == 0;
	if (str_chr(pattern, '@') >= 0)
		return str_ieq(pattern, address);
	if (!str_starts(pattern, STR("*.")))
		return domain.n > 0 && str_ieq(pattern, domain);
	pattern = str_skip(pattern, 1);
	return domain.n > pattern.n && str_ieq(pattern, str_skip(domain, domain.n - pattern.n));
}

static bool is_one_of(const struct conf_list *l, struct str address)
{
	for (size_t i = 0; i < l->n; i++)
		if (fits(l->at[i], address))
			return true;
	return l->n == 0;
}

unsigned way_find(const struct conf *c, struct str sender, struct str rcpt)
{
	for (size_t i = 0; i < c->nways; i++)
		if (is_one_of(&c->ways[i].set.to, rcpt) && is_one_of(&c->ways[i].set.from, sender))
			return (unsigned)i + 1;
	return 0;
}

/* ---- what it says ---- */

static void of_relay(const struct conf *c, struct way *out)
{
	const struct conf_relay *r = &c->relay;

	*out = (struct way){ .host = r->host,
			     .port = r->port,
			     .user = r->user,
			     .password_file = r->password_file,
			     .tls = r->tls,
			     .implicit = r->implicit_tls,
			     .source = r->source,
			     .rate = r->rate,
			     .concurrency = c->queue.destination_concurrency };
}

static void own_host(const struct conf_route *r, struct way *out)
{
	bool mx = str_eqz(r->host, "mx");

	if (mx && out->host.n > 0)
		out->port = SMTP; /* relay { port } is the smart host's */
	out->host = mx ? STR("") : r->host;
	out->user = out->password_file = STR("");
	out->implicit = false;
}

static void over(const struct conf_way *w, struct way *out)
{
	const struct conf_route *r = &w->set;

	out->name = w->name;
	out->line = w->line;
	if (r->host.n > 0)
		own_host(r, out);
	out->port = r->port > 0 ? r->port : out->port;
	out->user = r->user.n > 0 ? r->user : out->user;
	out->password_file = r->password_file.n > 0 ? r->password_file : out->password_file;
	out->tls = str_eqz(r->tls, "inherit") ? out->tls : r->tls;
	out->implicit = out->implicit || r->implicit_tls;
	out->source = r->source.n > 0 ? r->source : out->source;
	out->rate = r->rate.each > 0 ? r->rate : out->rate;
	out->concurrency = r->concurrency > 0 ? r->concurrency : out->concurrency;
}

void way_of(const struct conf *c, unsigned number, struct way *out)
{
	of_relay(c, out);
	if (number > 0)
		over(&c->ways[number - 1], out);
	out->number = number;
	if (out->implicit && out->port == SMTP)
		out->port = SUBMISSIONS;
}

struct str way_destination(struct str host, struct str rcpt, struct arena *a)
{
	return host.n > 0 ? STR("") : arena_lower(a, domain_of(rcpt));
}

struct str way_source(const struct conf_list *source, struct str sender, int family)
{
	static const uint64_t fixed[2] = { 0 }; /* a restart changes nothing */
	unsigned char bytes[INET_BYTES_MAX];
	char small[256];
	struct str domain = str_take(domain_of(sender), sizeof(small));
	size_t n = 0, which;

	for (size_t i = 0; i < source->n; i++)
		n += inet_bytes(family, source->at[i], bytes);
	if (n == 0)
		return STR("");
	for (size_t i = 0; i < domain.n; i++)
		small[i] = (char)ascii_lower(domain.p[i]);
	which = hash_keyed(str_mem(small, domain.n), fixed) % n;
	for (size_t i = 0; i < source->n; i++)
		if (inet_bytes(family, source->at[i], bytes) && which-- == 0)
			return source->at[i];
	return STR("");
}

struct str way_key(const char *kind, bool requiretls, const struct conf_list *source, struct str sender,
		   struct str destination, struct arena *a)
{
	return arena_fmt(a, "%s%s %.*s %.*s %.*s", kind, requiretls ? "R" : "",
			 STR_ARG(way_source(source, sender, AF_INET)), STR_ARG(way_source(source, sender, AF_INET6)),
			 STR_ARG(destination));
}

/* ---- is it right, is it another ---- */

static bool is_pattern(struct str s, bool sender)
{
	ptrdiff_t at = str_rchr(s, '@');
	struct str domain = at < 0 ? s : str_skip(s, (size_t)at + 1);

	if (str_eqz(s, "<>"))
		return sender;
	if (at == 0)
		return false;
	if (at < 0 && str_starts(domain, STR("*.")))
		domain = str_skip(domain, 2);
	for (size_t i = 0; i < domain.n; i++)
		if (domain.p[i] == '*' || domain.p[i] == '<' || domain.p[i] == '>' || domain.p[i] == ',')
			return false;
	return domain.n > 0 && domain.p[0] != '.';
}

static int check_list(const struct conf *c, const struct conf_way *w, const struct conf_list *l, bool sender,
		      struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (!is_pattern(l->at[i], sender))
			return err_set(e, "%s:%d: route \"%s\": %s is not DOMAIN, *.DOMAIN%s USER@DOMAIN%s",
				       conf_z(c->file), l->line[i], conf_z(w->name), conf_z(l->at[i]),
				       sender ? "," : " or", sender ? " or <>" : "");
	return 0;
}

int ways_check(const struct conf *c, struct err *e)
{
	for (size_t i = 0; i < c->nways; i++)
		if (check_list(c, &c->ways[i], &c->ways[i].set.to, false, e) < 0 ||
		    check_list(c, &c->ways[i], &c->ways[i].set.from, true, e) < 0)
			return -1;
	return 0;
}

static uint64_t mix(uint64_t print, struct str s)
{
	const uint64_t key[2] = { print, s.n };

	return hash_keyed(s, key);
}

static uint64_t mix_list(uint64_t print, const struct conf_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		print = mix(print, l->at[i]);
	return mix(print, STR("/"));
}

uint64_t ways_print(const struct conf *c)
{
	uint64_t print = mix(c->relay.enabled, c->relay.host);

	for (size_t i = 0; i < c->nways; i++) {
		const struct conf_way *w = &c->ways[i];

		print = mix_list(mix_list(mix(print, w->name), &w->set.to), &w->set.from);
		print = mix(print, w->set.host);
	}
	return print;
}
