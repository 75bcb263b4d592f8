/* mail/header.h - walk over a message's header while its bytes come in.
 *
 * Fed with the message in pieces of any size (CRLF line ends), it knows where
 * the header ends and how many fields of each counted name it had.  What it
 * says does not depend on how the bytes were cut into pieces.  It keeps
 * nothing of the message but the name of the current field: its memory is this struct.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

#define HEADER_NAME_MAX 80  /* a longer name is a field that we do not count */
#define HEADER_HOPS_MAX 100 /* more Received fields than this: the message is looping (RFC 5321 6.3) */

struct header {
	bool ended;            /* an empty line, or a line that is no field, has come: what follows is the body */
	bool malformed;        /* the header ended with a line that is no field */
	uint64_t bytes;        /* length of the header with its empty line (so far, until ended) */
	uint64_t fields;       /* fields, folded lines not counted */
	uint64_t received;     /* fields named Received */
	uint64_t delivered_to; /* fields named Delivered-To */

	/* the walk's own place */
	enum header_at { HEADER_LINE, HEADER_NAME, HEADER_GAP, HEADER_VALUE, HEADER_CR } at;
	bool cr;
	uint64_t line; /* bytes of the current line */
	size_t n;
	char name[HEADER_NAME_MAX];
};

/* A zeroed struct header stands before the first byte. */
void header_feed(struct header *h, const char *p, size_t n);

#endif
