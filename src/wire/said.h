/* wire/said.h - another server's reply (RFC 5321 4.2), read from its bytes.
 *
 * No byte of it is believed: it has a code of three digits in each line, all of one class, ends, and is limited in
 * bytes, or it is no reply.  All its lines are kept, up to SAID_KEPT bytes, for the postmaster to read: printable,
 * '\n' between them.
 */
#ifndef WIRE_SAID_H
#define WIRE_SAID_H

#include "wire/conn.h"

enum { SAID_KEPT = 4000, SAID_BYTES_MAX = 64 * 1024 };

struct said {
	int code;        /* of its last line; 0: none */
	struct buf text; /* "250-one\n250 two\n" */
	bool done, bad;
	/* the automaton's own */
	size_t bytes, column;
	int number;
	bool more, cr;
};

/* A zeroed struct stands before the first byte.  Uses bytes up to the reply's end at most; returns how many. */
size_t said_feed(struct said *a, const char *p, size_t n);
void said_reset(struct said *a); /* for the next one; keeps memory */
void said_clear(struct said *a);
/* An answer of that class (2, 3 ...)? */
bool said_is(const struct said *a, int class);
/* The next line of *rest without its code: for the keywords of EHLO. */
bool said_line(struct str *rest, struct str *line);

/* The next reply, whole before the deadline: 0; -1 with errno: ETIMEDOUT, ECONNRESET when the server closed, EPROTO
 * when that is no reply. */
int wire_said(struct wire *w, struct said *a, int64_t deadline);

#endif
