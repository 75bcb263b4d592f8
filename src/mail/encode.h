/* mail/encode.h - quoted-printable and base64 (RFC 2045, 6.7 and 6.8), written as the bytes come. */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include "base/buf.h"
#include "base/str.h"

/* A zeroed struct stands before the first byte. */
struct encode_qp {
	size_t column;
	char held; /* a space or tab that may end its line; 0: none */
};

void encode_qp_put(struct encode_qp *q, struct str text, struct buf *out); /* text: no line end */
void encode_qp_line(struct encode_qp *q, struct buf *out);                 /* a line end of the text */
void encode_qp_end(struct encode_qp *q, struct buf *out);                  /* the text ends in mid-line */

struct encode_base64 {
	char line[57]; /* what a line of 76 letters says: n bytes of it wait for the rest */
	size_t n;
};

void encode_base64_put(struct encode_base64 *b, struct str bytes, struct buf *out);
void encode_base64_end(struct encode_base64 *b, struct buf *out); /* with the last line's end */

#endif
