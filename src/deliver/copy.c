#include "deliver/copy.h"

#include <string.h>
#include "base/buf.h"
#include "base/io.h"

#define CHUNK (128 * 1024)
#define LINE_MAX_KEPT 400 /* "Delivered-To: " and the longest address fit well */

/* Looks for our Delivered-To among the header lines as they pass by. */
struct watch {
	struct str final;
	char line[LINE_MAX_KEPT];
	size_t n;  /* bytes of the present line, also those not kept */
	bool body; /* the empty line is behind us */
	bool found;
};

static void watch_line(struct watch *w)
{
	struct str s = { w->line, w->n }, name = STR("Delivered-To:");

	if (w->n == 0)
		w->body = true;
	if (w->n <= sizeof(w->line) && str_istarts(s, name))
		w->found |= str_ieq(str_trim(str_skip(s, name.n)), w->final);
	w->n = 0;
}

static void watch_bytes(struct watch *w, struct str s)
{
	for (size_t i = 0; i < s.n && !w->body; i++) {
		if (s.p[i] == '\n')
			watch_line(w);
		else if (w->n++ < sizeof(w->line))
			w->line[w->n - 1] = s.p[i];
	}
}

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

/* An address in a header line of ours cannot begin another line. */
static void add_address(struct buf *b, struct str address)
{
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		buf_addc(b, c < 0x20 || c == 0x7f ? '_' : (char)c);
	}
}

static void add_head(const struct copy *c, struct buf *b)
{
	buf_adds(b, "Return-Path: <");
	add_address(b, c->sender);
	buf_adds(b, ">\nDelivered-To: ");
	add_address(b, c->final);
	buf_addc(b, '\n');
}

static int copy_chunk(const struct copy *c, struct buf *raw, uint64_t at)
{
	uint64_t left = c->size - at;

	buf_reset(raw);
	buf_need(raw, CHUNK);
	if (io_pread_all(c->from, raw->p, left < CHUNK ? left : CHUNK, (off_t)(c->offset + at)) < 0)
		return -1;
	raw->n = left < CHUNK ? left : CHUNK;
	return 0;
}

enum copied copy_message(const struct copy *c, struct err *e)
{
	BUF(raw);
	BUF(out);
	struct watch w = { .final = c->final };
	bool cr = false;

	add_head(c, &out);
	for (uint64_t at = 0; at < c->size; at += raw.n) {
		size_t before = out.n;

		if (copy_chunk(c, &raw, at) < 0)
			return err_sys(e, "read message"), COPY_UNREADABLE;
		add_lf(&out, buf_str(&raw), &cr);
		watch_bytes(&w, str_skip(buf_str(&out), before));
		if (w.found)
			return COPY_LOOPS;
		if (io_write_all(c->to, out.p, out.n) < 0)
			return err_sys(e, "write message"), COPY_UNWRITABLE;
		buf_reset(&out);
	}
	if (cr)
		buf_addc(&out, '\r');
	if (out.n > 0 && io_write_all(c->to, out.p, out.n) < 0)
		return err_sys(e, "write message"), COPY_UNWRITABLE;
	return COPIED;
}
