#include "deliver/remote_settings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"

enum {
	PASSWORD_MAX = 4096,
	DNS_TIME = 30 * 1000,
	OWN_MOST = 512,
	REPLY_MOST = 10 * 60 * 1000,
	END_MOST = 30 * 60 * 1000
};

/* "telltale.conf:12: route "x"", "telltale.conf: relay { }" */
static int wrong(const struct conf *c, const struct way *w, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static int wrong(const struct conf *c, const struct way *w, struct err *e, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (w->number == 0)
		return err_set(e, "%s: relay { %s", conf_z(c->file), text);
	return err_set(e, "%s:%d: route \"%s\" { %s", conf_z(c->file), w->line, conf_z(w->name), text);
}

static int check_way(const struct conf *c, const struct way *w, struct err *e)
{
	struct str name;
	uint16_t port;

	if (w->host.n > 0 && !route_host(w->host, (uint16_t)w->port, &name, &port))
		return wrong(c, w, e, "host }: %s is not NAME, ADDRESS, NAME:PORT or [V6]:PORT", conf_z(w->host));
	if (w->user.n > 0 && w->host.n == 0)
		return wrong(c, w, e, "user } belongs to a smart host, and no host is named");
	if (w->implicit && w->host.n == 0)
		return wrong(c, w, e, "implicit-tls } belongs to a smart host, and no host is named");
	if ((w->user.n > 0) != (w->password_file.n > 0))
		return wrong(c, w, e, "user } and password-file belong together");
	if (w->password_file.n > 0 && access(conf_z(w->password_file), R_OK) < 0)
		return wrong(c, w, e,
			     errno == ENOENT ? "password-file }: there is no %s" : "password-file }: %s cannot be read",
			     conf_z(w->password_file));
	if ((w->user.n > 0 || w->implicit) && str_eqz(w->tls, "off"))
		return wrong(c, w, e, "%s }, and tls is off",
			     w->user.n > 0 ? "user }: a password is sent under TLS only" : "implicit-tls");
	return 0;
}

static int check_ports(const struct conf *c, struct err *e)
{
	uint16_t ports[SANDBOX_PORTS];

	if (remote_settings_ports(c, ports) >= SANDBOX_PORTS)
		return err_set(e, "%s: relay { } and the routes name more than %d ports", conf_z(c->file),
			       SANDBOX_PORTS - 1);
	return 0;
}

int remote_settings_check(const struct conf *c, struct err *e)
{
	const struct conf_relay *r = &c->relay;

	if (ways_check(c, e) < 0)
		return -1;
	for (unsigned i = 0; i <= c->nways; i++) {
		struct way w;

		way_of(c, i, &w);
		if (check_way(c, &w, e) < 0)
			return -1;
	}
	if (r->reply_deadline > REPLY_MOST || r->end_deadline > END_MOST)
		return err_set(e, "%s: relay { reply-deadline } is 10m at most, relay { end-deadline } 30m",
			       conf_z(c->file));
	return check_ports(c, e);
}

static uint16_t port_of(const struct way *w)
{
	uint16_t port = (uint16_t)w->port;
	struct str name;

	if (w->host.n > 0)
		(void)route_host(w->host, port, &name, &port);
	return port;
}

size_t remote_settings_ports(const struct conf *c, uint16_t ports[SANDBOX_PORTS])
{
	size_t n = 0;

	for (unsigned i = 0; i <= c->nways; i++) {
		struct way w;
		size_t k = 0;

		way_of(c, i, &w);
		while (k < n && ports[k] != port_of(&w))
			k++;
		if (k == n && n < SANDBOX_PORTS)
			ports[n++] = port_of(&w);
	}
	return n;
}

bool remote_settings_bound(const struct conf *c)
{
	bool bound = c->relay.source.n > 0;

	for (size_t i = 0; i < c->nways; i++)
		bound = bound || c->ways[i].set.source.n > 0;
	return bound;
}

/* ---- our own addresses ---- */

struct own {
	struct conf *c;
	struct route_own *at;
	size_t n;
};

static void add_own(struct own *o, struct str ip, uint16_t port)
{
	if (o->n < OWN_MOST)
		o->at[o->n++] = (struct route_own){ ip, port };
}

static bool is_every(struct str ip)
{
	return str_eqz(ip, "0.0.0.0") || str_eqz(ip, "::");
}

/* Who listens at every address of the machine listens at each of these; an interface without one has none. */
static void add_interfaces(struct own *o, uint16_t port)
{
	struct ifaddrs *all = NULL;
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		const void *at = NULL;

		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET)
			at = &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
		else if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET6)
			at = &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
		if (at != NULL && inet_ntop(i->ifa_addr->sa_family, at, text, sizeof(text)) != NULL)
			add_own(o, arena_str(&o->c->mem, str_of(text)), port);
	}
	freeifaddrs(all);
}

