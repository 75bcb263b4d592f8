#include "cli/route_way.h"

#include <stdio.h>

#include "deliver/remote_settings.h"

/* "30 in 60 s" */
static void put_rate(struct buf *b, const struct conf_rate *r)
{
	buf_fmt(b, ", at most %lld in %lld s", (long long)r->count, (long long)r->each / 1000);
}

static void put_words(struct buf *b, const struct route_way *w)
{
	const struct way *y = &w->way;

	if (y->number > 0)
		buf_fmt(b, "by route \"%s\" (%s:%d), ", conf_z(y->name), conf_z(w->conf->file), y->line);
	if (y->host.n > 0)
		buf_fmt(b, "by the smart host %s", conf_z(y->host));
	else
		buf_adds(b, "to the server that DNS names for its domain (MX)");
	buf_fmt(b, "; TLS %s%s", y->implicit ? "from the beginning, " : "", conf_z(y->tls));
	if (y->user.n > 0)
		buf_fmt(b, ", logging in as %s", conf_z(y->user));
	for (size_t i = 0; i < y->source.n; i++)
		buf_fmt(b, "%s%s", i == 0 ? ", from " : " or ", conf_z(y->source.at[i]));
	if (y->rate.count > 0)
		put_rate(b, &y->rate);
	buf_fmt(b, ", %lld at one time", (long long)y->concurrency);
}

void route_way_find(struct route_way *w, const struct conf *c, struct str sender, struct str rcpt,
		    struct ipc_client *dns, struct arena *mem)
{
	BUF(words);
	struct remote_way remote = { 0 };

	*w = (struct route_way){ .conf = c };
	way_of(c, way_find(c, sender, rcpt), &w->way);
	if (!c->relay.enabled) {
		w->words = STR("remote delivery is not configured: it would wait in the queue");
		return;
	}
	put_words(&words, w);
	w->words = arena_str(mem, buf_str(&words));
	remote_settings_way(c, w->way.number, &remote);
	remote.route.dns = dns;
	if (dns != NULL)
		route_find(&remote.route, rcpt, mem, &w->route);
}

void route_way_print(const struct route_way *w)
{
	for (size_t i = 0; i < w->route.n; i++) {
		const struct route_stop *s = &w->route.stop[i];

		printf("     %.*s, %.*s port %u\n", STR_ARG(s->host), STR_ARG(s->ip), (unsigned)s->port);
	}
	if (w->route.n == 0 && w->route.none.report.n > 0)
		printf("     %.*s\n", STR_ARG(w->route.none.report));
}

static void put_hosts(const struct route_way *w, struct json *j)
{
	json_begin_array(j);
	for (size_t i = 0; i < w->route.n; i++) {
		const struct route_stop *s = &w->route.stop[i];

		json_begin_object(j);
		json_key(j, "host"), json_str(j, s->host);
		json_key(j, "ip"), json_str(j, s->ip);
		json_key(j, "port"), json_num(j, s->port);
		json_end_object(j);
	}
	json_end_array(j);
}

void route_way_json(const struct route_way *w, struct json *j)
{
	const struct way *y = &w->way;

	json_begin_object(j);
	json_key(j, "route");
	if (y->number > 0)
		json_str(j, y->name);
	else
		json_none(j);
	json_key(j, "line"), json_num(j, y->line);
	json_key(j, "smart_host"), json_str(j, y->host);
	json_key(j, "tls"), json_str(j, y->tls);
	json_key(j, "user"), json_str(j, y->user);
	json_key(j, "source"), json_begin_array(j);
	for (size_t i = 0; i < y->source.n; i++)
		json_str(j, y->source.at[i]);
	json_end_array(j);
	json_key(j, "concurrency"), json_num(j, y->concurrency);
	json_key(j, "hosts"), put_hosts(w, j);
	json_key(j, "why"), json_str(j, w->route.n == 0 ? w->route.none.report : STR(""));
	json_end_object(j);
}
