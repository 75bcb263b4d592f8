/* wire/tls.h - TLS: certificate and key, and the one context that all sessions of a program share.
 *
 * TLS 1.2 and 1.3, no renegotiation, no compression.  Everything of OpenSSL
 * that is needed later is set up by tls_open(), before the sandbox closes: from
 * then on no file is opened.  wire/conn.h stands in front of it: the session
 * never sees a record, only two byte streams that are encrypted or not.
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <sys/types.h>
#include "base/err.h"
#include "base/str.h"

#define TLS_PEM_MAX (1 << 20) /* most bytes of a certificate file (its chain) or a key file */

/* ---- certificate and key as bytes (PEM) ---- */

/* Can a server work with these two: 0; -1 with the reason in *e, when one of them cannot be read, the key has a
 * password, or they do not belong together.  The first certificate is the server's, the rest its chain. */
int tls_check(struct str certificate, struct str key, struct err *e);

/* A new P-256 key and a certificate for it that vouches for itself, for hostname and localhost, ten years.  Makes
 * their folders.  Both files are replaced atomically, mode 0600, the certificate last: where one lies, a key lies. */
int tls_make_self_signed(const char *hostname, const char *cert_path, const char *key_path, struct err *e);

/* ---- the context ---- */

struct tls;

/* From the same bytes; NULL: *e says why.  Any number of threads may use it at the same time. */
struct tls *tls_open(struct str certificate, struct str key, struct err *e);
/* What is spoken inside, where a client asks for it by name (ALPN): "smtp" unless this says another; a literal. */
void tls_speak(struct tls *t, const char *protocol);
/* The same for who connects: certificates are judged by `authorities` (PEM; may be empty: then none is good), for
 * those connections that ask for it. */
struct tls *tls_open_client(struct str authorities, struct err *e);
void tls_free(struct tls *t);

/* ---- one connection; for wire/conn.c ---- */

struct tls_stream;

/* Be the server of a handshake on a non-blocking socket, which stays the caller's.  A session ticket given out for one
 * service (a listener's label) is worth nothing at another.  NULL: e->code is ETIMEDOUT, what broke the connection
 * (ECONNRESET when the client closed it), or EPROTO with OpenSSL's reason in e->text. */
struct tls_stream *tls_accept(struct tls *t, int fd, struct str service, int64_t deadline, struct err *e);
/* What DNS says of a server's certificate (a TLSA record, RFC 6698), as far as mail uses it (RFC 7672, 3.1). */
struct tls_pin {
	enum { TLS_PIN_CA = 2, TLS_PIN_SERVER = 3 } usage;
	enum { TLS_PIN_WHOLE = 0, TLS_PIN_KEY = 1 } selector;
	enum { TLS_PIN_AS_IS = 0, TLS_PIN_SHA256 = 1, TLS_PIN_SHA512 = 2 } match;
	struct str data;
};
/* Read the rdata of one; false when a mail server's certificate cannot be judged by it: another usage, selector or
 * digest, or data that is none. */
bool tls_pin_read(struct str rdata, struct tls_pin *out);

/* What is wrong with the certificate that a server showed. */
enum tls_fault {
	TLS_FAULT_NONE,
	TLS_FAULT_EXPIRED,
	TLS_FAULT_NAME,      /* it is somebody else's */
	TLS_FAULT_UNTRUSTED, /* nobody we know vouches for it */
	TLS_FAULT_OTHER,     /* something else, or no handshake came about */
};

/* Be the client of one; t is of tls_open_client().  The same errors. */
struct tls_peer {
	const char *name;           /* the server's, for SNI and its certificate; or its address */
	bool verify;                /* no stream without a certificate that is good for that name */
	const struct tls_pin *pins; /* with any: one that they fit, and the authorities count for nothing */
	size_t npins;
	const char *const *also; /* further names that a certificate under a TLS_PIN_CA may bear */
	size_t nalso;
	enum tls_fault *fault; /* NULL, or where it goes what is wrong, though nothing is verified too */
};
struct tls_stream *tls_connect(struct tls *t, int fd, const struct tls_peer *peer, int64_t deadline, struct err *e);
/* Say goodbye (close_notify), as far as that takes no waiting, and free. */
void tls_end(struct tls_stream *s);
/* As io_read() and io_write(): whatever ends the encrypted stream ends it for good, and nothing of what follows on the
 * socket is read.  One exception: when the network cuts us off while we write, what the other side had sent encrypted
 * before can still be read. */
ssize_t tls_read(struct tls_stream *s, void *p, size_t n, int64_t deadline);
int tls_write(struct tls_stream *s, const void *p, size_t n, int64_t deadline);
/* Has something been received that tls_read() has not given out? */
bool tls_pending(const struct tls_stream *s);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384"; lives as long as the stream. */
struct str tls_words(const struct tls_stream *s);

#endif
