#include "gate/sender_fits.h"

#include <libpsl.h>

#include "gate/entry_fits.h"
#include "words/words.h"

/* A name under which others register theirs: "com", "co.uk", "github.io". */
static bool is_registry(struct str domain)
{
	ARENA(a);
	bool yes = str_chr(domain, '.') < 0 || psl_is_public_suffix(psl_builtin(), arena_z(&a, domain)) == 1;

	arena_clear(&a);
	return yes;
}

int sender_fits(struct str sender, const char **asks, struct err *e)
{
	struct str domain = str_skip(sender, 1);

	*asks = NULL;
	if (entry_fits(STR("sender-whitelist-entry"), sender, e) < 0)
		return -1;
	if (!str_starts(sender, STR("@")))
		return 0;
	if (str_starts(domain, STR("[")))
		return err_set(e, "\"%.*s\": not a domain name behind the @", STR_ARG(str_take(sender, 100)));
	if (is_registry(domain))
		return err_set(e, "\"%.*s\": under that name everybody has his own domain: name the sender's",
			       STR_ARG(str_take(sender, 100)));
	if (freemail_has(domain))
		*asks = "anybody gets an address there, those who send spam too";
	return 0;
}
