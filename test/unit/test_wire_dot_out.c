/* What goes out as a message: CRLF alone ends lines, dots are doubled, and dot.h reads back what was meant. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "wire/dot.h"
#include "wire/dot_out.h"

static const struct {
	const char *in, *out;
} t[] = {
	{ "", ".\r\n" },
	{ "a\r\n", "a\r\n.\r\n" },
	{ "a", "a\r\n.\r\n" },
	{ "a\nb\n", "a\r\nb\r\n.\r\n" },
	{ "a\rb\r", "a\r\nb\r\n.\r\n" },
	{ "a\r\r\nb", "a\r\n\r\nb\r\n.\r\n" },
	{ "\n\r\n\r", "\r\n\r\n\r\n.\r\n" },
	{ ".\r\n..\r\na.\r\n", "..\r\n...\r\na.\r\n.\r\n" },
	{ "a\n.\nMAIL FROM:<x>\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n" },
	{ "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n" },
	{ ".", "..\r\n.\r\n" },
};

static void what_goes_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		for (size_t piece = 1; piece < 8; piece++) {
			struct str in = str_of(t[i].in);
			struct dot_out d = { 0 };
			BUF(out);

			for (; in.n > 0; in = str_skip(in, piece))
				dot_out_put(&d, str_take(in, piece), &out);
			dot_out_end(&d, &out);
			if (!str_eqz(buf_str(&out), t[i].out))
				fail_msg("row %zu, pieces of %zu: %s", i, piece, buf_z(&out));
		}
}

/* The other side ends where we end, sees no bare CR or LF, and has the lines that were meant. */
static void the_other_side_reads_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct dot_out d = { 0 }, again = { 0 };
		struct dot in = { 0 };
		BUF(out);
		BUF(back);
		BUF(twice);

		dot_out_put(&d, str_of(t[i].in), &out);
		dot_out_end(&d, &out);
		assert_int_equal(dot_feed(&in, out.p, out.n, &back), out.n);
		assert_true(in.done && !in.bare);
		dot_out_put(&again, buf_str(&back), &twice);
		dot_out_end(&again, &twice);
		assert_true(str_eq(buf_str(&twice), buf_str(&out)));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_out),
		cmocka_unit_test(the_other_side_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
