/* Whatever stands in a file `keys`: it is refused, or comes back from its writer as it was read. */
#include <string.h>

#include "sign/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keyring r, back;
	struct err e;
	BUF(out);

	if (keyring_parse(str_mem(data, size), &r, &e) < 0)
		return 0;
	for (size_t i = 0; i < r.n; i++)
		MUST(keyring_selector_ok(str_of(r.at[i].selector)) && r.at[i].since >= 0);
	keyring_put(&r, &out);
	MUST(keyring_parse(buf_str(&out), &back, &e) == 0 && back.n == r.n);
	MUST(memcmp(r.at, back.at, r.n * sizeof(r.at[0])) == 0);
	return 0;
}
