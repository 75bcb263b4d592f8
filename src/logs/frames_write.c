#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "logs/frames.h"
#include "logs/frames_form.h"

enum { LEVEL = 3, COPY = 1 << 18 };

/* A line longer than a frame is not cut before this. */
#define LINE_MOST ((size_t)8 << 20)

static void put32(struct buf *b, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_addc(b, (char)(v >> shift & 0xff));
}

static void put_row(struct frames_out *w, size_t packed, size_t text, uint32_t check)
{
	put32(&w->table, (uint32_t)packed);
	put32(&w->table, (uint32_t)text);
	put32(&w->table, check);
	w->length += packed;
	w->n++;
}

static int write_frame(struct frames_out *w, struct str text, struct err *e)
{
	size_t n;

	if (w->n == FRAMES_MOST)
		return err_set(e, "more than %zu frames", FRAMES_MOST);
	buf_reset(&w->room);
	buf_need(&w->room, ZSTD_compressBound(text.n));
	n = ZSTD_compress2(w->packer, w->room.p, ZSTD_compressBound(text.n), text.p, text.n);
	if (ZSTD_isError(n))
		return err_set(e, "zstd: %s", ZSTD_getErrorName(n));
	if (io_write_all(w->fd, w->room.p, n) < 0)
		return err_sys(e, "write a frame");
	put_row(w, n, text.n, le32((const unsigned char *)w->room.p + n - 4)); /* the frame ends in its checksum */
	return 0;
}

void frames_begin(struct frames_out *w, int fd)
{
	*w = (struct frames_out){ .fd = fd, .packer = ZSTD_createCCtx() };
	MUST(w->packer != NULL);
	ZSTD_CCtx_setParameter(w->packer, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(w->packer, ZSTD_c_checksumFlag, 1);
}

static int copy_bytes(struct frames_out *w, int from, uint64_t n, struct err *e)
{
	buf_reset(&w->room);
	buf_need(&w->room, COPY);
	for (uint64_t at = 0; at < n;) {
		size_t some = n - at < COPY ? (size_t)(n - at) : COPY;

		if (io_pread_all(from, w->room.p, some, (off_t)at) < 0 || io_write_all(w->fd, w->room.p, some) < 0)
			return err_sys(e, "copy frames");
		at += some;
	}
	return 0;
}

int frames_carry(struct frames_out *w, int from, struct err *e)
{
	struct frames f;
	int rc = frames_open(&f, from, e);

	MUST(w->length == 0);
	if (rc > 0 && f.checked && copy_bytes(w, from, f.at[f.n].packed, e) < 0)
		rc = -1;
	for (size_t i = 0; rc > 0 && f.checked && i < f.n; i++)
		put_row(w, (size_t)(f.at[i + 1].packed - f.at[i].packed), (size_t)(f.at[i + 1].text - f.at[i].text),
			f.at[i].check);
	rc = rc > 0 && !f.checked ? 0 : rc;
	frames_close(&f);
	return rc;
}

/* How much of the text makes a frame: whole lines; 0: it may become more yet. */
static size_t frame_length(struct str text)
{
	ptrdiff_t end;

	if (text.n < FRAME_TEXT)
		return 0;
	end = str_rchr(str_take(text, FRAME_TEXT), '\n');
	if (end < 0)
		end = str_chr(str_take(text, LINE_MOST), '\n');
	if (end >= 0)
		return (size_t)end + 1;
	return text.n < LINE_MOST ? 0 : LINE_MOST;
}

int frames_put(struct frames_out *w, struct str text, struct err *e)
{
	while (text.n > 0) {
		size_t room = FRAME_TEXT > w->text.n ? FRAME_TEXT - w->text.n : FRAME_TEXT, n;
		struct str some = str_take(text, room);

		buf_addstr(&w->text, some);
		text = str_skip(text, some.n);
		n = frame_length(buf_str(&w->text));
		if (n > 0 && write_frame(w, str_take(buf_str(&w->text), n), e) < 0)
			return -1;
		buf_cut(&w->text, n);
	}
	return 0;
}

int frames_end(struct frames_out *w, struct err *e)
{
	if (w->text.n > 0 && write_frame(w, buf_str(&w->text), e) < 0)
		return -1;
	buf_reset(&w->room);
	put32(&w->room, TABLE_BEGINS);
	put32(&w->room, (uint32_t)(w->table.n + TABLE_FOOT));
	buf_addstr(&w->room, buf_str(&w->table));
	put32(&w->room, (uint32_t)w->n);
	buf_addc(&w->room, (char)TABLE_CHECKED);
	put32(&w->room, TABLE_ENDS);
	return io_write_all(w->fd, w->room.p, w->room.n) < 0 ? err_sys(e, "write the table of frames") : 0;
}

void frames_drop(struct frames_out *w)
{
	ZSTD_freeCCtx(w->packer);
	buf_clear(&w->text);
	buf_clear(&w->table);
	buf_clear(&w->room);
}
