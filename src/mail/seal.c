#include "mail/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"

enum { MAC = 16, SUM = 32 };

static void sign(struct str key, const char *what, struct str body, unsigned char sum[SUM])
{
	size_t n = 0;
	BUF(b);

	MUST(key.n == SEAL_KEY);
	buf_fmt(&b, "telltale %s ", what);
	buf_addstr(&b, body);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.p, key.n, (const unsigned char *)b.p, b.n, sum, SUM,
		      &n) == NULL)
		BUG("libcrypto has no HMAC-SHA256");
}

static void put_letters(struct buf *b, struct str bytes)
{
	size_t at = b->n;

	base64_encode(bytes, b);
	while (b->n > at && b->p[b->n - 1] == '=')
		buf_trunc(b, b->n - 1);
	for (; at < b->n; at++)
		b->p[at] = (char)(b->p[at] == '+' ? '-' : b->p[at] == '/' ? '_' : b->p[at]);
}

static bool read_letters(struct str text, struct buf *out)
{
	BUF(b);

	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_isalnum(text.p[i]) && text.p[i] != '-' && text.p[i] != '_')
			return false;
		buf_addc(&b, (char)(text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : text.p[i]));
	}
	while (b.n % 4 != 0)
		buf_addc(&b, '=');
	return base64_decode(buf_str(&b), out);
}

void seal_put(struct buf *b, struct str key, const char *what, struct str body)
{
	unsigned char sum[SUM];
	BUF(bytes);

	sign(key, what, body, sum);
	buf_addstr(&bytes, body);
	buf_add(&bytes, sum, MAC);
	put_letters(b, buf_str(&bytes));
}

bool seal_open(struct str text, struct str key, const char *what, struct buf *body)
{
	unsigned char sum[SUM];
	struct str inner;
	BUF(bytes);

	if (!read_letters(text, &bytes) || bytes.n <= MAC)
		return false;
	inner = str_take(buf_str(&bytes), bytes.n - MAC);
	sign(key, what, inner, sum);
	if (CRYPTO_memcmp(sum, bytes.p + inner.n, MAC) != 0)
		return false;
	buf_addstr(body, inner);
	return true;
}
