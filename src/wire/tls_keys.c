/* A certificate and its key: read, checked. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "wire/tls_inside.h"

const char *tls_reason(void)
{
	unsigned long code = ERR_get_error();
	const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return why != NULL ? why : "OpenSSL gives no reason";
}

int tls_err(struct err *e, const char *fmt, ...)
{
	const char *why = tls_reason();
	char said[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	return err_set(e, "%s: %s", said, why);
}

/* A key with a password is refused, not asked about: nobody sits here. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *reader(struct str pem)
{
	return BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)pem.n);
}

/* The certificates behind the first one.  True when nothing else but their end was met. */
static bool use_chain(SSL_CTX *ctx, BIO *in)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(in, NULL, no_password, NULL)) != NULL) {
		int ok = SSL_CTX_add1_chain_cert(ctx, x);

		X509_free(x);
		if (ok != 1)
			return false;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static int use_certificate(SSL_CTX *ctx, struct str pem, struct err *e)
{
	BIO *in = reader(pem);
	X509 *x = in == NULL ? NULL : PEM_read_bio_X509_AUX(in, NULL, no_password, NULL);
	bool ok = x != NULL && SSL_CTX_use_certificate(ctx, x) == 1 && use_chain(ctx, in);
	int rc = ok ? 0 : tls_err(e, "the certificate cannot be used");

	X509_free(x);
	BIO_free(in);
	return rc;
}

static int use_key(SSL_CTX *ctx, struct str pem, struct err *e)
{
	BIO *in = reader(pem);
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	int rc = 0;

	if (key == NULL)
		rc = tls_err(e, "the key cannot be read (one with a password cannot be used)");
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		rc = tls_err(e, "the key cannot be used with this certificate");
	EVP_PKEY_free(key);
	BIO_free(in);
	return rc;
}

int tls_use_keys(SSL_CTX *ctx, struct str certificate, struct str key, struct err *e)
{
	ERR_clear_error();
	if (certificate.n > TLS_PEM_MAX || key.n > TLS_PEM_MAX)
		return err_set(e, "a certificate or key of more than %d bytes", TLS_PEM_MAX);
	if (use_certificate(ctx, certificate, e) < 0 || use_key(ctx, key, e) < 0)
		return -1;
	if (SSL_CTX_check_private_key(ctx) != 1)
		return tls_err(e, "certificate and key do not belong together");
	return 0;
}

int tls_check(struct str certificate, struct str key, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int rc = ctx == NULL ? tls_err(e, "TLS cannot be set up") : tls_use_keys(ctx, certificate, key, e);

	SSL_CTX_free(ctx);
	return rc;
}
