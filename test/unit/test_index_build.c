/* Building an index: by any number of threads the same one; what cannot be read has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/team.h"
#include "index/chapter.h"
#include "index/index.h"

static const char *const worlds[] = { "provider", "foreign", "foreign/hops" };

static void remove_folder(const char *dir)
{
	struct err e = { 0 };
	bool some;

	assert_int_equal(index_remove(dir, &some, &e), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void read_chapter(const char *dir, struct buf *out)
{
	struct err e = { 0 };
	ARENA(a);

	if (io_slurp(AT_FDCWD, arena_fmt(&a, "%s/" CHAPTER_NAME, dir).p, 1 << 24, out, &e) < 0)
		fail_msg("%s", e.text);
}

/* But for its id, which is drawn by lot: the last eight bytes that its header uses. */
static void the_index_is_the_same_by_any_number_of_threads(void **state)
{
	enum { ID = 68, AFTER_ID = ID + 8 };
	ARENA(a);

	(void)state;
	for (size_t w = 0; w < COUNT(worlds); w++) {
		struct survey_paths p;
		const char *path;
		BUF(one);

		path = arena_fmt(&a, "%s/test/golden/%s", getenv("TELLTALE_SOURCE"), worlds[w]).p;
		p = (struct survey_paths){ &path, 1, SOURCE_UNPACKED_MAX };
		for (unsigned n = 1; n <= TEAM_MOST; n++) {
			char dir[] = "/tmp/test-index-XXXXXX";
			struct index_how how = { .threads = n };
			struct index_built built;
			struct err e = { 0 };
			BUF(made);

			assert_non_null(mkdtemp(dir));
			if (index_build(dir, &p, &how, &built, &e) < 0)
				fail_msg("%s", e.text);
			read_chapter(dir, &made);
			remove_folder(dir);
			assert_true(made.n > AFTER_ID);
			memset(made.p + ID, 0, AFTER_ID - ID);
			if (n == 1)
				buf_addstr(&one, buf_str(&made));
			else if (!str_eq(buf_str(&one), buf_str(&made)))
				fail_msg("%s: %u threads make another index than one", worlds[w], n);
		}
	}
}

static void logs_that_are_not_there_have_no_index(void **state)
{
	static const char *const paths[] = { "/nonexistent/logs" };
	struct survey_paths p = { paths, 1, SOURCE_UNPACKED_MAX };
	char dir[] = "/tmp/test-index-XXXXXX";
	struct index_built built;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (unsigned n = 1; n <= 2; n++) {
		struct index_how how = { .threads = n };
		struct err e = { 0 };

		assert_int_equal(index_build(dir, &p, &how, &built, &e), -1);
		assert_string_equal(e.text, "open /nonexistent/logs: No such file or directory");
		assert_null(index_look(dir, NULL));
	}
	remove_folder(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_is_the_same_by_any_number_of_threads),
		cmocka_unit_test(logs_that_are_not_there_have_no_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
