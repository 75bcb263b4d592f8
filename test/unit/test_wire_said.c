/* Another server's reply: what is one, what is kept of it, and what is none. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "wire/said.h"

static void what_is_a_reply(void **state)
{
	static const struct {
		const char *in;
		int code; /* 0: none yet; -1: this is no reply */
		size_t left;
		const char *text;
	} t[] = {
		{ "250 ok\r\n", 250, 0, "250 ok\n" },
		{ "250\r\n", 250, 0, "250\n" },
		{ "250-one\r\n250-\r\n250 two\r\n", 250, 0, "250-one\n250-\n250 two\n" },
		{ "250-one\r\n251 two\r\n", 251, 0, "250-one\n251 two\n" },
		{ "250-one\r\n550 two\r\n", -1, 0, "250-one\n550 two" },
		{ "250 ok\n", 250, 0, "250 ok\n" },
		{ "250 ok\r\n250 more\r\n", 250, 10, "250 ok\n" },
		{ "250 a\rb\x1b[1m\xc3\xbc\tc\r\r\n", 250, 0, "250 a?b?[1m?? c?\n" },
		{ "250 ok\r", 0, 0, "250 ok" },
		{ "250-ok\r\n", 0, 0, "250-ok\n" },
		{ "", 0, 0, "" },
		{ "25\r\n", -1, 0, "25" },
		{ "\r\n", -1, 0, "" },
		{ "25x ok\r\n", -1, 5, "25" },
		{ "150 ok\r\n", -1, 7, "" },
		{ "650 ok\r\n", -1, 7, "" },
		{ "250_ok\r\n", -1, 4, "250" },
		{ "SSH-2.0-x\r\n", -1, 10, "" },
	};
	struct said a = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		for (size_t piece = 1; piece <= 64; piece *= 4) {
			struct str in = str_of(t[i].in);

			said_reset(&a);
			for (size_t n = 1; n > 0 && in.n > 0; in = str_skip(in, n))
				n = said_feed(&a, in.p, in.n < piece ? in.n : piece);
			if ((a.done  ? a.code
			     : a.bad ? -1
				     : 0) != t[i].code ||
			    in.n != t[i].left || strcmp(buf_z(&a.text), t[i].text) != 0)
				fail_msg("row %zu, pieces of %zu: %d, %zu left: %s", i, piece, a.code, in.n,
					 buf_z(&a.text));
		}
	said_clear(&a);
}

/* Without end it is no reply; of a long one the beginning is kept, and its code is the last. */
static void how_long_it_may_be(void **state)
{
	static const struct {
		int lines;
		bool done;
	} t[] = { { 1, true }, { 1000, true }, { 2000, false } };
	struct said a = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		said_reset(&a);
		for (int n = 1; n < t[i].lines; n++)
			(void)said_feed(&a, "550-01234567890123456789012345678901234567\r\n", 44);
		(void)said_feed(&a, "551 end\r\n", 9);
		assert_int_equal(a.done, t[i].done);
		assert_int_equal(a.bad, !t[i].done);
		assert_true(a.text.n <= SAID_KEPT);
		assert_int_equal(said_is(&a, 5), t[i].done);
	}
	said_reset(&a);
	for (size_t n = 0; n < SAID_BYTES_MAX && !a.bad; n++)
		(void)said_feed(&a, n < 4 ? "250 " + n : "x", 1);
	assert_true(a.bad && !a.done);
	said_clear(&a);
}

static void its_lines(void **state)
{
	struct str rest = STR("250-far.test\n250-SIZE 100\n250\n"), line;

	(void)state;
	assert_true(said_line(&rest, &line) && str_eqz(line, "far.test"));
	assert_true(said_line(&rest, &line) && str_eqz(line, "SIZE 100"));
	assert_true(said_line(&rest, &line) && str_eqz(line, ""));
	assert_false(said_line(&rest, &line));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_reply),
		cmocka_unit_test(how_long_it_may_be),
		cmocka_unit_test(its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
