/* One encrypted connection: OpenSSL on a non-blocking socket, under deadlines. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/io.h"
#include "wire/tls_inside.h"

struct tls_stream {
	SSL *ssl;
	int fd;
	bool broken; /* no goodbye is possible any more */
	bool cut;    /* by the network, while we wrote: what the peer had sent before is still there */
	char words[96];
};

/* What OpenSSL's answer means: 1 try again now, 0 the peer has closed, -1 errno says why. */
static int again(struct tls_stream *s, int rc, int64_t deadline)
{
	int code = errno;

	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return io_wait(s->fd, POLLIN, deadline) < 0 ? -1 : 1;
	case SSL_ERROR_WANT_WRITE:
		return io_wait(s->fd, POLLOUT, deadline) < 0 ? -1 : 1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		s->broken = true;
		errno = code != 0 ? code : ECONNRESET;
		return -1;
	default:
		s->broken = true;
		errno = EPROTO;
		return -1;
	}
}

static int shake_hands(struct tls_stream *s, int64_t deadline)
{
	int rc, more;

	do {
		ERR_clear_error();
		errno = 0;
		rc = SSL_do_handshake(s->ssl);
		if (rc == 1)
			return 0;
		more = again(s, rc, deadline);
	} while (more > 0);
	if (more == 0)
		errno = ECONNRESET;
	return -1;
}

/* Takes OpenSSL's errors. */
static void why_not(const SSL *ssl, struct err *e)
{
	int code = errno;
	long verified = SSL_get_verify_result(ssl);

	if (code == EPROTO && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && verified != X509_V_OK)
		(void)err_set(e, "certificate verify failed: %s", X509_verify_cert_error_string(verified));
	else
		(void)err_set(e, "%s", code == EPROTO ? tls_reason() : strerror(code));
	ERR_clear_error();
	e->code = code;
}

/* Sessions are bound to their service: a digest, because a label may be longer than OpenSSL takes. */
static bool bind_to(SSL *ssl, struct str service)
{
	unsigned char id[EVP_MAX_MD_SIZE];
	unsigned int n;

	return EVP_Digest(service.p, service.n, id, &n, EVP_sha256(), NULL) == 1 &&
	       SSL_set_session_id_context(ssl, id, n) == 1;
}

static struct tls_stream *stream_new(struct tls *t, int fd)
{
	struct tls_stream *s = mem_alloc(sizeof(*s));

	s->fd = fd;
	s->ssl = SSL_new(t->ctx);
	if (s->ssl != NULL && SSL_set_fd(s->ssl, fd) == 1)
		return s;
	SSL_free(s->ssl);
	s->ssl = NULL;
	return s;
}

/* True: the handshake has been. */
static bool shake(struct tls_stream *s, bool usable, int64_t deadline, struct err *e)
{
	if (!usable) {
		(void)tls_err(e, "no TLS connection can be made");
		return false;
	}
	if (shake_hands(s, deadline) < 0) {
		why_not(s->ssl, e);
		return false;
	}
	snprintf(s->words, sizeof(s->words), "%s %s", SSL_get_version(s->ssl), SSL_get_cipher_name(s->ssl));
	return true;
}

static struct tls_stream *give_up(struct tls_stream *s)
{
	s->broken = true;
	tls_end(s);
	return NULL;
}

struct tls_stream *tls_accept(struct tls *t, int fd, struct str service, int64_t deadline, struct err *e)
{
	struct tls_stream *s = stream_new(t, fd);
	bool usable = s->ssl != NULL && bind_to(s->ssl, service);

	if (usable)
		SSL_set_accept_state(s->ssl);
	return shake(s, usable, deadline, e) ? s : give_up(s);
}

/* What is wrong with the server: a failed handshake that is not the certificate's is something else. */
static enum tls_fault fault_of(const struct tls_stream *s, bool shaken)
{
	enum tls_fault fault = tls_fault_of(s->ssl);

	return !shaken && fault == TLS_FAULT_NONE ? TLS_FAULT_OTHER : fault;
}

struct tls_stream *tls_connect(struct tls *t, int fd, const struct tls_peer *peer, int64_t deadline, struct err *e)
{
	struct tls_stream *s = stream_new(t, fd);
	bool usable = s->ssl != NULL && tls_expect(s->ssl, peer), shaken;

	if (usable)
		SSL_set_connect_state(s->ssl);
	shaken = shake(s, usable, deadline, e);
	if (peer->fault != NULL)
		*peer->fault = usable ? fault_of(s, shaken) : TLS_FAULT_OTHER;
	if (!shaken)
		return give_up(s);
	/* SSL_VERIFY_PEER ends the handshake otherwise. */
	MUST(!(peer->verify || peer->npins > 0) || SSL_get_verify_result(s->ssl) == X509_V_OK);
	return s;
}

void tls_end(struct tls_stream *s)
{
	if (s == NULL)
		return;
	ERR_clear_error();
	if (!s->broken)
		(void)SSL_shutdown(s->ssl);
	SSL_free(s->ssl);
	ERR_clear_error();
	free(s);
}

ssize_t tls_read(struct tls_stream *s, void *p, size_t n, int64_t deadline)
{
	int more;

	if (s->broken && !s->cut) {
		errno = EPROTO;
		return -1;
	}
	do {
		size_t got;
		int rc;

		ERR_clear_error();
		errno = 0;
		rc = SSL_read_ex(s->ssl, p, n, &got);
		if (rc == 1)
			return (ssize_t)got;
		more = again(s, rc, deadline);
	} while (more > 0);
	return more;
}

int tls_write(struct tls_stream *s, const void *p, size_t n, int64_t deadline)
{
	const char *at = p;

	while (n > 0 && !s->broken) {
		size_t put;
		int rc;

		ERR_clear_error();
		errno = 0;
		rc = SSL_write_ex(s->ssl, at, n, &put);
		if (rc == 1) {
			at += put;
			n -= put;
			continue;
		}
		rc = again(s, rc, deadline);
		s->cut = s->broken && (errno == EPIPE || errno == ECONNRESET);
		if (rc == 0)
			errno = EPIPE;
		if (rc <= 0)
			return -1;
	}
	if (n > 0)
		errno = EPROTO;
	return n > 0 ? -1 : 0;
}

bool tls_pending(const struct tls_stream *s)
{
	return !s->broken && SSL_has_pending(s->ssl) == 1;
}

struct str tls_words(const struct tls_stream *s)
{
	return str_of(s->words);
}
