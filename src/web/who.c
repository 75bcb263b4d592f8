/* Who asks?  The cookie says which session, telltale-lookup what its account is now. */
#include "base/clock.h"
#include "web/cookie.h"
#include "web/web.h"

void web_who_is(const struct session *x, const struct account_now *who, struct str id, struct web_request *q)
{
	char token[SESSION_TOKEN + 1];

	session_token(id, token);
	q->who = (struct web_who){ .session = x->number, .token = arena_str(q->mem, str_of(token)) };
	q->who.by = arena_str(q->mem, str_of(x->account));
	if (x->administrator) {
		q->who.role = WEB_ADMIN;
		return;
	}
	q->who.role = who->ndomains > 0 ? WEB_DOMAIN : WEB_MAILBOX;
	q->who.mailbox = q->who.by;
	for (size_t i = 0; i < who->ndomains && i < WEB_DOMAINS_MAX; i++)
		q->who.domains[q->who.ndomains++] = who->domains[i];
}

/* Is the account what it was when he came in? */
static enum account_known look(struct web *w, const struct session *x, struct arena *mem, struct account_now *who)
{
	struct err e = { 0 };
	enum account_known known;

	if (x->administrator)
		return ACCOUNT_HERE;
	known = whois_ask(w->whois, str_of(x->account), clock_mono(), mem, who, &e);
	return known == ACCOUNT_HERE && who->stamp != x->stamp ? ACCOUNT_GONE : known;
}

int web_identify(struct web *w, struct web_request *q)
{
	struct str rest = q->cookie, id;
	struct session x;

	q->who = (struct web_who){ .role = WEB_NOBODY };
	while (cookie_next(&rest, q->secure, &id)) {
		struct account_now who = { 0 };
		enum account_known known;

		if (!sessions_find(w->sessions, id, clock_wall(), &x))
			continue;
		known = look(w, &x, q->mem, &who);
		if (known == ACCOUNT_LATER)
			return 503;
		if (known == ACCOUNT_GONE) {
			(void)sessions_end(w->sessions, x.number);
			continue;
		}
		web_who_is(&x, &who, id, q);
		return 0;
	}
	return 0;
}

bool web_still(struct web *w, const struct web_who *was)
{
	struct session x;
	struct account_now who = { 0 };
	ARENA(mem);

	if (!sessions_look(w->sessions, was->session, clock_wall(), &x))
		return false;
	switch (look(w, &x, &mem, &who)) {
	case ACCOUNT_LATER:
		return false; /* for so long already that nothing counts that was known */
	case ACCOUNT_GONE:
		(void)sessions_end(w->sessions, x.number);
		return false;
	default:
		break;
	}
	for (size_t i = 0; i < was->ndomains; i++) {
		bool owns = false;

		for (size_t k = 0; k < who.ndomains; k++)
			owns = owns || str_eq(was->domains[i], who.domains[k]);
		if (!owns)
			return false;
	}
	return true;
}
