/* Archives, whole, joined, cut, broken and far too large: what they give and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <lzma.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/io.h"
#include "logs/unpack.h"

#define MUCH ((size_t)1 << 30)

static void put_gzip(struct buf *out, struct str text)
{
	z_stream z = { 0 };
	size_t most;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	most = deflateBound(&z, text.n);
	buf_need(out, most);
	z.next_in = (unsigned char *)(uintptr_t)text.p;
	z.avail_in = (unsigned)text.n;
	z.next_out = (unsigned char *)out->p + out->n;
	z.avail_out = (unsigned)most;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += most - z.avail_out;
	deflateEnd(&z);
}

static void put_zstd(struct buf *out, struct str text)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t most = ZSTD_compressBound(text.n), n;

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	buf_need(out, most);
	n = ZSTD_compress2(c, out->p + out->n, most, text.p, text.n);
	assert_false(ZSTD_isError(n));
	out->n += n;
	ZSTD_freeCCtx(c);
}

static void put_xz(struct buf *out, struct str text)
{
	size_t most = lzma_stream_buffer_bound(text.n), n = 0;

	buf_need(out, most);
	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text.p, text.n,
						 (uint8_t *)out->p + out->n, &n, most),
			 LZMA_OK);
	out->n += n;
}

static void put_plain(struct buf *out, struct str text)
{
	buf_addstr(out, text);
}

static const struct {
	const char *name;
	enum unpack_form form;
	void (*put)(struct buf *, struct str);
} packers[] = { { "plain", UNPACK_PLAIN, put_plain },
		{ "gzip", UNPACK_GZIP, put_gzip },
		{ "zstd", UNPACK_ZSTD, put_zstd },
		{ "xz", UNPACK_XZ, put_xz } };

/* Lines that do not shrink to nothing. */
static void put_lines(struct buf *b, size_t n)
{
	uint64_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		buf_fmt(b, "2021-03-09 12:43:51, size, %llu\n", (unsigned long long)(x >> 20));
	}
}

/* From memory and from a file: both are the same. */
static void unpack_both(struct str file, size_t limit, struct buf *text, struct unpacked *u)
{
	BUF(again);
	struct unpacked second;
	struct err e = { 0 };
	FD(fd) = io_memfd("test", file, &e);

	unpack_bytes(file, limit, text, u);
	assert_int_equal(unpack_file(fd, limit, &again, &second, &e), 0);
	assert_int_equal(again.n, text->n);
	assert_true(text->n == 0 || memcmp(again.p, text->p, text->n) == 0);
	assert_int_equal(second.form, u->form);
	assert_int_equal(second.end, u->end);
	if (u->end != UNPACK_DAMAGED) /* then it may be the beginning of the bytes at hand */
		assert_int_equal(second.at, u->at);
	assert_int_equal(second.size, u->size);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
}

static void what_was_packed_comes_back(void **state)
{
	static const size_t lines[] = { 0, 1, 7, 40000 };

	(void)state;
	for (size_t i = 0; i < COUNT(packers); i++) {
		for (size_t k = 0; k < COUNT(lines); k++) {
			BUF(text);
			BUF(file);
			BUF(got);
			struct unpacked u;

			put_lines(&text, lines[k]);
			packers[i].put(&file, buf_str(&text));
			buf_adds(&got, "before");
			unpack_bytes(buf_str(&file), MUCH, &got, &u);
			buf_cut(&got, 6);
			assert_int_equal(u.end, UNPACK_WHOLE);
			assert_true(str_eq(buf_str(&got), buf_str(&text)));
			buf_reset(&got);
			unpack_both(buf_str(&file), MUCH, &got, &u);
			if (u.form != packers[i].form || u.end != UNPACK_WHOLE || u.at != file.n)
				fail_msg("%s: %zu lines: form %d, end %d", packers[i].name, lines[k], u.form, u.end);
			assert_true(str_eq(buf_str(&got), buf_str(&text)));
		}
	}
}

