#include "vouch/sha256.h"

#include <openssl/evp.h>
#include "base/err.h"

/* struct sha256 is OpenSSL's context under a name that says what is in it. */
static EVP_MD_CTX *in(struct sha256 *s)
{
	return (EVP_MD_CTX *)(void *)s;
}

/* These fail for lack of memory only. */
struct sha256 *sha256_new(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	MUST(c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
	return (struct sha256 *)(void *)c;
}

void sha256_add(struct sha256 *s, struct str piece)
{
	MUST(EVP_DigestUpdate(in(s), piece.p, piece.n) == 1);
}

void sha256_get_with(const struct sha256 *s, struct str last, unsigned char out[SHA256_SIZE])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	MUST(copy != NULL && EVP_MD_CTX_copy_ex(copy, (const EVP_MD_CTX *)(const void *)s) == 1);
	MUST(EVP_DigestUpdate(copy, last.p, last.n) == 1);
	MUST(EVP_DigestFinal_ex(copy, out, NULL) == 1);
	EVP_MD_CTX_free(copy);
}

void sha256_get(const struct sha256 *s, unsigned char out[SHA256_SIZE])
{
	sha256_get_with(s, STR(""), out);
}

void sha256_free(struct sha256 *s)
{
	EVP_MD_CTX_free(in(s));
}
