/* mail/downgrade_inside.h - struct downgrade, for the files that make it up; nobody else includes this. */
#ifndef MAIL_DOWNGRADE_INSIDE_H
#define MAIL_DOWNGRADE_INSIDE_H

#include "mail/downgrade.h"
#include "mail/encode.h"

enum {
	LINE_MOST = 2000, /* of a line, before it is handed on in pieces */
	HEAD_MOST = 64 * 1024,
	DEPTH_MOST = 16,
	PARTS_MOST = 1000,
	BOUNDARY_MOST = 70 /* RFC 2046, 5.1.1 */
};

/* What a part's body becomes. */
enum way { WAY_AS_IT_IS, WAY_QP, WAY_BASE64 };

enum place { IN_HEAD, IN_BODY, IN_BETWEEN /* preamble, epilogue */ };

struct part {
	bool eightbit; /* its body has such bytes */
	bool not_utf8; /* and they are no UTF-8 */
};

struct enclosing {
	char boundary[BOUNDARY_MOST];
	size_t n;
	bool is_signed, digest;
};

struct downgrade {
	bool writing;
	const char *why; /* it cannot be done */
	struct part part[PARTS_MOST];
	size_t now; /* the part that is read */
	struct enclosing around[DEPTH_MOST];
	size_t depth;
	enum place place;
	enum way way; /* of the body that is read */
	bool fixed;   /* its 8-bit bytes must not change */
	struct buf head, line;
	bool message;  /* the header is a message's own, not a part's */
	bool inside;   /* of a line that was handed on in pieces */
	bool held;     /* a line end of a body that is encoded: the next boundary may own it */
	unsigned utf8; /* continuation bytes that must follow */
	struct encode_qp qp;
	struct encode_base64 base64;
	struct buf *out;
};

/* It cannot be done; only the first reason is told. */
void downgrade_give_up(struct downgrade *d, const char *why);
bool downgrade_signed(const struct downgrade *d); /* in a multipart/signed */

/* downgrade_part.c: a line, or a piece of one, of a header, of a body, of what stands around the parts. */
void downgrade_head(struct downgrade *d, struct str text, bool ended, bool inside);
void downgrade_body(struct downgrade *d, struct str text, bool ended);
void downgrade_between(struct downgrade *d, struct str text, bool ended);
/* A header begins; it is over; it was all that a part had. */
void downgrade_begin_part(struct downgrade *d, bool message);
void downgrade_end_head(struct downgrade *d);
void downgrade_bare_head(struct downgrade *d);
/* The body is over; its last line end is the boundary's, if one follows. */
void downgrade_end_body(struct downgrade *d, bool boundary);

#endif
