/* Whatever stands in a TXT record: it is a key within our limits, or there is a word why not. */
#include "base/err.h"
#include "vouch/key.h"

static void check(struct str record, struct arena *a)
{
	static const unsigned char digest[32];
	struct key k;
	const char *why = key_read(record, a, &k);

	if (why == NULL) {
		MUST((k.pkey == NULL) == (k.revoked || k.weak || k.vast));
		MUST(k.pkey == NULL || k.bits == 256 || (k.bits >= KEY_RSA_MIN && k.bits <= KEY_RSA_MAX));
	}
	if (why == NULL && k.pkey != NULL)
		MUST(!key_verify(&k, STR("not a signature"), digest));
	key_clear(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), text, n, e;
	ARENA(a);

	check(in, &a);
	if (key_text(in, &a, &text))
		check(text, &a);
	if (key_read_rsa(in, &n, &e))
		MUST(n.n + e.n < size && n.n > 0 && e.n > 0 && n.p[0] != 0 && e.p[0] != 0);
	return 0;
}
