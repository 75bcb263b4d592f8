/* wire/client_inside.h - a message on its way, for the files that make up the client; nobody else includes this. */
#ifndef WIRE_CLIENT_INSIDE_H
#define WIRE_CLIENT_INSIDE_H

#include "mail/downgrade.h"
#include "wire/client.h"

enum { CLIENT_CHUNK = 16 * 1024 };

struct sending {
	struct client *c;
	const struct client_message *m;
	bool eightbit, utf8;    /* what is in it */
	bool chunk;             /* it goes in one BDAT, with its envelope (RFC 3030) */
	struct downgrade *down; /* it is made 7-bit on its way; else NULL */
};

/* The piece at `at` of the message, into `in`: its length; -1 with *e. */
ssize_t client_piece(const struct client_message *m, uint64_t at, char in[CLIENT_CHUNK], struct err *e);
/* An 8-bit message for a server that takes none: s->down is ready, or CLIENT_NO_8BIT with c->why. */
enum client_end client_downgrade(struct sending *s);
/* BDAT and the message wait in the wire. */
enum client_end client_chunk(struct sending *s);
/* After the 354: all of the message, and the answer to it. */
enum client_end client_body(struct sending *s);

#endif
