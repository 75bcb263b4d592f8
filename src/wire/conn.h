/* wire/conn.h - a conversation's two byte streams: what came in and is not yet used, what is to go out.
 *
 * Only wire_fill() reads the descriptor and only wire_flush() writes it, so
 * that a layer between us and the socket (TLS) has two places to stand in.
 * The descriptor must be non-blocking: then no call outlasts its deadline.
 */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include "base/buf.h"
#include "base/io.h"
#include "base/str.h"

#define WIRE_CHUNK 16384 /* most bytes of input that wait to be used */
#define WIRE_BATCH 8192  /* replies kept together at most before they are sent */

struct wire {
	int fd;
	char *in;     /* WIRE_CHUNK bytes, allocated by the first read */
	size_t at, n; /* unused input is in[at..n) */
	struct buf out;
};

void wire_init(struct wire *w, int fd); /* takes the descriptor */
void wire_clear(struct wire *w);        /* closes it */

/* Input at hand, without waiting; valid until the next wire_fill(). */
struct str wire_input(const struct wire *w);
void wire_used(struct wire *w, size_t n);
/* More input: 1 some came, 0 the peer closed, -1 with errno (ETIMEDOUT at the deadline).
 * Call it only when all input at hand is used. */
int wire_fill(struct wire *w, int64_t deadline);
/* Could wire_fill() answer without waiting? */
bool wire_more(const struct wire *w);
/* Send all of out: 0, or -1 with errno; out is empty afterwards in both cases. */
int wire_flush(struct wire *w, int64_t deadline);

#endif
