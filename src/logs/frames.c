/* The seekable format: frames, then 0x184D2A5E, the length of what follows, a row per frame (packed length, text
 * length, checksum), the number of rows, one byte of flags, 0x8F92EAB1.  All numbers are little-endian. */
#include "logs/frames.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "logs/frames_form.h"

enum { LEAST = 8 /* bytes of a frame: of one that is skipped and empty */ };

static bool has_checksums(unsigned flags)
{
	return (flags & TABLE_CHECKED) != 0;
}

/* The end of the file, taken apart: how many rows, how long each, where the table begins. */
struct table {
	uint64_t begins;
	size_t n, row;
};

static bool read_end(const unsigned char *end, uint64_t size, struct table *t)
{
	uint64_t length;

	if (le32(end + 5) != TABLE_ENDS || (end[4] & ~(unsigned)TABLE_CHECKED & 0xfc) != 0)
		return false;
	t->n = le32(end);
	t->row = has_checksums(end[4]) ? 12 : 8;
	length = TABLE_HEAD + (uint64_t)t->n * t->row + TABLE_FOOT;
	if (t->n > FRAMES_MOST || length > size)
		return false;
	t->begins = size - length;
	return true;
}

/* One row.  What no frame can be, or what we would not unpack, makes the table none; so does a frame without text,
 * which nobody would ever look into. */
static bool read_row(struct frame_at *x, const unsigned char *row, bool checked)
{
	uint32_t packed = le32(row), text = le32(row + 4);

	if (packed < LEAST || text == 0 || text > FRAME_TEXT_MAX || packed > ZSTD_COMPRESSBOUND(FRAME_TEXT_MAX))
		return false;
	x->check = checked ? le32(row + 8) : 0;
	x[1] = (struct frame_at){ .packed = x->packed + packed, .text = x->text + text };
	return true;
}

static bool read_rows(struct frames *f, const struct table *t, const unsigned char *rows)
{
	f->at = mem_alloc((t->n + 1) * sizeof(*f->at));
	f->n = t->n;
	f->checked = t->row == 12;
	for (size_t i = 0; i < t->n; i++)
		if (!read_row(&f->at[i], rows + i * t->row, f->checked) || f->at[i + 1].packed > t->begins)
			return false;
	return f->at[t->n].packed == t->begins;
}

static int read_table(struct frames *f, const struct table *t, struct err *e)
{
	size_t n = TABLE_HEAD + t->n * t->row;
	BUF(b);
	const unsigned char *p;

	buf_need(&b, n);
	if (io_pread_all(f->fd, b.p, n, (off_t)t->begins) < 0)
		return err_sys(e, "read the table of frames");
	p = (const unsigned char *)b.p;
	if (le32(p) != TABLE_BEGINS || le32(p + 4) != n - TABLE_HEAD + TABLE_FOOT)
		return 0;
	return read_rows(f, t, p + TABLE_HEAD);
}

int frames_open(struct frames *f, int fd, struct err *e)
{
	unsigned char end[TABLE_FOOT];
	struct table t;
	struct stat st;

	*f = (struct frames){ .fd = fd, .now = SIZE_MAX };
	if (fstat(fd, &st) < 0)
		return err_sys(e, "read the table of frames");
	if (st.st_size < TABLE_HEAD + TABLE_FOOT)
		return 0;
	if (io_pread_all(fd, end, sizeof(end), st.st_size - TABLE_FOOT) < 0)
		return err_sys(e, "read the table of frames");
	return read_end(end, (uint64_t)st.st_size, &t) ? read_table(f, &t, e) : 0;
}

void frames_close(struct frames *f)
{
	ZSTD_freeDCtx(f->unpacker);
	buf_clear(&f->packed);
	buf_clear(&f->text);
	free(f->at);
	*f = (struct frames){ .fd = -1 };
}

uint64_t frames_size(const struct frames *f)
{
	return f->at[f->n].text;
}

size_t frames_at(const struct frames *f, uint64_t at)
{
	size_t low = 0, high = f->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (f->at[middle].text <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* zstd has compared the text with the checksum at the frame's end, where it has one: the table's is the same. */
static bool fits_check(const struct frames *f, const struct frame_at *x)
{
	const unsigned char *p = (const unsigned char *)f->packed.p;
	bool has_one = le32(p) == ZSTD_MAGICNUMBER && (p[4] & FRAME_CHECKED) != 0;

	return !f->checked || !has_one || le32(p + f->packed.n - 4) == x->check;
}

/* Take frame i into f->text. */
static int take_frame(struct frames *f, size_t i, struct err *e)
{
	const struct frame_at *x = &f->at[i];
	size_t packed = (size_t)(x[1].packed - x->packed), text = (size_t)(x[1].text - x->text), got;

	if (f->now == i)
		return 0;
	f->now = SIZE_MAX;
	if (f->unpacker == NULL)
		f->unpacker = ZSTD_createDCtx();
	MUST(f->unpacker != NULL);
	buf_reset(&f->packed);
	buf_reset(&f->text);
	buf_need(&f->packed, packed);
	buf_need(&f->text, text + 1);
	if (io_pread_all(f->fd, f->packed.p, packed, (off_t)x->packed) < 0)
		return err_sys(e, "read frame %zu of %zu", i + 1, f->n);
	f->packed.n = packed;
	got = ZSTD_decompressDCtx(f->unpacker, f->text.p, text, f->packed.p, packed);
	if (ZSTD_isError(got))
		return err_set(e, "frame %zu of %zu is damaged: %s", i + 1, f->n, ZSTD_getErrorName(got));
	if (got != text || !fits_check(f, x))
		return err_set(e, "frame %zu of %zu is not what the table says", i + 1, f->n);
	f->text.n = text;
	f->now = i;
	return 0;
}

int frames_read(struct frames *f, uint64_t from, size_t n, struct buf *out, struct err *e)
{
	size_t before = out->n;

	if (from >= frames_size(f))
		return 0;
	if (n > frames_size(f) - from)
		n = (size_t)(frames_size(f) - from);
	for (size_t i = frames_at(f, from); n > 0; i++) {
		struct str piece;

		if (take_frame(f, i, e) < 0) {
			buf_trunc(out, before);
			return -1;
		}
		piece = str_take(str_skip(buf_str(&f->text), (size_t)(from - f->at[i].text)), n);
		buf_addstr(out, piece);
		from += piece.n;
		n -= piece.n;
	}
	return 0;
}
