/* What it takes to let somebody in. */
#include "web/web.h"

enum { TRIES = 20, TRY_EACH = 1000 /* of one address: so many logins at once, then one a second */ };

/* ":8443" of where it is bound; nothing for the port that a browser takes by itself. */
static struct str port_of(struct str at, const char *usual)
{
	ptrdiff_t colon = str_rchr(at, ':');
	struct str port = colon < 0 ? STR("") : str_skip(at, (size_t)colon);

	return str_eqz(port, usual) ? STR("") : port;
}

/* As the configuration says; else by name where others come: through a web server before us, by HTTPS of our own, from
 * everywhere; else where it is bound, which is this machine. */
struct str web_url(const struct conf *c, struct str prefix, struct arena *mem)
{
	const struct conf_web *set = &c->web;
	struct str at = set->bind.n > 0 ? set->bind.at[0] : STR(""), port = port_of(at, ":80");
	struct str name = set->host.n > 0 ? set->host.at[0] : c->top.hostname;

	if (set->address.n > 0)
		return set->address;
	if (set->proxy.n > 0)
		return arena_fmt(mem, "https://%.*s%.*s", STR_ARG(name), STR_ARG(prefix));
	if (set->certificate.n > 0)
		return arena_fmt(mem, "https://%.*s%.*s%.*s", STR_ARG(name), STR_ARG(port_of(at, ":443")),
				 STR_ARG(prefix));
	if (str_starts(at, STR("0.0.0.0:")) || str_starts(at, STR("[::]:")))
		return arena_fmt(mem, "http://%.*s%.*s%.*s", STR_ARG(name), STR_ARG(port), STR_ARG(prefix));
	return arena_fmt(mem, "http://%.*s%.*s", STR_ARG(at), STR_ARG(prefix));
}

int web_gatehouse_open(struct web *w, int sessions, int control, struct err *e)
{
	const struct conf_web *set = &w->conf->web;
	struct sessions_limits limits = { .owner = { set->session_idle, set->session_most },
					  .administrator = { set->admin_session_idle, set->admin_session_most } };

	w->sessions = sessions_open(sessions, &limits, e);
	if (w->sessions == NULL)
		return -1;
	w->whois = whois_new(whois_lookup, w->lookup);
	w->logins = rate_new(TRIES, TRY_EACH);
	w->control = (struct web_control){ control, w->sessions, web_url(w->conf, w->prefix, &w->mem) };
	return 0;
}

void web_gatehouse_close(struct web *w)
{
	sessions_close(w->sessions);
	whois_free(w->whois);
	rate_free(w->logins);
}
