/* References to decisions: what is written reads the same, and nothing else is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mail/reference.h"

enum { NOW = 1700000000, DAY = 86400 };

#define KEY STR("0123456789abcdef0123456789abcdef")
#define OTHER STR("0123456789abcdef0123456789abcdeF")

static void what_is_written_reads_the_same(void **state)
{
	static const struct {
		uint64_t connection, index;
		const char *text;
	} t[] = {
		{ 0, 0, "AQAA-ZkBekkr1fAGPLa5_U-4nDFjJw" },
		{ 1, 1, "AQEB-ZkBhCm8mAhpX83SVsfllehZrw" },
		{ 127, 1, NULL },
		{ 128, 100, NULL },
		{ 15309, 2, NULL },
		{ (1ull << 53) - 1, 1000, NULL },
		{ INT64_MAX, INT64_MAX, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct reference x = { t[i].connection, t[i].index, NOW / DAY + REFERENCE_DAYS }, y = { 0 };
		BUF(b);

		assert_int_equal(reference_day(NOW), x.day);
		reference_put(&b, KEY, &x);
		assert_in_range(b.n, 30, REFERENCE_TEXT_MAX);
		if (t[i].text != NULL)
			assert_string_equal(buf_z(&b), t[i].text);
		assert_int_equal(reference_read(buf_str(&b), KEY, NOW, &y), REFERENCE_GOOD);
		assert_true(y.connection == x.connection && y.index == x.index && y.day == x.day);
		assert_int_equal(reference_read(buf_str(&b), OTHER, NOW, &y), REFERENCE_FORGED);
	}
}

static void it_is_good_to_the_end_of_its_last_day(void **state)
{
	static const struct {
		int64_t at;
		enum reference_word word;
	} t[] = {
		{ 0, REFERENCE_GOOD },
		{ -1, REFERENCE_GOOD },
		{ NOW, REFERENCE_GOOD },
		{ (NOW / DAY + REFERENCE_DAYS + 1) * (int64_t)DAY - 1, REFERENCE_GOOD },
		{ (NOW / DAY + REFERENCE_DAYS + 1) * (int64_t)DAY, REFERENCE_EXPIRED },
		{ INT64_MAX, REFERENCE_EXPIRED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct reference x = { 7, 1, reference_day(NOW) }, y = { 0 };
		BUF(b);

		reference_put(&b, KEY, &x);
		assert_int_equal(reference_read(buf_str(&b), KEY, t[i].at, &y), t[i].word);
		assert_int_equal(y.connection, 7);
	}
}

static void every_change_of_a_letter_is_noticed(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct reference x = { 15309, 1, reference_day(NOW) }, y = { 0 };
	BUF(b);

	(void)state;
	reference_put(&b, KEY, &x);
	for (size_t i = 0; i < b.n; i++)
		for (size_t k = 0; k < 64; k++) {
			char was = b.p[i];

			b.p[i] = letters[k];
			if (letters[k] != was && reference_read(buf_str(&b), KEY, NOW, &y) != REFERENCE_FORGED)
				fail_msg("letter %zu may be %c", i, letters[k]);
			b.p[i] = was;
		}
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(reference_read(str_take(buf_str(&b), n), KEY, NOW, &y), REFERENCE_FORGED);
	buf_addc(&b, 'A');
	assert_int_equal(reference_read(buf_str(&b), KEY, NOW, &y), REFERENCE_FORGED);
	assert_int_equal(y.connection, 0);
}

static void what_is_none(void **state)
{
	static const char *const t[] = {
		"",
		"x",
		"%ref",
		"AQAA-ZkBekkr1fAGPLa5_U-4nDFjJw==",
		"AQAA-ZkBekkr1fAGPLa5_U-4nDFjJw/",
		"AQAA-ZkBekkr1fAGPLa5_U-4nDFjJ+",
		"../../../etc/passwd",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct reference y = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (reference_read(str_of(t[i]), KEY, NOW, &y) != REFERENCE_FORGED)
			fail_msg("%s", t[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(it_is_good_to_the_end_of_its_last_day),
		cmocka_unit_test(every_change_of_a_letter_is_noticed),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
