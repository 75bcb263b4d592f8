#include "deliver/remote_settings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/io.h"

enum {
	PASSWORD_MAX = 4096,
	DNS_TIME = 30 * 1000,
	OWN_MOST = 512,
	REPLY_MOST = 10 * 60 * 1000,
	END_MOST = 30 * 60 * 1000
};

int remote_settings_check(const struct conf *c, struct err *e)
{
	const struct conf_relay *r = &c->relay;
	const char *file = conf_z(c->file);
	struct str name;
	uint16_t port;

	if (r->host.n > 0 && !route_host(r->host, (uint16_t)r->port, &name, &port))
		return err_set(e, "%s: relay { host }: %s is not NAME, ADDRESS, NAME:PORT or [V6]:PORT", file,
			       conf_z(r->host));
	if (r->user.n > 0 && r->host.n == 0)
		return err_set(e, "%s: relay { user } belongs to a smart host, and relay { host } names none", file);
	if ((r->user.n > 0) != (r->password_file.n > 0))
		return err_set(e, "%s: relay { user } and relay { password-file } belong together", file);
	if (r->reply_deadline > REPLY_MOST || r->end_deadline > END_MOST)
		return err_set(e, "%s: relay { reply-deadline } is 10m at most, relay { end-deadline } 30m", file);
	if (r->password_file.n > 0 && access(conf_z(r->password_file), F_OK) < 0 && errno == ENOENT)
		return err_set(e, "%s: relay { password-file }: there is no %s", file, conf_z(r->password_file));
	if (r->user.n > 0 && str_eqz(r->tls, "off"))
		return err_set(e, "%s: relay { user }: a password is sent under TLS only, and relay { tls } is off",
			       file);
	return 0;
}

size_t remote_settings_ports(const struct conf *c, uint16_t ports[2])
{
	struct str name;

	ports[0] = (uint16_t)c->relay.port;
	if (c->relay.host.n == 0 || !route_host(c->relay.host, ports[0], &name, &ports[1]))
		return 1;
	return 2;
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

static int read_password(struct conf *c, struct client_set *out, struct err *e)
{
	BUF(text);
	struct str line, rest;

	if (c->relay.user.n == 0)
		return 0;
	if (io_slurp(AT_FDCWD, conf_z(c->relay.password_file), PASSWORD_MAX, &text, e) < 0)
		return err_wrap(e, "relay { password-file }");
	str_cut(buf_str(&text), STR("\n"), &line, &rest);
	out->user = c->relay.user;
	out->password = arena_str(&c->mem, str_trim(line));
	return out->password.n > 0 ? 0 : err_set(e, "relay { password-file }: its first line is empty");
}

/* Where certificates must be good, those who may vouch for them are needed; elsewhere they are of use. */
static int open_tls(const struct conf *c, struct remote_world *out, struct err *e)
{
	bool needed = out->want.level == POLICY_VERIFIED || (out->want.level == POLICY_REQUIRED && c->relay.host.n > 0);
	BUF(authorities);

	if (io_slurp(AT_FDCWD, conf_z(c->relay.ca_file), TLS_PEM_MAX, &authorities, e) < 0 && needed)
		return err_wrap(e, "relay { ca-file }");
	out->client.context = tls_open_client(buf_str(&authorities), e);
	return out->client.context == NULL ? -1 : 0;
}

static void read_want(const struct conf *c, struct remote_want *out)
{
	*out = (struct remote_want){ .level = remote_policy_level(c->relay.tls), .dane = c->relay.dane };
}

int remote_settings_read(struct conf *c, struct remote_world *out, struct err *e)
{
	struct client_set *client = &out->client;

	if (remote_settings_check(c, e) < 0)
		return -1;
	*out = (struct remote_world){ .connect = c->relay.connect_deadline };
	out->route = (struct route_set){ .host = c->relay.host,
					 .port = (uint16_t)c->relay.port,
					 .hostname = c->top.hostname,
					 .deadline = DNS_TIME };
	*client = (struct client_set){ .helo = c->top.hostname,
				       .reply = c->relay.reply_deadline,
				       .end = c->relay.end_deadline };
	out->desk.dns_time = DNS_TIME;
	read_want(c, &out->want);
	find_own(c, &out->route);
	return read_password(c, client, e) < 0 ? -1 : open_tls(c, out, e);
}
