#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/str.h"
#include "deliver/retry.h"

#define S(n) ((int64_t)(n)*1000)
#define BIRTH S(1615286631)
#define TWO_DAYS S(172800)

/* qmail's table (LWQ E.1): attempts at (10k)^2 local and (20k)^2 remote seconds after arrival. */
static void the_schedule_is_qmails(void **state)
{
	static const struct {
		int64_t first;
		enum channel channel;
		int64_t age, next; /* ms after birth */
	} t[] = {
		{ S(100), CHANNEL_LOCAL, 0, S(100) },          { S(100), CHANNEL_LOCAL, S(100), S(400) },
		{ S(100), CHANNEL_LOCAL, S(105), S(400) },     { S(100), CHANNEL_LOCAL, S(400), S(900) },
		{ S(100), CHANNEL_LOCAL, S(10000), S(12100) }, { S(100), CHANNEL_REMOTE, 0, S(400) },
		{ S(100), CHANNEL_REMOTE, S(400), S(1600) },   { S(100), CHANNEL_REMOTE, S(1600), S(3600) },
		{ S(100), CHANNEL_REMOTE, S(3600), S(6400) },  { S(1), CHANNEL_LOCAL, 0, S(1) },
		{ S(1), CHANNEL_LOCAL, S(1), S(4) },           { S(1), CHANNEL_REMOTE, S(4), S(16) },
		{ S(400), CHANNEL_LOCAL, 0, S(400) },          { S(400), CHANNEL_LOCAL, S(400), S(1600) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct retry r = { t[i].first, TWO_DAYS };

		assert_int_equal(retry_next(&r, t[i].channel, BIRTH, BIRTH + t[i].age) - BIRTH, t[i].next);
	}
}

static int attempts(const struct retry *r, enum channel channel, int64_t *last)
{
	int64_t now = BIRTH;
	int n = 1;

	for (; !retry_over(r, BIRTH, now); n++)
		now = retry_next(r, channel, BIRTH, now);
	*last = now - BIRTH;
	return n;
}

/* LOG-FORMATS 3.2: two days are 22 remote and 43 local attempts, the last at 2d 01:00:00. */
static void two_days_of_attempts(void **state)
{
	struct retry r = { S(100), TWO_DAYS };
	int64_t last;

	(void)state;
	assert_int_equal(attempts(&r, CHANNEL_REMOTE, &last), 22);
	assert_int_equal(last, S(176400));
	assert_int_equal(attempts(&r, CHANNEL_LOCAL, &last), 43);
	assert_int_equal(last, S(176400));
}

static void a_jumping_clock_is_harmless(void **state)
{
	struct retry r = { S(100), TWO_DAYS };
	int64_t far = BIRTH + S(86400) * 3650;

	(void)state;
	assert_int_equal(retry_next(&r, CHANNEL_LOCAL, BIRTH, BIRTH - S(5000)), BIRTH - S(5000) + S(100));
	assert_true(retry_next(&r, CHANNEL_REMOTE, BIRTH, far) - far < S(86400));
	assert_true(retry_over(&r, BIRTH, far));
	assert_false(retry_over(&r, BIRTH, BIRTH - S(5)));
	assert_int_equal(retry_clamp(&r, BIRTH + S(100), BIRTH), BIRTH + S(100));
	assert_true(retry_clamp(&r, far, BIRTH) - BIRTH < S(86400));
	assert_int_equal(retry_clamp(&r, BIRTH - S(9), BIRTH), BIRTH - S(9));
}

static void a_next_try_is_always_ahead(void **state)
{
	static const int64_t firsts[] = { 0, 1, S(1), S(2), S(100), S(86400) };

	(void)state;
	for (size_t i = 0; i < COUNT(firsts); i++) {
		struct retry r = { firsts[i], TWO_DAYS };

		for (int64_t age = 0; age < TWO_DAYS; age += 77777)
			assert_true(retry_next(&r, CHANNEL_LOCAL, BIRTH, BIRTH + age) > BIRTH + age);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schedule_is_qmails),
		cmocka_unit_test(two_days_of_attempts),
		cmocka_unit_test(a_jumping_clock_is_harmless),
		cmocka_unit_test(a_next_try_is_always_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
