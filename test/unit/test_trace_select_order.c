/* Answers stand newest first; of one second, what was read later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/select.h"

enum { MANY = 1000 };

static void check(const struct story *const *at, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (at[i - 1]->time < at[i]->time)
			fail_msg("%zu of %zu is older than the one behind it", i - 1, n);
		if (at[i - 1]->time == at[i]->time && at[i - 1]->order < at[i]->order)
			fail_msg("%zu of %zu was read before the one behind it", i - 1, n);
	}
}

static void the_newest_stands_first(void **state)
{
	static const int64_t steps[] = { 0, 1, 7, 256, 65536, (int64_t)1 << 40 };
	static struct story s[MANY];
	const struct story *at[MANY];
	uint32_t seed = 1;

	(void)state;
	for (size_t k = 0; k < COUNT(steps); k++)
		for (size_t n = 0; n <= MANY; n = n < 4 ? n + 1 : n + 249) {
			for (size_t i = 0; i < n; i++) {
				seed = seed * 1664525 + 1013904223;
				s[i] = (struct story){ .time = (seed >> 24) * steps[k] - 1000, .order = (uint32_t)i };
				at[i] = &s[i];
			}
			select_newest_first(at, n);
			check(at, n);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_stands_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
