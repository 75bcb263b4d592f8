/* A line of dns.zone that is taken is written back to a line that means the same; one that is not has a reason. */
#include "dns/zone.h"

#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zone_line x, y;
	const char *why = NULL;
	BUF(one);
	BUF(two);

	if (zone_parse_line(str_mem(data, size), &x, &why) < 0) {
		MUST(why != NULL);
		return 0;
	}
	zone_put_line(&one, &x);
	MUST((x.kind == ZONE_BLANK) == (one.n == 0));
	MUST(str_chr(buf_str(&one), '\n') < 0 && str_chr(buf_str(&one), '\0') < 0);
	MUST(zone_parse_line(buf_str(&one), &y, &why) == 0);
	zone_put_line(&two, &y);
	MUST(x.kind == y.kind && str_eq(buf_str(&one), buf_str(&two)));
	return 0;
}
