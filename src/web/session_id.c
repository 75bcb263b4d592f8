#include "web/session_id.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/random.h>

void session_hash(const char *what, struct str id, unsigned char out[SESSION_HASH])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c == NULL || EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(c, what, strlen(what)) != 1 || EVP_DigestUpdate(c, id.p, id.n) != 1 ||
	    EVP_DigestFinal_ex(c, out, NULL) != 1)
		BUG("SHA-256 cannot be computed");
	EVP_MD_CTX_free(c);
}

static void put_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

void session_new_id(char id[SESSION_ID + 1])
{
	unsigned char bytes[SESSION_ID / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		BUG("the system has no random bytes");
	put_hex(bytes, sizeof(bytes), id);
	explicit_bzero(bytes, sizeof(bytes));
}

bool session_is_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_isdigit(id.p[i]) && (id.p[i] < 'a' || id.p[i] > 'f'))
			return false;
	return id.n == SESSION_ID;
}

void session_token(struct str id, char token[SESSION_TOKEN + 1])
{
	unsigned char hash[SESSION_HASH];

	session_hash("token ", id, hash);
	put_hex(hash, SESSION_TOKEN / 2, token);
}

bool session_same(struct str a, struct str b)
{
	return a.n == b.n && CRYPTO_memcmp(a.p != NULL ? a.p : "", b.p != NULL ? b.p : "", a.n) == 0;
}
