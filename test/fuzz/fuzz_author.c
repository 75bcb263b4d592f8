/* A From field of any bytes: a bounded list of domains that mail accepts, and one alone where nothing is in doubt. */
#include "base/err.h"
#include "mail/addr.h"
#include "vouch/author.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct str from[2];
	struct authors x, again;

	str_cut(str_mem(data, size), STR("\n\n"), &from[0], &from[1]);
	authors_read(from, 1, &a, &x);
	MUST(x.n <= AUTHORS_MAX && (!x.more || x.why != NULL));
	MUST(x.why != NULL || x.n == 1);
	for (size_t i = 0; i < x.n; i++) {
		MUST(addr_domain_ok(x.domain[i]) && x.domain[i].p[0] != '[');
		MUST(str_eq(x.domain[i], arena_lower(&a, x.domain[i])));
		for (size_t k = 0; k < i; k++)
			MUST(!str_eq(x.domain[i], x.domain[k]));
	}
	if (x.n > 0)
		MUST(str_chr(from[0], '@') >= 0);
	authors_read(from, 2, &a, &again);
	MUST(again.why != NULL && again.n >= x.n);
	return 0;
}
