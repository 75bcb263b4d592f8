#include "deliver/copy.h"

#include "base/buf.h"
#include "base/io.h"
#include "deliver/head.h"

#define CHUNK (128 * 1024)

/* CRLF to LF.  *cr: the last byte of the chunk before was a CR that is still to be written. */
static void add_lf(struct buf *out, struct str in, bool *cr)
{
	while (in.n > 0) {
		ptrdiff_t at = *cr ? 0 : str_chr(in, '\r');

		if (*cr) {
			if (in.p[0] != '\n')
				buf_addc(out, '\r');
			*cr = false;
			continue;
		}
		buf_add(out, in.p, at < 0 ? in.n : (size_t)at);
		*cr = at >= 0;
		in = str_skip(in, at < 0 ? in.n : (size_t)at + 1);
	}
}

static void add_head(const struct copy *c, struct buf *b)
{
	buf_adds(b, "Return-Path: <");
	head_put_address(b, c->sender);
	buf_adds(b, ">\nDelivered-To: ");
	head_put_address(b, c->final);
	buf_addc(b, '\n');
}

/* The next bytes of the message, as many as a chunk holds. */
static int read_chunk(const struct copy *c, struct buf *raw, uint64_t at)
{
	uint64_t left = c->size - at;
	size_t n = left < CHUNK ? (size_t)left : CHUNK;

	buf_reset(raw);
	buf_need(raw, n);
	if (io_pread_all(c->from, raw->p, n, (off_t)(c->offset + at)) < 0)
		return -1;
	raw->n = n;
	return 0;
}

static enum copied write_out(const struct copy *c, const struct head *h, struct buf *out, struct err *e)
{
	if (h->loops)
		return COPY_LOOPS;
	if (io_write_all(c->to, out->p, out->n) < 0)
		return err_sys(e, "write message"), COPY_UNWRITABLE;
	buf_reset(out);
	return COPIED;
}

enum copied copy_message(const struct copy *c, struct err *e)
{
	BUF(raw);
	BUF(text);
	BUF(out);
	struct head h = { .final = c->final };
	enum copied rc = COPIED;
	bool cr = false;

	add_head(c, &out);
	for (uint64_t at = 0; at < c->size && rc == COPIED; at += raw.n) {
		if (read_chunk(c, &raw, at) < 0)
			return err_sys(e, "read message"), COPY_UNREADABLE;
		buf_reset(&text);
		add_lf(&text, buf_str(&raw), &cr);
		head_feed(&h, buf_str(&text), &out);
		if (out.n >= CHUNK || h.loops)
			rc = write_out(c, &h, &out, e);
	}
	if (rc != COPIED)
		return rc;
	if (cr)
		head_feed(&h, STR("\r"), &out);
	head_end(&h, &out);
	return write_out(c, &h, &out, e);
}
