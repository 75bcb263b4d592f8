/* wire/conn.h - a conversation's two byte streams: what came in and is not yet used, what is to go out.
 *
 * Only wire_fill() reads the descriptor and only wire_flush() writes it; there
 * stands the layer between us and the socket (TLS).  Once a handshake has begun
 * no byte passes in the clear any more, however it ended, and what a client
 * sends after the end of its encrypted stream is not read.
 * The descriptor must be non-blocking: then no call outlasts its deadline.
 */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include "base/buf.h"
#include "base/io.h"
#include "base/str.h"
#include "wire/tls.h"

#define WIRE_CHUNK 16384 /* most bytes of input that wait to be used */
#define WIRE_BATCH 8192  /* replies kept together at most before they are sent */

struct wire {
	int fd;
	struct tls_stream *tls; /* NULL: in the clear, or shut */
	bool shut;              /* nothing passes in the clear: a handshake is still to come, or it failed */
	char *in;               /* WIRE_CHUNK bytes while there is input, NULL while we wait for some */
	size_t at, n;           /* unused input is in[at..n) */
	unsigned full;          /* how often in turn all of it was filled at once: more may be there already */
	struct buf out;
};

void wire_init(struct wire *w, int fd); /* takes the descriptor */
void wire_clear(struct wire *w);        /* says goodbye, as far as that takes no waiting, and closes it */

/* The server's side of a handshake.  All input at hand is used and all output sent before.  On -1 the wire is shut;
 * *e as tls_accept() has it. */
int wire_start_tls(struct wire *w, struct tls *t, struct str service, int64_t deadline, struct err *e);
/* The client's side.  What the server has sent ahead of the handshake is not looked at: somebody else may have said it
 * (RFC 3207, 6). */
int wire_connect_tls(struct wire *w, struct tls *t, const struct tls_peer *peer, int64_t deadline, struct err *e);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty in the clear. */
struct str wire_encryption(const struct wire *w);

/* Input at hand, without waiting; valid until the next wire_fill(). */
struct str wire_input(const struct wire *w);
void wire_used(struct wire *w, size_t n);
/* Wipe the input that was used, now: it was a secret.  (It is wiped anyway before more is read.) */
void wire_wipe(struct wire *w);
/* More input: 1 some came, 0 the peer closed, -1 with errno (ETIMEDOUT at the deadline).
 * Call it only when all input at hand is used. */
int wire_fill(struct wire *w, int64_t deadline);
/* Could wire_fill() answer before the deadline (0: without waiting)? */
bool wire_more(const struct wire *w, int64_t deadline);
/* After the last flush: say that nothing more comes, and hear the client out until it hangs up, at most until the
 * deadline.  What it still sends would else reset the connection, and a reset may overtake our last words. */
void wire_linger(struct wire *w, int64_t deadline);
/* Send all of out: 0, or -1 with errno; out is empty afterwards in both cases. */
int wire_flush(struct wire *w, int64_t deadline);

#endif
