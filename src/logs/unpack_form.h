/* logs/unpack_form.h - inside of unpack.c: what a format's reader is given.
 *
 * A reader takes packed bytes with unpack_more() until none are left, writes
 * where unpack_room() says and reports each piece with unpack_wrote().  What it
 * took but did not use it leaves in in->unused, so that `at` is true.
 */
#ifndef LOGS_UNPACK_FORM_H
#define LOGS_UNPACK_FORM_H

#include "logs/unpack.h"

struct unpack_in {
	int fd; /* -1: all of it stands in `memory` */
	const char *memory;
	char *space;         /* where bytes of fd are put */
	uint64_t given;      /* bytes handed out so far, */
	uint64_t size;       /* of so many */
	size_t unused;       /* of them, when the reader ends */
	const char *why;     /* of UNPACK_DAMAGED */
	bool shrank, failed; /* no more bytes, although `size` was not reached */
};

struct unpack_out {
	struct buf *text;
	size_t left; /* until the limit */
	char spare;  /* at the limit: shows whether there is more */
	bool over;   /* there is */
};

/* The next packed bytes; empty at the end. */
struct str unpack_more(struct unpack_in *in);
/* Where to write, never 0 bytes. */
size_t unpack_room(struct unpack_out *out, char **p);
/* So many were written there; false: the limit is passed, stop. */
bool unpack_wrote(struct unpack_out *out, size_t n);

enum unpack_end unpack_gzip(struct unpack_in *in, struct unpack_out *out);
enum unpack_end unpack_zstd(struct unpack_in *in, struct unpack_out *out);
enum unpack_end unpack_xz(struct unpack_in *in, struct unpack_out *out);

#endif
