/* Texts and their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/dict.h"

enum { MANY = 20000 };

/* Of all lengths, and many with a common begin: "", "a", "aa", ... "aaaaaaaaaaaaaaaaaaaa1234". */
static struct str text_of(struct arena *mem, unsigned i)
{
	static const char same[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	return i < sizeof(same) ? str_mem(same, i) : arena_fmt(mem, "%.*s%u", (int)(i % 40), same, i);
}

static void each_text_keeps_its_number(void **state)
{
	struct dict d = { 0 };
	ARENA(mem);

	(void)state;
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < MANY; i++) {
			struct str text = text_of(&mem, i);
			struct dict_slot *s = dict_slot(&d, text);

			assert_true((s->p == NULL) == (round == 0));
			if (s->p == NULL)
				dict_put(&d, s, text, i);
			assert_int_equal(s->number, i);
		}
	assert_int_equal(d.n, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(dict_number(&d, text_of(&mem, i)), i);
	assert_int_equal(dict_number(&d, STR("ab")), UINT32_MAX);
	dict_clear(&d);
	assert_int_equal(dict_number(&d, STR("a")), UINT32_MAX);
	dict_clear(&d);
	arena_clear(&mem);
}

/* One that was asked for and not put is not there. */
static void who_only_asks_leaves_nothing(void **state)
{
	struct dict d = { 0 };

	(void)state;
	assert_null(dict_slot(&d, STR("x"))->p);
	assert_null(dict_slot(&d, STR("x"))->p);
	assert_int_equal(d.n, 0);
	dict_put(&d, dict_slot(&d, STR("")), STR(""), 7);
	assert_int_equal(dict_number(&d, STR("")), 7);
	assert_int_equal(dict_number(&d, STR("x")), UINT32_MAX);
	dict_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_keeps_its_number),
		cmocka_unit_test(who_only_asks_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
