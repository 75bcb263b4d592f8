/* Files that several programs hold at one time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/io.h"

static void a_handed_over_file_is_read_from_its_start(void **state)
{
	static const struct {
		const char *content;
		off_t offset; /* where somebody else has read to */
		size_t limit;
		const char *before; /* what the buffer holds already */
		int rc;
		const char *text;
	} t[] = {
		{ "", 0, 0, "", 0, "" },
		{ "hello", 0, 5, "", 0, "hello" },
		{ "hello", 3, 5, "", 0, "hello" },
		{ "hello", 5, 100, "", 0, "hello" },
		{ "hello", 0, 100, "say ", 0, "say hello" },
		{ "hello", 0, 4, "", -1, "longer than 4 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(got);
		struct err e = { 0 };
		FD(fd) = io_memfd("test", str_of(t[i].content), &e);

		buf_adds(&got, t[i].before);
		assert_int_equal(lseek(fd, t[i].offset, SEEK_SET), t[i].offset);
		assert_int_equal(io_slurp_shared(fd, t[i].limit, &got, &e), t[i].rc);
		assert_string_equal(t[i].rc == 0 ? got.p : e.text, t[i].text);
		assert_int_equal(lseek(fd, 0, SEEK_CUR), t[i].offset);
	}
}

static void of_a_tail_as_much_is_read_as_was_asked_for(void **state)
{
	static const struct {
		const char *content;
		size_t most;
		const char *text;
	} t[] = { { "", 3, "" },
		  { "hello", 0, "" },
		  { "hello", 2, "lo" },
		  { "hello", 5, "hello" },
		  { "hello", 9, "hello" } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(got);
		struct err e = { 0 };
		FD(fd) = io_memfd("test", str_of(t[i].content), &e);

		assert_int_equal(io_slurp_tail_fd(fd, t[i].most, &got, &e), 0);
		assert_string_equal(got.p, t[i].text);
	}
}

static void a_file_that_is_not_open_is_said(void **state)
{
	BUF(got);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(io_slurp_shared(-1, 10, &got, &e), -1);
	assert_string_equal(e.text, "stat: Bad file descriptor");
	assert_int_equal(got.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handed_over_file_is_read_from_its_start),
		cmocka_unit_test(of_a_tail_as_much_is_read_as_was_asked_for),
		cmocka_unit_test(a_file_that_is_not_open_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
