/* Which archives a folder names as expiring, whatever stands in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "logs/expiring.h"

static char folder[] = "/tmp/test-expiring-XXXXXX";
static int dir = -1;

static int make(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	dir = io_opendir(AT_FDCWD, folder, NULL);
	return dir < 0;
}

static int drop(void **state)
{
	(void)state;
	fd_clear(&dir);
	return rmdir(folder);
}

static const struct {
	const char *text;
	size_t n;
	bool has; /* smtp-25.2026-08-30.zst, inode 77 */
} files[] = {
	{ "smtp-25.2026-08-30.zst 77\n", 1, true },
	{ "a 1\nsmtp-25.2026-08-30.zst 77\nsmtp-25.log 2\nb.2026-08-31.zst 3\n", 2, true }, /* archives only */
	{ "smtp-25.2026-08-30.zst 78\n", 1, false },                                        /* another file by now */
	{ "smtp-25.2026-08-31.zst 77\n", 1, false },                                        /* another name */
	{ "smtp-25.2026-08-30.zst 77", 0, false },                           /* cut in the middle of it */
	{ "smtp-25.2026-08-30.zst\n", 0, false },                            /* of no file */
	{ "smtp-25.2026-08-30.zst -1\nx 18446744073709551616\n", 0, false }, /* no number of a file */
	{ "../smtp-25.2026-08-30.zst 77\n /x 77\n 77\n", 0, false },         /* none of this folder */
	{ "\n\n\n", 0, false },
	{ "", 0, false },
};

/* The first line: seconds from now until it is over, and a folder that is so much another one. */
static void put_head(struct buf *b, int64_t left, unsigned other)
{
	struct stat st;

	assert_int_equal(fstat(dir, &st), 0);
	buf_fmt(b, "%lld %llu %llu\n", (long long)(clock_wall() / 1000 + left), (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + other);
}

static void what_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct expiring x;
		ARENA(mem);
		BUF(text);

		put_head(&text, 60, 0);
		buf_adds(&text, files[i].text);
		assert_int_equal(io_replace(dir, ".expiring", buf_str(&text), 0600, NULL), 0);
		expiring_read(&x, AT_FDCWD, folder, &mem);
		if (x.n != files[i].n || expiring_has(&x, STR("smtp-25.2026-08-30.zst"), 77) != files[i].has)
			fail_msg("%s: %zu", files[i].text, x.n);
	}
	assert_int_equal(unlinkat(dir, ".expiring", 0), 0);
}

/* A rotation that does not come any more hides nothing for ever, nor does a copy of the file. */
static void what_is_over_or_of_another_folder_says_nothing(void **state)
{
	static const struct {
		int64_t left;
		unsigned other;
		size_t n;
	} t[] = { { 60, 0, 1 }, { 0, 0, 0 }, { -86400, 0, 0 }, { 60, 1, 0 } };
	struct expiring x;
	ARENA(mem);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(text);

		put_head(&text, t[i].left, t[i].other);
		buf_adds(&text, "smtp-25.2026-08-30.zst 77\n");
		assert_int_equal(io_replace(dir, ".expiring", buf_str(&text), 0600, NULL), 0);
		expiring_read(&x, AT_FDCWD, folder, &mem);
		assert_int_equal(x.n, t[i].n);
		assert_true((x.until > 0) == (t[i].n > 0));
	}
	assert_int_equal(unlinkat(dir, ".expiring", 0), 0);
	assert_int_equal(mkfifoat(dir, ".expiring", 0600), 0);
	expiring_read(&x, AT_FDCWD, folder, &mem);
	assert_int_equal(x.n, 0);
	assert_int_equal(unlinkat(dir, ".expiring", 0), 0);
}

static void what_was_written_is_read_and_none_is_no_file(void **state)
{
	const struct expiring_file two[] = { { STR("delivery.2026-08-30.zst"), 5 },
					     { STR("smtp-25.2026-08-30.zst"), UINT64_MAX } };
	struct expiring x;
	ARENA(mem);

	(void)state;
	assert_int_equal(expiring_write(dir, two, 2, clock_wall() / 1000 + 60, NULL), 0);
	expiring_read(&x, AT_FDCWD, folder, &mem);
	assert_int_equal(x.n, 2);
	assert_true(expiring_has(&x, two[0].name, 5) && expiring_has(&x, two[1].name, UINT64_MAX));
	assert_int_equal(expiring_write(dir, NULL, 0, 0, NULL), 0);
	assert_int_equal(expiring_write(dir, NULL, 0, 0, NULL), 0);
	expiring_read(&x, AT_FDCWD, folder, &mem);
	assert_int_equal(x.n, 0);
	expiring_read(&x, AT_FDCWD, "/nonexistent", &mem);
	assert_int_equal(x.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named),
		cmocka_unit_test(what_is_over_or_of_another_folder_says_nothing),
		cmocka_unit_test(what_was_written_is_read_and_none_is_no_file),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
