#include "lookup/who.h"

#include "lookup/told.h"
#include "mail/addr.h"

static bool fits(struct str domain)
{
	for (size_t i = 0; i < domain.n; i++)
		if (ascii_lower(domain.p[i]) != domain.p[i])
			return false;
	return domain.n > 0 && addr_domain_ok(domain);
}

enum account_known lookup_told_who(const struct lookup_who_told *told, struct arena *a, struct account_now *out,
				   struct err *e)
{
	struct account_now w = { .stamp = told->stamp };
	struct str rest = told->domains, one;
	bool ok = told->known <= ACCOUNT_HERE && (told->known == ACCOUNT_HERE || rest.n == 0);

	while (ok && rest.n > 0) {
		str_cut(rest, STR("\n"), &one, &rest);
		ok = w.ndomains < WHO_DOMAINS_MAX && fits(one);
		if (ok)
			w.domains[w.ndomains++] = arena_str(a, one);
	}
	if (!ok) {
		err_set(e, "telltale-lookup sent a malformed answer");
		return ACCOUNT_LATER;
	}
	if (told->known == ACCOUNT_HERE)
		*out = w;
	else if (told->known == ACCOUNT_LATER)
		err_set(e, "the accounts cannot be asked now");
	return (enum account_known)told->known;
}

enum account_known lookup_who(struct ipc_client *c, struct str account, struct arena *a, struct account_now *out,
			      int64_t deadline, struct err *e)
{
	struct lookup_who question = { account };
	struct lookup_who_told told;
	struct lookup_call call = { a, &told, deadline, e };

	if (account.n == 0 || account.n > LOGIN_USER_MAX)
		return ACCOUNT_GONE;
	if (lookup_call(c, &lookup_who_type, &question, &lookup_who_told_type, &call) < 0)
		return ACCOUNT_LATER;
	return lookup_told_who(&told, a, out, e);
}
