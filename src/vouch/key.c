#include "vouch/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include "base/base64.h"
#include "base/err.h"
#include "vouch/tags.h"

bool key_text(struct str rdata, struct arena *a, struct str *text)
{
	char *out;
	size_t n = 0;

	if (rdata.n > KEY_RECORD_MAX)
		return false;
	out = arena_alloc(a, rdata.n + 1);
	while (rdata.n > 0) {
		struct str piece = str_take(str_skip(rdata, 1), (unsigned char)rdata.p[0]);

		if (piece.n != (unsigned char)rdata.p[0])
			return false;
		for (size_t i = 0; i < piece.n; i++)
			out[n++] = piece.p[i];
		rdata = str_skip(rdata, 1 + piece.n);
	}
	*text = str_mem(out, n);
	return true;
}

/* Is one of these words in the list?  An absent list has them all. */
static bool lists(const struct tags *t, const char *name, const char *word, const char * or)
{
	const struct tag *tag = tags_get(t, name);
	struct str rest, item;

	if (tag == NULL)
		return or != NULL;
	rest = tag->value;
	while (tags_item(&rest, &item))
		if (str_eqz(item, word) || (or != NULL && str_eqz(item, or)))
			return true;
	return false;
}

static unsigned bits_of(struct str number)
{
	unsigned top = 0;

	for (unsigned char c = (unsigned char)number.p[0]; c > 0; c >>= 1)
		top++;
	return (unsigned)(number.n - 1) * 8 + top;
}

static BIGNUM *big(struct str s)
{
	return BN_bin2bn((const unsigned char *)s.p, (int)s.n, NULL);
}

static EVP_PKEY *rsa_key(struct str n, struct str e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *bn = big(n), *be = big(e);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (build != NULL && bn != NULL && be != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, be))
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	return key;
}

static const char *read_rsa(struct str der, struct key *k)
{
	struct str n, e;

	k->type = KEY_RSA;
	if (!key_read_rsa(der, &n, &e))
		return "p= is not an RSA key";
	if (e.n > 8)
		return "the RSA key has a huge exponent";
	k->bits = bits_of(n);
	k->weak = k->bits < KEY_RSA_MIN;
	k->vast = k->bits > KEY_RSA_MAX;
	if (!k->weak && !k->vast)
		k->pkey = rsa_key(n, e);
	return k->weak || k->vast || k->pkey != NULL ? NULL : "p= is not an RSA key";
}

static const char *read_ed25519(struct str raw, struct key *k)
{
	k->type = KEY_ED25519;
	k->bits = 256;
	if (raw.n == 32)
		k->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)raw.p, raw.n);
	return k->pkey != NULL ? NULL : "p= is not an Ed25519 key";
}

static const char *read_public(const struct tags *t, struct arena *a, struct key *k)
{
	const struct tag *type = tags_get(t, "k"), *p = tags_get(t, "p");
	struct str text;
	const char *why;
	BUF(bytes);

	if (p == NULL)
		return "the record has no p=";
	k->type = type != NULL && str_eqz(type->value, "ed25519") ? KEY_ED25519 : KEY_RSA;
	if (type != NULL && k->type == KEY_RSA && !str_eqz(type->value, "rsa"))
		return "k= is of no known kind";
	text = tags_unblank(p->value, a);
	k->revoked = text.n == 0;
	if (k->revoked)
		return NULL;
	if (!base64_decode(text, &bytes))
		return "p= is not base64";
	why = k->type == KEY_RSA ? read_rsa(buf_str(&bytes), k) : read_ed25519(buf_str(&bytes), k);
	ERR_clear_error();
	return why;
}

const char *key_read(struct str record, struct arena *a, struct key *out)
{
	const struct tag *v;
	struct tags t;

	*out = (struct key){ .pkey = NULL };
	if (!tags_parse(record, &t))
		return t.why;
	v = tags_get(&t, "v");
	if (v != NULL && (v != t.list || !str_eqz(v->value, "DKIM1")))
		return "v= is not DKIM1, or not first";
	out->testing = lists(&t, "t", "y", NULL);
	out->strict = lists(&t, "t", "s", NULL);
	out->no_sha256 = tags_get(&t, "h") != NULL && !lists(&t, "h", "sha256", NULL);
	out->no_email = !lists(&t, "s", "*", "email");
	return read_public(&t, a, out);
}

void key_clear(struct key *k)
{
	EVP_PKEY_free(k->pkey);
	k->pkey = NULL;
}

static bool verify_rsa(const struct key *k, struct str signature, const unsigned char digest[32])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);
	bool good = c != NULL && EVP_PKEY_verify_init(c) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
		    EVP_PKEY_verify(c, (const unsigned char *)signature.p, signature.n, digest, 32) == 1;

	EVP_PKEY_CTX_free(c);
	return good;
}

/* RFC 8463 3: pure Ed25519 over the digest. */
static bool verify_ed25519(const struct key *k, struct str signature, const unsigned char digest[32])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k->pkey) == 1 &&
		    EVP_DigestVerify(c, (const unsigned char *)signature.p, signature.n, digest, 32) == 1;

	EVP_MD_CTX_free(c);
	return good;
}

bool key_verify(const struct key *k, struct str signature, const unsigned char digest[32])
{
	bool good;

	MUST(k->pkey != NULL);
	good = k->type == KEY_RSA ? verify_rsa(k, signature, digest) : verify_ed25519(k, signature, digest);
	ERR_clear_error();
	return good;
}
