/* Which archives a folder names as expiring, whatever stands in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
	{ "a 1\nsmtp-25.2026-08-30.zst 77\nb 2\n", 3, true },
	{ "smtp-25.2026-08-30.zst 78\n", 1, false },                         /* another file by now */
	{ "smtp-25.2026-08-31.zst 77\n", 1, false },                         /* another name */
	{ "smtp-25.2026-08-30.zst 77", 0, false },                           /* cut in the middle of it */
	{ "smtp-25.2026-08-30.zst\n", 0, false },                            /* of no file */
	{ "smtp-25.2026-08-30.zst -1\nx 18446744073709551616\n", 0, false }, /* no number of a file */
	{ "../smtp-25.2026-08-30.zst 77\n /x 77\n 77\n", 0, false },         /* none of this folder */
	{ "\n\n\n", 0, false },
	{ "", 0, false },
};

static void what_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct expiring x;
		ARENA(mem);

		assert_int_equal(io_replace(dir, ".expiring", str_of(files[i].text), 0600, NULL), 0);
		expiring_read(&x, folder, &mem);
		if (x.n != files[i].n || expiring_has(&x, STR("smtp-25.2026-08-30.zst"), 77) != files[i].has)
			fail_msg("%s: %zu", files[i].text, x.n);
	}
	assert_int_equal(unlinkat(dir, ".expiring", 0), 0);
}

static void what_was_written_is_read_and_none_is_no_file(void **state)
{
	const struct expiring_file two[] = { { STR("delivery.2026-08-30.zst"), 5 },
					     { STR("smtp-25.2026-08-30.zst"), UINT64_MAX } };
	struct expiring x;
	ARENA(mem);

	(void)state;
	assert_int_equal(expiring_write(dir, two, 2, NULL), 0);
	expiring_read(&x, folder, &mem);
	assert_int_equal(x.n, 2);
	assert_true(expiring_has(&x, two[0].name, 5) && expiring_has(&x, two[1].name, UINT64_MAX));
	assert_int_equal(expiring_write(dir, NULL, 0, NULL), 0);
	assert_int_equal(expiring_write(dir, NULL, 0, NULL), 0);
	expiring_read(&x, folder, &mem);
	assert_int_equal(x.n, 0);
	expiring_read(&x, "/nonexistent", &mem);
	assert_int_equal(x.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named),
		cmocka_unit_test(what_was_written_is_read_and_none_is_no_file),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
