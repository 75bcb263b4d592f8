#include "vouch/sign_field.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include "base/base64.h"
#include "vouch/tags.h"

enum { LINE_MAX_SHOWN = 76, TAB_WIDTH = 8, SIGNATURE_BYTES_MAX = 1024 };

void sign_fold(struct field_text *t)
{
	buf_adds(t->out, "\r\n\t");
	t->column = TAB_WIDTH;
}

void sign_put(struct field_text *t, struct str s)
{
	if (t->column + s.n > LINE_MAX_SHOWN && t->column > TAB_WIDTH)
		sign_fold(t);
	buf_addstr(t->out, s);
	t->column += s.n;
}

void sign_tag(struct field_text *t, const char *name, struct str value)
{
	size_t n = str_of(name).n + 1 + value.n + 1;

	if (t->column + 1 + n > LINE_MAX_SHOWN)
		sign_fold(t);
	else
		buf_addc(t->out, ' ');
	buf_fmt(t->out, "%s=%.*s;", name, STR_ARG(value));
	t->column += n + 1;
}

void sign_moment(struct field_text *t, const char *name, int64_t when)
{
	BUF(b);

	if (when == 0)
		return;
	buf_fmt(&b, "%" PRId64, when);
	sign_tag(t, name, buf_str(&b));
}

void sign_put_names(struct field_text *t, struct str names)
{
	struct str rest = names, name;

	sign_fold(t);
	sign_put(t, STR("h="));
	while (tags_item(&rest, &name)) {
		sign_put(t, name);
		sign_put(t, rest.p != NULL ? STR(":") : STR(";"));
	}
}

void sign_base64(struct field_text *t, const unsigned char *p, size_t n)
{
	struct str rest;
	BUF(text);

	base64_encode(str_mem(p, n), &text);
	rest = buf_str(&text);
	while (rest.n > 0) {
		size_t room = LINE_MAX_SHOWN > t->column ? LINE_MAX_SHOWN - t->column : 1;

		sign_put(t, str_take(rest, room));
		rest = str_skip(rest, room);
	}
}

void sign_open(struct field_text *t, struct str text)
{
	buf_addstr(t->out, text);
	t->column = text.n;
}

static bool sign_rsa(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t *n)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	bool good =
	    c != NULL && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 && EVP_PKEY_sign(c, out, n, digest, SHA256_SIZE) == 1;

	EVP_PKEY_CTX_free(c);
	return good;
}

static bool sign_ed25519(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t *n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(c, out, n, digest, SHA256_SIZE) == 1;

	EVP_MD_CTX_free(c);
	return good;
}

bool sign_is_ed25519(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519");
}

struct str sign_algorithm(EVP_PKEY *key)
{
	return sign_is_ed25519(key) ? STR("ed25519-sha256") : STR("rsa-sha256");
}

bool sign_digest(struct field_text *t, EVP_PKEY *key, const unsigned char digest[SHA256_SIZE])
{
	unsigned char bytes[SIGNATURE_BYTES_MAX];
	size_t n = sizeof(bytes);
	bool good = sign_is_ed25519(key) ? sign_ed25519(key, digest, bytes, &n) : sign_rsa(key, digest, bytes, &n);

	ERR_clear_error();
	if (!good)
		return false;
	sign_base64(t, bytes, n);
	buf_adds(t->out, "\r\n");
	return true;
}
