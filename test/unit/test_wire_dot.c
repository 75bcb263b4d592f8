/* Endings of DATA: the one that counts, and those that others took for it (SECURITY T03). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "wire/dot.h"

static const struct {
	struct str in;
	const char *out;
	bool done, bare;
	size_t left; /* bytes behind the end */
} t[] = {
	/* clang-format off */
	{ STR_INIT(".\r\n"),                      "",                true,  false, 0 },
	{ STR_INIT("a\r\n.\r\nQUIT\r\n"),         "a\r\n",           true,  false, 6 },
	{ STR_INIT("\r\n.\r\n"),                  "\r\n",            true,  false, 0 },
	{ STR_INIT("..\r\n...a\r\n.b\r\n.\r\n"),  ".\r\n..a\r\nb\r\n", true, false, 0 },
	{ STR_INIT("a\r\n..\r\n"),                "a\r\n.\r\n",      false, false, 0 },
	{ STR_INIT("a\r\n."),                     "a\r\n",           false, false, 0 },
	{ STR_INIT("a\n.\n"),                     "a\n.\n",          false, true,  0 },
	{ STR_INIT("a\n.\r\n"),                   "a\n.\r\n",        false, true,  0 },
	{ STR_INIT("a\r\n.\n"),                   "a\r\n\n",         false, true,  0 },
	{ STR_INIT("a\r.\r"),                     "a\r.",            false, true,  0 },
	{ STR_INIT("a\r.\r\n"),                   "a\r.\r\n",        false, true,  0 },
	{ STR_INIT("a\r\r\n.\r\nX"),              "a\r\r\n",         true,  true,  1 },
	{ STR_INIT("a\r\n.\r\r\n.\r\n"),          "a\r\n\r\r\n",     true,  true,  0 },
	{ STR_INIT("a\r\n\r.\r\n"),               "a\r\n\r.\r\n",    false, true,  0 },
	{ STR_INIT("a\r\n.\r.\r\n.\r\n"),         "a\r\n\r.\r\n",    true,  true,  0 },
	{ STR_INIT("a\n\n.\r\nb\r\n.\r\n"),       "a\n\n.\r\nb\r\n", true,  true,  0 },
	/* clang-format on */
};

static void rows_in_pieces_of_every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (size_t step = 1; step <= t[i].in.n; step++) {
			BUF(out);
			struct dot d = { 0 };
			size_t used = 0;

			while (used < t[i].in.n && !d.done) {
				struct str piece = str_take(str_skip(t[i].in, used), step);

				used += dot_feed(&d, piece.p, piece.n, &out);
			}
			if (d.done != t[i].done || d.bare != t[i].bare || used + t[i].left != t[i].in.n)
				fail_msg("row %zu step %zu: done %d bare %d used %zu", i, step, d.done, d.bare, used);
			assert_string_equal(buf_z(&out), t[i].out);
		}
	}
}

/* All strings of five over {CR LF NUL . SP} behind a line and before the true end: at most the true end ends it,
 * and what was not CRLF is remembered. */
static void no_other_ending_ends(void **state)
{
	static const char set[] = { '\r', '\n', '\0', '.', ' ' };

	(void)state;
	for (int k = 0; k < 3125; k++) {
		BUF(in);
		BUF(out);
		struct dot d = { 0 };
		size_t used;
		ptrdiff_t end;

		buf_adds(&in, "x");
		for (int i = 0, v = k; i < 5; i++, v /= 5)
			buf_addc(&in, set[v % 5]);
		buf_adds(&in, "y\r\n.\r\n");
		used = dot_feed(&d, in.p, in.n, &out);
		end = str_find(buf_str(&in), STR("\r\n.\r\n"));
		assert_true(d.done);
		assert_int_equal(used, end + 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_in_pieces_of_every_size),
		cmocka_unit_test(no_other_ending_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
