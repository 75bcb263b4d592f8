/* wire/tls.h - TLS: certificate and key, and the one context that all sessions of a program share.
 *
 * TLS 1.2 and 1.3, no renegotiation, no compression.  Everything of OpenSSL
 * that is needed later is set up by tls_open(), before the sandbox closes: from
 * then on no file is opened.  wire/conn.h stands in front of it: the session
 * never sees a record, only two byte streams that are encrypted or not.
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

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

#endif
