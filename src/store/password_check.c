/* Does this password belong to that hash? */
#include <crypt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/password.h"

_Atomic uint64_t password_checks;

static const struct str argon = STR_INIT("$argon2id$");

static bool is_hash_byte(char c)
{
	return c > ' ' && c < 127 && c != ':' && c != '\\' && c != '*' && c != '!';
}

/* "$argon2id$v=19$m=65536,t=3,p=1$...": as much memory as it says, within bounds. */
static bool argon_ok(struct str hash)
{
	struct str head, rest;
	uint64_t kib;

	if (hash.n >= crypto_pwhash_STRBYTES)
		return false;
	str_cut(str_skip(hash, argon.n), STR("$"), &head, &rest);
	str_cut(rest, STR(","), &head, &rest);
	return str_eqz(str_take(head, 2), "m=") && str_u64(str_skip(head, 2), ARGON_MEMORY_MAX_KIB, &kib);
}

bool password_checkable(struct str hash)
{
	char z[HASH_MAX + 1];
	int code;

	if (hash.n < 13 || hash.n > HASH_MAX) /* 13: the oldest of all, of DES */
		return false;
	for (size_t i = 0; i < hash.n; i++)
		if (!is_hash_byte(hash.p[i]))
			return false;
	if (str_starts(hash, argon))
		return argon_ok(hash);
	memcpy(z, hash.p, hash.n);
	z[hash.n] = '\0';
	code = crypt_checksalt(z);
	return code != CRYPT_SALT_INVALID && code != CRYPT_SALT_METHOD_DISABLED;
}

static enum password check_argon(const char *hash, const char *plain)
{
	char z[crypto_pwhash_STRBYTES] = { 0 };

	memcpy(z, hash, strlen(hash));
	MUST(sodium_init() >= 0); /* once; then it costs nothing */
	errno = 0;
	if (crypto_pwhash_str_verify(z, plain, strlen(plain)) == 0)
		return PASSWORD_FITS;
	return errno == EINVAL ? PASSWORD_WRONG : PASSWORD_UNKNOWN;
}

static enum password check_crypt(const char *hash, const char *plain)
{
	struct crypt_data *work = mem_alloc(sizeof(*work));
	const char *made;
	enum password result;

	made = crypt_r(plain, hash, work);
	if (made == NULL || strlen(made) != strlen(hash)) /* "*0", or the hash is not whole */
		result = PASSWORD_UNKNOWN;
	else /* as long for two that differ early as for two that differ late */
		result = sodium_memcmp(made, hash, strlen(hash)) == 0 ? PASSWORD_FITS : PASSWORD_WRONG;
	explicit_bzero(work, sizeof(*work));
	free(work);
	return result;
}

enum password password_check(struct str hash, struct str password)
{
	char plain[PASSWORD_MAX + 1] = { 0 }, z[HASH_MAX + 1] = { 0 };
	bool possible = password.n > 0 && password.n <= PASSWORD_MAX && str_chr(password, '\0') < 0;
	enum password result;

	if (!password_checkable(hash))
		return PASSWORD_UNKNOWN;
	memcpy(z, hash.p, hash.n);
	memcpy(plain, possible ? password.p : "x", possible ? password.n : 1);
	password_checks++;
	result = str_starts(hash, argon) ? check_argon(z, plain) : check_crypt(z, plain);
	explicit_bzero(plain, sizeof(plain));
	return result == PASSWORD_FITS && !possible ? PASSWORD_WRONG : result;
}
