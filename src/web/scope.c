#include "web/scope.h"

#include "base/err.h"

/* One name, spelt in full: a wildcard would be everybody.  Before an @ these signs are letters like others: whoever
 * goes on with the name takes it as it is. */
static bool is_name(struct str s)
{
	ptrdiff_t at = str_rchr(s, '@');
	struct str domain = str_skip(s, (size_t)(at + 1));

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20)
			return false;
	for (size_t i = 0; i < domain.n; i++)
		if (strchr("*?,", domain.p[i]) != NULL)
			return false;
	return s.n > 0;
}

static bool owns(const struct web_who *who, struct str domain)
{
	for (size_t i = 0; i < who->ndomains; i++)
		if (str_ieq(who->domains[i], domain))
			return true;
	return false;
}

static struct str domain_of(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return at < 0 ? STR("") : str_skip(address, (size_t)at + 1);
}

/* What one who names nothing means. */
static struct str usual(const struct web_who *who)
{
	if (who->role == WEB_DOMAIN && who->ndomains > 0)
		return who->domains[0];
	return who->role == WEB_ADMIN ? STR("") : who->mailbox;
}

static bool may(const struct web_who *who, struct str wanted, bool mailbox)
{
	if (who->role == WEB_ADMIN)
		return true;
	if (mailbox && who->mailbox.n > 0 && str_ieq(wanted, who->mailbox))
		return true;
	return who->role == WEB_DOMAIN && owns(who, mailbox ? domain_of(wanted) : wanted);
}

int web_scope(const struct web_request *q, struct str *domain, struct str *mailbox, struct web_reply *r)
{
	struct str wanted = web_param(q, "scope");
	bool is_mailbox;

	*domain = *mailbox = STR("");
	if (wanted.n == 0)
		wanted = usual(&q->who);
	else if (str_eqz(wanted, "mailbox"))
		wanted = q->who.mailbox; /* of an administrator: none */
	if (wanted.n == 0)
		return q->who.role == WEB_ADMIN ? 0 : web_error(r, 403, "There is nothing that is yours to see.");
	if (!is_name(wanted))
		return web_error(r, 400, "A scope is one domain, or one mailbox, spelt in full.");
	is_mailbox = str_chr(wanted, '@') >= 0;
	if (!may(&q->who, wanted, is_mailbox))
		return web_error(r, 403, "That is not yours to see.");
	*(is_mailbox ? mailbox : domain) = arena_lower(q->mem, wanted);
	MUST(q->who.role == WEB_ADMIN || domain->n + mailbox->n > 0); /* nothing is everything */
	return 0;
}
