/* Archives with a table: written, read at any place, joined, and what is made of tables that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/frames.h"
#include "logs/unpack.h"

static struct err e;

static int memory(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* n bytes of lines that differ. */
static void put_lines(struct buf *b, size_t n)
{
	for (size_t i = 0; b->n < n; i++)
		buf_fmt(b, "2021-03-09 12:43:51, to, <recipient%zu@example.com>, %zx\n", i, i * 2654435761u);
}

static void slurp(int fd, struct buf *out)
{
	buf_reset(out);
	assert_int_equal(io_slurp_shared(fd, 64 << 20, out, &e), 0);
}

/* An archive of the text, behind the one in `old` (-1: none); put in pieces of that size. */
static int archive_of(struct str text, size_t piece, int old)
{
	struct frames_out w;
	int fd = memory();

	frames_begin(&w, fd);
	if (old >= 0)
		assert_int_equal(frames_carry(&w, old, &e), 1);
	for (; text.n > 0; text = str_skip(text, piece))
		assert_int_equal(frames_put(&w, str_take(text, piece), &e), 0);
	assert_int_equal(frames_end(&w, &e), 0);
	frames_drop(&w);
	return fd;
}

static void must_hold(int fd, struct str text, size_t frames)
{
	struct unpacked u;
	struct frames f;
	BUF(file);
	BUF(all);
	BUF(part);

	slurp(fd, &file);
	unpack_bytes(buf_str(&file), 64 << 20, &all, &u);
	assert_int_equal(u.form, UNPACK_ZSTD);
	assert_int_equal(u.end, UNPACK_WHOLE);
	assert_true(str_eq(buf_str(&all), text));
	assert_int_equal(frames_open(&f, fd, &e), 1);
	assert_int_equal(f.n, frames);
	assert_int_equal(frames_size(&f), text.n);
	for (size_t from = 0; from <= text.n; from += text.n / 7 + 1) {
		buf_reset(&part);
		assert_int_equal(frames_read(&f, from, text.n / 2 + 9, &part, &e), 0);
		assert_true(str_eq(buf_str(&part), str_take(str_skip(text, from), text.n / 2 + 9)));
	}
	frames_close(&f);
}

static void what_is_written_is_read_at_any_place(void **state)
{
	static const struct {
		size_t bytes, piece, frames;
	} t[] = { { 0, 1, 0 }, { 1, 1, 1 }, { 3 << 20, 4097, 4 }, { 3 << 20, 5 << 20, 4 }, { 1 << 20, 1 << 20, 2 } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(text);
		FD(fd) = -1;

		put_lines(&text, t[i].bytes);
		fd = archive_of(buf_str(&text), t[i].piece, -1);
		must_hold(fd, buf_str(&text), t[i].frames);
	}
}

static void a_frame_ends_with_a_line(void **state)
{
	struct frames f;
	BUF(text);
	FD(fd) = -1;

	(void)state;
	put_lines(&text, 3 << 20);
	buf_adds(&text, "torn");
	fd = archive_of(buf_str(&text), 100000, -1);
	assert_int_equal(frames_open(&f, fd, &e), 1);
	for (size_t i = 1; i < f.n; i++)
		assert_int_equal(text.p[f.at[i].text - 1], '\n');
	frames_close(&f);
}

static void a_line_longer_than_a_frame_stays_whole_up_to_a_limit(void **state)
{
	static const struct {
		size_t bytes, frames;
	} t[] = { { 3 << 20, 1 }, { 9 << 20, 2 } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(text);
		FD(fd) = -1;

		buf_need(&text, t[i].bytes);
		memset(text.p, 'x', t[i].bytes);
		text.n = t[i].bytes;
		buf_addc(&text, '\n');
		fd = archive_of(buf_str(&text), 300000, -1);
		must_hold(fd, buf_str(&text), t[i].frames);
	}
}

static void a_second_set_stands_behind_the_first(void **state)
{
	BUF(text);
	FD(first) = -1;
	FD(second) = -1;
	FD(third) = -1;

	(void)state;
	put_lines(&text, 2 << 20);
	first = archive_of(buf_str(&text), 65536, -1);
	second = archive_of(STR("one more\n"), 3, first);
	buf_adds(&text, "one more\n");
	must_hold(second, buf_str(&text), 4);
	third = archive_of(STR(""), 1, second);
	must_hold(third, buf_str(&text), 4);
}

