/* Keys made and written down; apart from base/conf.h, whose words OpenSSL's headers have too. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "sign/keyring.h"

enum { ED25519_BYTES = 32 };

EVP_PKEY *keyring_make(enum key_type type, unsigned bits, struct err *e)
{
	EVP_PKEY *key = type == KEY_RSA ? EVP_RSA_gen(bits) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (key == NULL)
		err_set(e, "OpenSSL makes no %s key", keyring_type_word(type));
	ERR_clear_error();
	return key;
}

int keyring_pem(EVP_PKEY *key, struct buf *out, struct err *e)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	long n = 0;

	if (b != NULL && PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1)
		n = BIO_get_mem_data(b, &p);
	if (n > 0) {
		buf_add(out, p, (size_t)n);
		OPENSSL_cleanse(p, (size_t)n);
	}
	BIO_free(b);
	ERR_clear_error();
	return n > 0 ? 0 : err_set(e, "the key cannot be written down");
}

/* RFC 8463: the bare key; RFC 6376: SubjectPublicKeyInfo. */
void keyring_record(EVP_PKEY *key, struct buf *out)
{
	bool ed = EVP_PKEY_is_a(key, "ED25519");
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	MUST(n > ED25519_BYTES);
	buf_fmt(out, "v=DKIM1; k=%s; p=", ed ? "ed25519" : "rsa");
	base64_encode(ed ? str_mem(der + n - ED25519_BYTES, ED25519_BYTES) : str_mem(der, (size_t)n), out);
	OPENSSL_free(der);
}
