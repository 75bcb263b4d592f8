#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/intern.h"
#include "base/ordered.h"

enum { NUMBERS = 3000 };

/* What a plain array says of the same life. */
struct model {
	char there[NUMBERS];
	size_t n;
};

static char values[NUMBERS];

static void check(const struct ordered *o, const struct model *m)
{
	size_t seen = 0, last = 0;
	char *v;

	assert_int_equal(o->n, m->n);
	for (uint64_t at = 0; (v = ordered_from(o, at)) != NULL; seen++) {
		size_t i = (size_t)(v - values);

		assert_true(m->there[i] && (seen == 0 || i > last));
		last = i;
		at = i + 1;
	}
	assert_int_equal(seen, m->n);
	for (size_t i = 0; i < NUMBERS; i++)
		assert_ptr_equal(ordered_get(o, i), m->there[i] ? &values[i] : NULL);
}

static void put(struct ordered *o, struct model *m, size_t i)
{
	ordered_put(o, i, &values[i]);
	m->n += !m->there[i];
	m->there[i] = 1;
}

static void del(struct ordered *o, struct model *m, size_t i)
{
	assert_ptr_equal(ordered_del(o, i), m->there[i] ? &values[i] : NULL);
	m->n -= m->there[i] != 0;
	m->there[i] = 0;
}

static void test_a_life_like_that_of_an_array(void **state)
{
	struct ordered o = { 0 };
	struct model m = { 0 };

	(void)state;
	srand(7);
	check(&o, &m);
	for (size_t i = 0; i < NUMBERS; i += 2)
		put(&o, &m, i);
	check(&o, &m);
	for (int round = 0; round < 6; round++) {
		for (int k = 0; k < NUMBERS; k++) {
			size_t i = (size_t)rand() % NUMBERS;

			if (rand() % 6 > round)
				put(&o, &m, i);
			else
				del(&o, &m, i);
		}
		check(&o, &m);
	}
	for (size_t i = 0; i < NUMBERS; i++)
		del(&o, &m, i);
	check(&o, &m);
	assert_int_equal(o.npages, 0);
	ordered_clear(&o);
}

static void test_a_text_lives_as_long_as_it_is_kept(void **state)
{
	struct intern t = { 0 };
	const char *a = intern_keep(&t, STR("busy")), *b = intern_keep(&t, STR("busy")),
		   *none = intern_keep(&t, STR(""));

	(void)state;
	assert_ptr_equal(a, b);
	assert_string_equal(none, "");
	intern_drop(&t, a);
	assert_string_equal(b, "busy");
	assert_int_equal(t.texts.n, 2);
	intern_drop(&t, b);
	intern_drop(&t, NULL);
	assert_int_equal(t.texts.n, 1);
	intern_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_life_like_that_of_an_array),
		cmocka_unit_test(test_a_text_lives_as_long_as_it_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
