/* str, buf, cur, map, arena: the tools that every parser stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/quick.h"
#include "base/str.h"

static void numbers_are_whole_or_refused(void **state)
{
	static const struct {
		const char *in;
		uint64_t max;
		bool ok;
		uint64_t v;
	} t[] = {
		{ "0", 9, true, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
		{ "10", 9, false, 0 },
		{ "", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1x", 9, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		uint64_t v = 0;

		assert_int_equal(str_u64(str_of(t[i].in), t[i].max, &v), t[i].ok);
		assert_int_equal(v, t[i].v);
	}
}

static void globs_match(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool match;
	} t[] = {
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a*c", "abbbc", true },
		{ "a*c", "abbbd", false },
		{ "*@EXAMPLE.com", "bob@example.COM", true },
		{ "*@acme.*", "x@acme.de", true },
		{ "*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "bob", "bobby", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(str_glob(str_of(t[i].pattern), str_of(t[i].s)), t[i].match);
}

static void cuts_and_words(void **state)
{
	struct str head, tail, rest = STR("  one\ttwo  ");

	(void)state;
	assert_true(str_cut(STR("a, b, c"), STR(", "), &head, &tail));
	assert_true(str_eqz(head, "a") && str_eqz(tail, "b, c"));
	assert_false(str_cut(STR("abc"), STR(", "), &head, &tail));
	assert_true(str_eqz(head, "abc") && tail.n == 0);
	assert_true(str_eqz(str_word(&rest), "one"));
	assert_true(str_eqz(str_word(&rest), "two"));
	assert_int_equal(str_word(&rest).n, 0);
	assert_true(str_eqz(str_trim(STR(" \r\n x y\t")), "x y"));
	assert_int_equal(str_find(STR("hello"), STR("llo")), 2);
	assert_int_equal(str_rchr(STR("a.b.c"), '.'), 3);
	assert_true(str_iends(STR("A.EXAMPLE"), STR(".example")));
}

static void a_cursor_remembers_its_first_mistake_only(void **state)
{
	struct cur c = cur_of(STR("12;x"));

	(void)state;
	assert_int_equal(cur_num(&c, 99, "number"), 12);
	cur_want(&c, ',', "expected a comma");
	cur_want(&c, ';', "not reached");
	assert_string_equal(c.why, "expected a comma");
	assert_int_equal(c.where - c.start, 2);
	assert_int_equal(cur_next(&c), -1);
	assert_int_equal(cur_rest(&c).n, 0);
}

static void a_cursor_never_passes_its_end(void **state)
{
	struct cur c = cur_of(STR("\x01\x02\x03"));

	(void)state;
	assert_int_equal(cur_u16(&c), 0x0201);
	assert_int_equal(cur_u64(&c), 0);
	assert_string_equal(c.why, "cut off");
}

static void a_buffer_grows_and_is_cut(void **state)
{
	BUF(b);

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "%d,", i);
	assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4);
	buf_cut(&b, 4);
	assert_memory_equal(b.p, "2,3,", 4);
	buf_trunc(&b, 2);
	assert_string_equal(buf_z(&b), "2,");
}

static void a_number_is_written_as_printf_writes_it(void **state)
{
	static const uint64_t t[] = { 0, 7, 10, 99, 1000, UINT32_MAX, UINT64_MAX };
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (size_t width = 0; width <= BUF_DIGITS_MAX; width++) {
			BUF(b);

			buf_digits(&b, t[i], width);
			assert_string_equal(buf_z(&b), arena_fmt(&a, "%0*" PRIu64, (int)width, t[i]).p);
		}
		assert_true(str_eq(arena_num(&a, t[i]), arena_fmt(&a, "%" PRIu64, t[i])));
	}
}

static void a_map_keeps_what_was_put(void **state)
{
	static char keys[2000][8];
	struct map m = MAP_INIT;
	size_t walk = 0, seen = 0;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		assert_null(map_put(&m, str_of(keys[i]), keys[i]));
	}
	for (size_t i = 0; i < 2000; i += 2)
		assert_ptr_equal(map_del(&m, str_of(keys[i])), keys[i]);
	for (size_t i = 0; i < 2000; i++)
		assert_ptr_equal(map_get(&m, str_of(keys[i])), i % 2 ? keys[i] : NULL);
	while (map_next(&m, &walk, NULL) != NULL)
		seen++;
	assert_int_equal(seen, 1000);
	assert_int_equal(m.n, 1000);
	map_clear(&m);
}

static void texts_are_looked_up_quickly(void **state)
{
	static char keys[2000][40];
	struct map m = MAP_INIT;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%.*sk%zu", (int)(i % 30), "..............................", i);
		assert_null(map_put_quick(&m, str_of(keys[i]), keys[i]));
	}
	for (size_t i = 0; i < 2000; i += 2)
		assert_ptr_equal(map_del_quick(&m, str_of(keys[i])), keys[i]);
	for (size_t i = 0; i < 2000; i++)
		assert_ptr_equal(map_get_quick(&m, str_of(keys[i])), i % 2 ? keys[i] : NULL);
	assert_int_equal(m.n, 1000);
	map_clear(&m);
}

/* One byte of n is another one, or none is. */
static void bytes_are_the_same_or_not(void **state)
{
	char a[40], b[40];

	(void)state;
	for (size_t n = 0; n <= sizeof(a); n++)
		for (size_t at = 0; at <= n; at++) {
			memset(a, 'x', sizeof(a));
			memset(b, 'x', sizeof(b));
			if (at < sizeof(b))
				b[at] = 'y'; /* at n it is behind them */
			assert_int_equal(str_same(a, b, n), at == n);
			assert_int_equal(hash_text(str_mem(a, n), hash_secret()) ==
					     hash_text(str_mem(b, n), hash_secret()),
					 at == n);
		}
}