static void put_skippable(struct buf *b)
{
	buf_add(b, "\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
}

static void parts_are_one_text(void **state)
{
	(void)state;
	for (size_t i = 1; i < COUNT(packers); i++) {
		BUF(file);
		BUF(got);
		struct unpacked u;

		if (packers[i].form == UNPACK_ZSTD)
			put_skippable(&file);
		packers[i].put(&file, STR("one\n"));
		packers[i].put(&file, STR(""));
		if (packers[i].form == UNPACK_ZSTD)
			put_skippable(&file);
		packers[i].put(&file, STR("two\n"));
		if (packers[i].form == UNPACK_XZ || packers[i].form == UNPACK_GZIP)
			buf_add(&file, "\0\0\0\0", 4);
		unpack_both(buf_str(&file), MUCH, &got, &u);
		assert_int_equal(u.form, packers[i].form);
		if (u.end != UNPACK_WHOLE || u.at != file.n || !str_eqz(buf_str(&got), "one\ntwo\n"))
			fail_msg("%s: end %d: %s", packers[i].name, u.end, buf_z(&got));
	}
}

/* Wherever it is cut: what comes is a beginning of the text, and it is said to be no more. */
static void a_cut_archive_gives_its_beginning(void **state)
{
	BUF(text);

	(void)state;
	put_lines(&text, 300);
	for (size_t i = 1; i < COUNT(packers); i++) {
		BUF(file);
		size_t step, most = 0;

		packers[i].put(&file, buf_str(&text));
		step = file.n > 400 ? file.n / 400 : 1;
		for (size_t n = UNPACK_HEAD; n < file.n; n += step) {
			BUF(got);
			struct unpacked u;

			unpack_both(str_take(buf_str(&file), n), MUCH, &got, &u);
			if (u.end != UNPACK_CUT || u.at != n || u.size != n)
				fail_msg("%s cut at %zu: end %d at %llu", packers[i].name, n, u.end,
					 (unsigned long long)u.at);
			assert_true(str_starts(buf_str(&text), buf_str(&got)));
			most = got.n > most ? got.n : most;
		}
		assert_true(most > text.n / 2 || packers[i].form == UNPACK_ZSTD); /* one block holds all of it */
	}
}

static void a_damaged_archive_says_where(void **state)
{
	BUF(text);

	(void)state;
	put_lines(&text, 20000);
	for (size_t i = 1; i < COUNT(packers); i++) {
		BUF(file);
		BUF(got);
		struct unpacked u;
		size_t at;

		packers[i].put(&file, buf_str(&text));
		at = file.n / 2;
		memset(file.p + at, 0xff, 64);
		unpack_both(buf_str(&file), MUCH, &got, &u);
		if (u.end != UNPACK_DAMAGED || u.why == NULL || u.at + 200000 < at || u.at > file.n)
			fail_msg("%s: end %d at %llu of %zu", packers[i].name, u.end, (unsigned long long)u.at, file.n);
		assert_true(got.n > 0 && !str_eq(buf_str(&got), buf_str(&text)));
	}
}

static void what_follows_an_archive_is_damage(void **state)
{
	(void)state;
	for (size_t i = 1; i < COUNT(packers); i++) {
		BUF(file);
		BUF(got);
		struct unpacked u;

		packers[i].put(&file, STR("one\n"));
		buf_adds(&file, "rubbish, rubbish, rubbish");
		unpack_both(buf_str(&file), MUCH, &got, &u);
		if (u.end != UNPACK_DAMAGED || !str_eqz(buf_str(&got), "one\n"))
			fail_msg("%s: end %d, %s", packers[i].name, u.end, buf_z(&got));
	}
}

static void a_bomb_is_stopped_at_the_limit(void **state)
{
	BUF(text);

	(void)state;
	buf_need(&text, 20 << 20);
	memset(text.p, 'x', text.n = 20 << 20);
	for (size_t i = 0; i < COUNT(packers); i++) {
		BUF(file);
		static const size_t limits[] = { 0, 1, 1000, (1 << 20) + 1, 20 << 20, MUCH };

		packers[i].put(&file, buf_str(&text));
		for (size_t k = 0; k < COUNT(limits); k++) {
			BUF(got);
			struct unpacked u;
			bool all = limits[k] >= text.n;

			unpack_both(buf_str(&file), limits[k], &got, &u);
			if (u.end != (all ? UNPACK_WHOLE : UNPACK_LIMIT) || got.n != (all ? text.n : limits[k]))
				fail_msg("%s: limit %zu: end %d, %zu bytes", packers[i].name, limits[k], u.end, got.n);
		}
	}
}

static void first_bytes_tell(void **state)
{
	static const struct {
		struct str head;
		enum unpack_form form;
	} t[] = {
		{ STR_INIT(""), UNPACK_PLAIN },
		{ STR_INIT("2021-03-09 12:43:51, size, 1\n"), UNPACK_PLAIN },
		{ STR_INIT("\x1f"), UNPACK_PLAIN },
		{ STR_INIT("\x1f\x8b\x08"), UNPACK_GZIP },
		{ STR_INIT("\x28\xb5\x2f\xfd"), UNPACK_ZSTD },
		{ STR_INIT("\x50\x2a\x4d\x18"), UNPACK_ZSTD },
		{ STR_INIT("\x5f\x2a\x4d\x18"), UNPACK_ZSTD },
		{ STR_INIT("\x60\x2a\x4d\x18"), UNPACK_PLAIN },
		{ STR_INIT("\xfd"
			   "7zXZ\0"),
		  UNPACK_XZ },
		{ STR_INIT("BZh91AY"), UNPACK_OTHER },
		{ STR_INIT("\x04\x22\x4d\x18"), UNPACK_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(unpack_form(t[i].head), t[i].form);
}

static void names_tell_too(void **state)
{
	static const struct {
		const char *name, *bare;
		bool packed;
	} t[] = {
		{ "smtp-25.log", "smtp-25.log", false },       { "smtp-25.log.2.gz", "smtp-25.log.2", true },
		{ "smtp-25.log.zst", "smtp-25.log", true },    { "smtp-25.log.XZ", "smtp-25.log", true },
		{ "smtp-25.log.bz2", "smtp-25.log", true },    { "gz", "gz", false },
		{ "smtp-25.gz.log", "smtp-25.gz.log", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str bare;

		assert_int_equal(unpack_named(str_of(t[i].name), &bare), t[i].packed);
		assert_true(str_eqz(bare, t[i].bare));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_comes_back),
		cmocka_unit_test(parts_are_one_text),
		cmocka_unit_test(a_cut_archive_gives_its_beginning),
		cmocka_unit_test(a_damaged_archive_says_where),
		cmocka_unit_test(what_follows_an_archive_is_damage),
		cmocka_unit_test(a_bomb_is_stopped_at_the_limit),
		cmocka_unit_test(first_bytes_tell),
		cmocka_unit_test(names_tell_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
