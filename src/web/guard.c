/* What a browser was led to ask, by somebody who is not us (SECURITY: cross-site requests, names rebound to us). */
#include "base/inet.h"
#include "web/http.h"
#include "web/web.h"

bool web_trusts_proxy(const void *with, struct str address)
{
	const struct web *w = with;
	const struct conf_list *l = &w->conf->web.proxy;

	for (size_t i = 0; i < l->n; i++)
		if (str_ieq(l->at[i], address))
			return true;
	return false;
}

/* "www.example.com" of "https://www.example.com:8443/mail/". */
static struct str host_in(struct str address, struct arena *mem)
{
	struct str scheme, rest, host, path;

	(void)str_cut(address, STR("://"), &scheme, &rest);
	(void)str_cut(rest, STR("/"), &host, &path);
	return http_host(host, mem);
}

static bool is_ours(const struct web *w, struct str name, struct str local, struct arena *mem)
{
	static const char *const loopback[] = { "localhost", "127.0.0.1", "::1" };
	const struct conf_list *more = &w->conf->web.host;

	for (size_t i = 0; i < COUNT(loopback); i++)
		if (str_eqz(name, loopback[i]))
			return true;
	for (size_t i = 0; i < more->n; i++)
		if (str_ieq(more->at[i], name))
			return true;
	return str_ieq(name, w->conf->top.hostname) || str_ieq(name, local) ||
	       (w->conf->web.address.n > 0 && str_ieq(name, host_in(w->conf->web.address, mem)));
}

int web_guard_host(const struct web *w, const struct web_request *q, struct str local, const char **why)
{
	struct str name = http_host(q->host, q->mem);

	*why = "The page is not known by this name: name it in the configuration, web { host }.";
	if (name.n == 0)
		return 400;
	return is_ours(w, name, local, q->mem) ? 0 : 421;
}

int web_guard_origin(const struct web_request *q, struct str site, const char **why)
{
	struct str scheme, rest;

	*why = "A page of somebody else's cannot do this.";
	if (q->origin.n == 0) /* no browser, or an old one: then the token is what counts */
		return site.n == 0 || str_ieq(site, STR("same-origin")) || str_ieq(site, STR("none")) ? 0 : 403;
	if (str_eqz(q->origin, "null")) /* of a form on a page of ours, which tells nobody where it stands */
		return str_ieq(site, STR("same-origin")) ? 0 : 403;
	if (!str_cut(q->origin, STR("://"), &scheme, &rest))
		return 403;
	if (!str_ieq(scheme, q->secure ? STR("https") : STR("http")) || !str_ieq(rest, q->host))
		return 403;
	return 0;
}
