#include "mail/encode.h"

#include <string.h>

#include "base/base64.h"

enum { LINE_MOST = 76 };

/* ---- quoted-printable ---- */

static void put_unit(struct encode_qp *q, const char *unit, size_t n, struct buf *out)
{
	if (q->column + n > LINE_MOST - 1) {
		buf_add(out, "=\r\n", 3);
		q->column = 0;
	}
	buf_add(out, unit, n);
	q->column += n;
}

static void put_hex(struct encode_qp *q, unsigned char c, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const char unit[3] = { '=', digits[c >> 4], digits[c & 15] };

	put_unit(q, unit, sizeof(unit), out);
}

/* Of a space or tab it is known now that more stands behind it on its line, or that nothing does. */
static void let_go(struct encode_qp *q, bool last, struct buf *out)
{
	if (q->held != 0 && last)
		put_hex(q, (unsigned char)q->held, out);
	else if (q->held != 0)
		put_unit(q, &q->held, 1, out);
	q->held = 0;
}

void encode_qp_put(struct encode_qp *q, struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		let_go(q, false, out);
		if (c == ' ' || c == '\t')
			q->held = c;
		else if (c > ' ' && c <= '~' && c != '=')
			put_unit(q, &c, 1, out);
		else
			put_hex(q, (unsigned char)c, out);
	}
}

void encode_qp_line(struct encode_qp *q, struct buf *out)
{
	let_go(q, true, out);
	buf_add(out, "\r\n", 2);
	q->column = 0;
}

void encode_qp_end(struct encode_qp *q, struct buf *out)
{
	let_go(q, true, out);
}

/* ---- base64 ---- */

static void end_line(struct encode_base64 *b, struct buf *out)
{
	base64_encode(str_mem(b->line, b->n), out);
	buf_add(out, "\r\n", 2);
	b->n = 0;
}

void encode_base64_put(struct encode_base64 *b, struct str bytes, struct buf *out)
{
	while (bytes.n > 0) {
		struct str piece = str_take(bytes, sizeof(b->line) - b->n);

		memcpy(b->line + b->n, piece.p, piece.n);
		b->n += piece.n;
		bytes = str_skip(bytes, piece.n);
		if (b->n == sizeof(b->line))
			end_line(b, out);
	}
}

void encode_base64_end(struct encode_base64 *b, struct buf *out)
{
	if (b->n > 0)
		end_line(b, out);
}
