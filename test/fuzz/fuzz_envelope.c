/* What unpacks is packed again to an envelope that unpacks to the same bytes. */
#include <stdlib.h>
#include "mail/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	BUF(one);
	BUF(two);
	struct envelope x, y;
	struct err e = { 0 };

	if (envelope_unpack(str_mem(data, size), &a, &x, &e) < 0) {
		MUST(e.text[0] != '\0');
		return 0;
	}
	envelope_pack(&one, &x);
	MUST(envelope_unpack(buf_str(&one), &a, &y, &e) == 0);
	envelope_pack(&two, &y);
	MUST(str_eq(buf_str(&one), buf_str(&two)));
	MUST(x.nrcpts == y.nrcpts && str_eq(x.sender, y.sender));
	return 0;
}
