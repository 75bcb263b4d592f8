/* wire/tls_inside.h - what the files of TLS share. */
#ifndef WIRE_TLS_INSIDE_H
#define WIRE_TLS_INSIDE_H

#include <openssl/ssl.h>
#include "wire/tls.h"

struct tls {
	SSL_CTX *ctx;
};

/* What OpenSSL has against it, in its own words; its errors are taken. */
const char *tls_reason(void);
/* Like err_sys(): the sentence, then what OpenSSL has against it; its errors are taken. */
int tls_err(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Certificate, chain and key into the context, and do they belong together? */
int tls_use_keys(SSL_CTX *ctx, struct str certificate, struct str key, struct err *e);

/* Set a connection up for the server that is expected; false: it cannot be. */
bool tls_expect(SSL *ssl, const struct tls_peer *peer);
/* What was wrong with the certificate of the handshake. */
enum tls_fault tls_fault_of(const SSL *ssl);

#endif
