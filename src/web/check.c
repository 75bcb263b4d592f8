#include "web/check.h"

#include <fcntl.h>

#include "base/inet.h"
#include "base/io.h"
#include "wire/tls.h"

static int wrong(const struct conf *c, struct err *e, const char *option, const char *what)
{
	return err_set(e, "%s: web { %s }: %s", conf_z(c->file), option, what);
}

static bool is_plain(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("/-._~", c) != NULL);
}

/* It stands in addresses, fields and cookies as it is. */
static bool is_prefix(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain(s.p[i]))
			return false;
	return str_starts(s, STR("/")) && str_find(s, STR("//")) < 0 && str_find(s, STR("/.")) < 0 && s.n <= 200;
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return inet_is(s);
	return s.n > 0;
}

static bool is_loopback(struct str bind_to)
{
	return str_starts(bind_to, STR("127.")) || str_starts(bind_to, STR("[::1]:"));
}

/* "https://www.example.com/mail/": it stands in letters as it is. */
static bool is_address(struct str s)
{
	struct str scheme, rest, host, path;

	if (!str_cut(s, STR("://"), &scheme, &rest) || s.n > 300)
		return false;
	if (!str_eqz(scheme, "https") && !str_eqz(scheme, "http"))
		return false;
	(void)str_cut(rest, STR("/"), &host, &path);
	for (size_t i = 0; i < host.n; i++)
		if (!ascii_isalnum(host.p[i]) && strchr("-.:[]", host.p[i]) == NULL)
			return false;
	return host.n > 0 && str_ends(s, STR("/")) && is_prefix(str_skip(rest, host.n));
}

static int check_pair(const struct conf *c, struct err *e)
{
	struct err why = { 0 };
	BUF(certificate);
	BUF(key);
	int rc;

	if (c->web.certificate.n == 0)
		return wrong(c, e, "key", "there is no certificate with it");
	if (c->web.key.n == 0)
		return wrong(c, e, "certificate", "there is no key with it");
	if (io_slurp(AT_FDCWD, conf_z(c->web.certificate), TLS_PEM_MAX, &certificate, &why) < 0)
		return wrong(c, e, "certificate", why.text);
	if (io_slurp(AT_FDCWD, conf_z(c->web.key), TLS_PEM_MAX, &key, &why) < 0)
		return wrong(c, e, "key", why.text);
	rc = tls_check(buf_str(&certificate), buf_str(&key), &why);
	explicit_bzero(key.p, key.n);
	return rc == 0 ? 0 : wrong(c, e, "certificate", why.text);
}

#define MINUTE (INT64_C(60) * 1000)
#define DAY (24 * 60 * MINUTE)

/* A cookie that is good for ever is a password that nobody can change. */
static int check_sessions(const struct conf *c, struct err *e)
{
	const struct conf_web *set = &c->web;

	if (set->session_idle < MINUTE || set->session_idle > set->session_most)
		return wrong(c, e, "session-idle", "it is from a minute to session-most");
	if (set->session_most > 90 * DAY)
		return wrong(c, e, "session-most", "it is 90 days at most");
	if (set->admin_session_idle < MINUTE || set->admin_session_idle > set->admin_session_most)
		return wrong(c, e, "admin-session-idle", "it is from a minute to admin-session-most");
	if (set->admin_session_most > 30 * DAY)
		return wrong(c, e, "admin-session-most", "it is 30 days at most");
	return 0;
}

int web_check(const struct conf *c, struct err *e)
{
	const struct conf_web *set = &c->web;

	if (set->bind.n == 0)
		return 0;
	if (!is_prefix(set->prefix))
		return wrong(c, e, "prefix", "it begins with a slash, and is made of letters, digits and - . _ ~");
	if (set->address.n > 0 && !is_address(set->address))
		return wrong(c, e, "address", "it is like https://www.example.com/mail/, with a slash at its end");
	for (size_t i = 0; i < set->host.n; i++)
		if (!is_name(set->host.at[i]))
			return wrong(c, e, "host", "it is a name or an address, without a port");
	if (check_sessions(c, e) < 0)
		return -1;
	if (set->certificate.n + set->key.n > 0)
		return check_pair(c, e);
	for (size_t i = 0; i < set->bind.n && set->proxy.n == 0; i++)
		if (!is_loopback(set->bind.at[i]))
			return wrong(c, e, "bind",
				     "passwords would come in the clear: give a certificate and a key, or bind to "
				     "127.0.0.1, or name in proxy the web server that encrypts");
	return 0;
}