static void words_are_found(void **state)
{
	static const struct {
		const char *text, *what;
		int at;
	} t[] = {
		{ "hello", "llo", 2 },
		{ "hello", "hello", 0 },
		{ "hello", "helloo", -1 },
		{ "hello", "", 0 },
		{ "", "a", -1 },
		{ "", "", 0 },
		{ "aab", "ab", 1 },
		{ "abababababababababababac", "abac", 20 }, /* its beginning stands there often */
		{ "aaaaaaaaaaaaaaaaaaaaaaaa", "aab", -1 },
		{ "aaaaaaaaaaaaaaaaaaaaaaab", "aab", 21 },
		{ "xaxaxaxax", "ab", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(str_find(str_of(t[i].text), str_of(t[i].what)), t[i].at);
}

static void a_map_of_numbers_survives_growth_and_churn(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	for (uint64_t i = 0; i < 5000; i++) {
		assert_null(map_putn(&m, i, &m));
		if (i >= 10)
			assert_ptr_equal(map_deln(&m, i - 10), &m);
	}
	assert_int_equal(m.n, 10);
	assert_true(m.cap <= 64);
	assert_ptr_equal(map_getn(&m, 4999), &m);
	assert_null(map_getn(&m, 4000));
	map_clear(&m);
}

static void siphash_is_siphash(void **state)
{
	/* SipHash-1-3 of the empty text and of "abc" under the key 00 01 .. 0f, as other implementations print it. */
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	(void)state;
	assert_int_equal(hash_keyed(STR(""), key), 0xabac0158050fc4dc);
}

static void an_arena_keeps_everything_until_it_goes(void **state)
{
	ARENA(a);
	struct str all[500];

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		all[i] = arena_fmt(&a, "%0*zu", (int)(i % 97 + 5), i);
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(strtoul(all[i].p, NULL, 10), i);
	arena_reset(&a);
	assert_int_equal(*(char *)arena_alloc(&a, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole_or_refused),
		cmocka_unit_test(globs_match),
		cmocka_unit_test(cuts_and_words),
		cmocka_unit_test(a_cursor_remembers_its_first_mistake_only),
		cmocka_unit_test(a_cursor_never_passes_its_end),
		cmocka_unit_test(a_buffer_grows_and_is_cut),
		cmocka_unit_test(a_number_is_written_as_printf_writes_it),
		cmocka_unit_test(a_map_keeps_what_was_put),
		cmocka_unit_test(texts_are_looked_up_quickly),
		cmocka_unit_test(bytes_are_the_same_or_not),
		cmocka_unit_test(words_are_found),
		cmocka_unit_test(a_map_of_numbers_survives_growth_and_churn),
		cmocka_unit_test(siphash_is_siphash),
		cmocka_unit_test(an_arena_keeps_everything_until_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
