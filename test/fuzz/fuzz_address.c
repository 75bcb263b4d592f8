/* What parses is written back as text that parses to the same parts, and lengths keep their limits. */
#include <stdlib.h>
#include "base/err.h"
#include "mail/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	BUF(text);
	struct cur c = cur_of(str_mem(data, size)), again;
	struct addr x, y;

	if (addr_parse_path(&c, &a, &x) < 0) {
		MUST(c.why != NULL);
		return 0;
	}
	MUST(x.local.n <= ADDR_LOCAL_MAX && x.domain.n <= ADDR_DOMAIN_MAX);
	buf_addc(&text, '<');
	addr_put(&text, &x);
	buf_addc(&text, '>');
	again = cur_of(buf_str(&text));
	MUST(addr_parse_path(&again, &a, &y) == 0 && cur_end(&again));
	MUST(str_eq(x.local, y.local) && str_eq(x.domain, y.domain) && x.quoted == y.quoted);
	MUST(addr_key(&a, &x).n <= ADDR_MAX);
	if (x.domain.n > 0)
		MUST(addr_parse(addr_text(&a, &x), &a, &y) == 0 && str_eq(x.local, y.local));
	return 0;
}