/* As DNS answers are written: the short form. */
static struct str short_form(struct conf *c, struct str ip)
{
	unsigned char bytes[INET6_ADDRSTRLEN];
	char text[INET6_ADDRSTRLEN];
	int family = str_chr(ip, ':') >= 0 ? AF_INET6 : AF_INET;

	if (inet_pton(family, conf_z(arena_str(&c->mem, ip)), bytes) != 1 ||
	    inet_ntop(family, bytes, text, sizeof(text)) == NULL)
		return ip;
	return arena_str(&c->mem, str_of(text));
}

static void find_own(struct conf *c, struct route_set *out)
{
	struct own o = { .c = c, .at = arena_alloc(&c->mem, OWN_MOST * sizeof(*o.at)) };
	struct str ip;
	uint16_t port;

	for (size_t i = 0; i < c->nports; i++)
		for (size_t k = 0; k < c->ports[i].set.bind.n; k++) {
			if (!conf_bind(c->ports[i].set.bind.at[k], &ip, &port))
				continue;
			if (is_every(ip))
				add_interfaces(&o, port);
			add_own(&o, short_form(c, ip), port);
		}
	out->own = o.at;
	out->nown = o.n;
}

/* ---- the rest ---- */

static int read_password(struct conf *c, const struct way *w, struct client_set *out, struct err *e)
{
	BUF(text);
	struct str line, rest;

	if (w->user.n == 0)
		return 0;
	if (io_slurp(AT_FDCWD, conf_z(w->password_file), PASSWORD_MAX, &text, e) < 0)
		return err_wrap(e, "password-file");
	str_cut(buf_str(&text), STR("\n"), &line, &rest);
	out->user = w->user;
	out->password = arena_str(&c->mem, str_trim(line));
	return out->password.n > 0 ? 0 : err_set(e, "%s: its first line is empty", conf_z(w->password_file));
}

static void read_client(const struct conf *c, const struct way *w, struct client_set *out)
{
	*out = (struct client_set){ .helo = c->top.hostname,
				    .reply = c->relay.reply_deadline,
				    .end = c->relay.end_deadline,
				    .implicit = w->implicit };
}

void remote_settings_way(const struct conf *c, unsigned number, struct remote_way *out)
{
	struct way w;

	way_of(c, number, &w);
	out->source = w.source;
	out->route.host = w.host;
	out->route.port = (uint16_t)w.port;
	out->route.hostname = c->top.hostname;
	out->route.deadline = DNS_TIME;
	out->want = (struct remote_want){ .level = remote_policy_level(w.tls),
					  .dane = c->relay.dane,
					  .mta_sts = c->relay.mta_sts };
	read_client(c, &w, &out->client);
}

static int read_way(struct conf *c, unsigned number, struct remote_way *out, struct err *e)
{
	struct way w;

	way_of(c, number, &w);
	remote_settings_way(c, number, out);
	return read_password(c, &w, &out->client, e);
}

static bool needs_authorities(const struct remote_way *w)
{
	return w->want.level == POLICY_VERIFIED || (w->want.level == POLICY_REQUIRED && w->route.host.n > 0);
}

/* One context for all: whose certificate is judged is of each connection.  Where certificates must be good, those who
 * may vouch for them are needed; elsewhere they are of use. */
static int open_tls(const struct conf *c, struct remote_world *out, struct err *e)
{
	BUF(authorities);
	bool needed = false, verifies;
	struct tls *context;

	for (size_t i = 0; i < out->nways; i++)
		needed = needed || needs_authorities(&out->ways[i]);
	verifies = io_slurp(AT_FDCWD, conf_z(c->relay.ca_file), TLS_PEM_MAX, &authorities, e) == 0;
	if (!verifies && needed)
		return err_wrap(e, "relay { ca-file }");
	for (size_t i = 0; !verifies && i < out->nways; i++)
		out->ways[i].want.mta_sts = false; /* nothing could be verified; telltale-policy says so */
	context = tls_open_client(buf_str(&authorities), e);
	for (size_t i = 0; context != NULL && i < out->nways; i++)
		out->ways[i].client.context = context;
	return context == NULL ? -1 : 0;
}

int remote_settings_read(struct conf *c, struct remote_world *out, struct err *e)
{
	struct route_set own = { 0 };

	if (remote_settings_check(c, e) < 0)
		return -1;
	find_own(c, &own);
	*out = (struct remote_world){ .conf = c,
				      .connect = c->relay.connect_deadline,
				      .nways = c->nways + 1,
				      .desk = { .dns_time = DNS_TIME, .counts = c->relay.tls_report } };
	out->ways = arena_alloc(&c->mem, out->nways * sizeof(*out->ways));
	for (unsigned i = 0; i < out->nways; i++) {
		out->ways[i].route = own;
		if (read_way(c, i, &out->ways[i], e) < 0)
			return -1;
	}
	return open_tls(c, out, e);
}
