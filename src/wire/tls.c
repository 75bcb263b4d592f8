/* The context: what we speak, and what we never do. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include "wire/tls_inside.h"

/* Authenticated encryption with forward secrecy; of TLS 1.3 everything is that. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"

/* A client that offers protocols and not ours means another server than us (ALPACA). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in,
			   unsigned int n, void *arg)
{
	const char *ours = arg;
	struct str rest = str_mem(in, n);

	(void)ssl;
	while (rest.n > 0) {
		size_t len = (unsigned char)rest.p[0];
		struct str name = str_take(str_skip(rest, 1), len);

		if (str_eqz(name, ours)) {
			*out = (const unsigned char *)name.p;
			*outlen = (unsigned char)name.n;
			return SSL_TLSEXT_ERR_OK;
		}
		rest = str_skip(rest, 1 + len);
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void tls_speak(struct tls *t, const char *protocol)
{
	SSL_CTX_set_alpn_select_cb(t->ctx, choose_protocol, (void *)(uintptr_t)protocol);
}

static void never_ask_for_a_file(void)
{
	/* The machine's openssl.cnf has no say: what we speak stands here. */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

/* Random numbers work, so their sources are open from here on. */
static bool random_works(void)
{
	unsigned char c[1];

	return RAND_bytes(c, 1) == 1 && RAND_priv_bytes(c, 1) == 1;
}

static bool set_up(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
				     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CLEANSE_PLAINTEXT |
				     /* A connection that is cut ends the session just as one that is closed. */
				     SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Buffers are given back while a session is idle. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
	/* Tickets are the clients' to keep; we remember nobody. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_dh_auto(ctx, 1);
	return random_works() && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1;
}

struct tls *tls_open(struct str certificate, struct str key, struct err *e)
{
	struct tls *t = mem_alloc(sizeof(*t));
	int rc;

	never_ask_for_a_file();
	t->ctx = SSL_CTX_new(TLS_server_method());
	if (t->ctx == NULL || !set_up(t->ctx))
		rc = tls_err(e, "TLS cannot be set up");
	else
		rc = tls_use_keys(t->ctx, certificate, key, e);
	if (rc == 0) {
		tls_speak(t, "smtp");
		return t;
	}
	tls_free(t);
	return NULL;
}

/* All certificates of the file; an authority that stands there twice is no mistake. */
static bool add_authorities(SSL_CTX *ctx, struct str pem)
{
	BIO *in = BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)pem.n);
	X509 *x;
	bool ok = in != NULL;

	while (ok && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1;
		X509_free(x);
	}
	ok = ok && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (ok)
		ERR_clear_error();
	BIO_free(in);
	return ok;
}

static bool set_up_client(SSL_CTX *ctx, struct str authorities)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT |
				     SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return random_works() && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_dane_enable(ctx) == 1 && add_authorities(ctx, authorities);
}

struct tls *tls_open_client(struct str authorities, struct err *e)
{
	struct tls *t = mem_alloc(sizeof(*t));

	never_ask_for_a_file();
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (t->ctx != NULL && set_up_client(t->ctx, authorities))
		return t;
	(void)tls_err(e, "TLS for other servers cannot be set up");
	tls_free(t);
	return NULL;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}