/* An archive of two small frames, 16 bytes of text, with one change: the byte `back` from its end. */
static int changed(size_t back, int by, size_t cut)
{
	FD(one) = archive_of(STR("1234567\n"), 8, -1);
	int fd = archive_of(STR("abcdefg\n"), 8, one);
	BUF(b);

	slurp(fd, &b);
	b.p[b.n - back] = (char)(b.p[b.n - back] + by);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(io_write_all(fd, b.p, b.n - cut), 0);
	return fd;
}

static void a_table_is_believed_only_as_far_as_it_fits(void **state)
{
	static const struct {
		const char *what;
		size_t back; /* foot: 9 bytes; rows: 12 each; head: 8; last frame's checksum before that */
		int by, opens, reads;
		size_t cut;
	} t[] = {
		{ "as it was made", 1, 0, 1, 0, 0 },
		{ "another magic at the end", 1, 1, 0, 0, 0 },
		{ "a reserved flag", 5, 4, 0, 0, 0 },
		{ "a flag that says nothing", 5, 1, 1, 0, 0 },
		{ "no checksums said, but there are", 5, -128, 0, 0, 0 },
		{ "a row more", 9, 1, 0, 0, 0 },
		{ "rows without end", 6, 127, 0, 0, 0 },
		{ "another magic in front", 9 + 24 + 8, 1, 0, 0, 0 },
		{ "another length in front", 9 + 24 + 4, 1, 0, 0, 0 },
		{ "a packed frame longer", 9 + 12, 1, 0, 0, 0 },
		{ "a packed frame far too long", 9 + 9, 127, 0, 0, 0 },
		{ "more text than there is", 9 + 8, 1, 1, -1, 0 },
		{ "less text than there is", 9 + 8, -1, 1, -1, 0 },
		{ "no text, and so hidden", 9 + 8, -8, 0, 0, 0 },
		{ "far too much text", 9 + 5, 2, 0, 0, 0 },
		{ "another checksum", 9 + 4, 1, 1, -1, 0 },
		{ "a damaged frame", 9 + 24 + 8 + 6, 1, 1, -1, 0 },
		{ "cut in the table", 1, 0, 0, 0, 3 },
		{ "cut before it", 1, 0, 0, 0, 9 + 24 + 8 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		FD(fd) = changed(t[i].back, t[i].by, t[i].cut);
		struct frames f;
		BUF(b);

		buf_adds(&b, "before ");
		if (frames_open(&f, fd, &e) != t[i].opens)
			fail_msg("%s", t[i].what);
		if (t[i].opens == 1 && frames_read(&f, 0, 100, &b, &e) != t[i].reads)
			fail_msg("%s", t[i].what);
		if (t[i].opens == 1)
			assert_int_equal(b.n, t[i].reads == 0 ? 7 + 16 : 7);
		frames_close(&f);
	}
}

/* The first frame is good, whatever the second is. */
static void a_damaged_frame_harms_no_other(void **state)
{
	FD(fd) = changed(9 + 24 + 8 + 6, 1, 0);
	struct frames f;
	BUF(b);

	(void)state;
	assert_int_equal(frames_open(&f, fd, &e), 1);
	assert_int_equal(frames_read(&f, 8, 1, &b, &e), -1);
	assert_non_null(strstr(e.text, "frame 2 of 2"));
	assert_int_equal(frames_read(&f, 1, 7, &b, &e), 0);
	assert_true(str_eqz(buf_str(&b), "234567\n"));
	frames_close(&f);
}

/* cat a.zst b.zst: the table tells of the second only, so none of it is believed. */
static void joined_by_hand_it_is_read_whole(void **state)
{
	FD(fd) = archive_of(STR("one\n"), 9, -1);
	FD(other) = archive_of(STR("two\n"), 9, -1);
	struct unpacked u;
	struct frames f;
	BUF(b);
	BUF(text);

	(void)state;
	slurp(other, &b);
	assert_int_equal(lseek(fd, 0, SEEK_END) > 0, 1);
	assert_int_equal(io_write_all(fd, b.p, b.n), 0);
	assert_int_equal(frames_open(&f, fd, &e), 0);
	frames_close(&f);
	assert_int_equal(unpack_file(fd, 1000, &text, &u, &e), 0);
	assert_int_equal(u.end, UNPACK_WHOLE);
	assert_true(str_eqz(buf_str(&text), "one\ntwo\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_at_any_place),
		cmocka_unit_test(a_frame_ends_with_a_line),
		cmocka_unit_test(a_line_longer_than_a_frame_stays_whole_up_to_a_limit),
		cmocka_unit_test(a_second_set_stands_behind_the_first),
		cmocka_unit_test(a_table_is_believed_only_as_far_as_it_fits),
		cmocka_unit_test(a_damaged_frame_harms_no_other),
		cmocka_unit_test(joined_by_hand_it_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
