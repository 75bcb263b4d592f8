/* How many deliveries a destination gets, and who waits for how long. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "deliver/destination.h"

static const struct destination_rule rule = { 20, 100 * 1000, 0 };
static struct destinations d;

static size_t places(uint32_t n, int64_t now)
{
	size_t got = 0;
	int64_t next;

	while (got < 1000 && destination_may(&d, n, &rule, now, &next)) {
		destination_begins(&d, n, &rule, now);
		got++;
	}
	return got;
}

static void end(uint32_t n, size_t times, enum destination_news news, int64_t now)
{
	while (times-- > 0)
		destination_ends(&d, n, &rule, news, 1000, now);
}

static int teardown(void **state)
{
	(void)state;
	destinations_clear(&d);
	return 0;
}

static void names(void **state)
{
	uint32_t a = destination_of(&d, STR("a.example"), 0);

	(void)state;
	assert_true(a > 1 && a == destination_of(&d, STR("a.example"), 0));
	assert_true(a != destination_of(&d, STR("b.example"), 0));
	assert_true(a != destination_of(&d, STR("a.example"), 7));
	assert_int_equal(destination_way(a), 0);
	assert_int_equal(destination_way(destination_of(&d, STR("a.example"), 63)), 63);
}

static void it_grows_while_all_goes_well(void **state)
{
	(void)state;
	assert_int_equal(places(7, 0), DESTINATION_FIRST);
	end(7, 3, DESTINATION_ANSWERED, 0);
	assert_int_equal(places(7, 0), 6);
	end(7, 7, DESTINATION_ANSWERED, 0);
	end(7, 1, DESTINATION_UNKNOWN, 0);
	assert_int_equal(places(7, 0), DESTINATION_FIRST + 10);
	end(7, 14, DESTINATION_ANSWERED, 0);
	assert_int_equal(places(7, 0), 19); /* one is under way: twenty at most */
	end(7, 20, DESTINATION_ANSWERED, 10000);
	assert_int_equal(d.at.n, 0);
}

/* Places of the timetable: each later than the one before, none so far that a free place stays empty. */
static void who_finds_no_place_has_his_turn(void **state)
{
	int64_t next, last = 1000;

	(void)state;
	assert_int_equal(places(7, 1000), DESTINATION_FIRST);
	for (int i = 0; i < 100; i++) {
		assert_false(destination_may(&d, 7, &rule, 1000, &next));
		assert_true(next > last && next <= last + 1000);
		last = next;
	}
	assert_int_equal(places(8, 1000), DESTINATION_FIRST);
	end(7, 5, DESTINATION_ANSWERED, 1001);
	assert_true(destination_may(&d, 7, &rule, 1001, &next));
}

static void who_does_not_answer_is_left_alone(void **state)
{
	static const int64_t waits[] = { 100, 200, 400, 800, 1600, 3200, 3600, 3600 };
	int64_t now = 1000000, next;

	(void)state;
	assert_int_equal(places(7, now), 5);
	end(7, 5, DESTINATION_UNREACHABLE, now); /* they found it out together: that counts once */
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_false(destination_may(&d, 7, &rule, now, &next));
		assert_in_range(next, now + waits[i] * 1000, now + waits[i] * 1000 + 100);
		now += waits[i] * 1000;
		assert_int_equal(places(7, now), 1);
		end(7, 1, DESTINATION_UNREACHABLE, now);
	}
	destinations_revive(&d);
	assert_int_equal(places(7, now), 1);
	end(7, 1, DESTINATION_ANSWERED, now);
	assert_true(places(7, now) >= 2);
}

static uint64_t called(uint32_t n, int64_t now)
{
	struct destination_waiting w;

	if (!destination_first(&d, n, now, &w))
		return 0;
	destination_called(&d, n);
	return w.qp;
}

/* One for each that ended, one more where it may grow; in their order; nobody for who is left alone. */
static void who_finds_no_place_stands_in_line(void **state)
{
	static const struct destination_rule slow = { 20, 100 * 1000, 2000 };
	struct destination_waiting w;
	uint64_t qp = 1;
	int64_t next;

	(void)state;
	assert_int_equal(places(7, 1000), DESTINATION_FIRST);
	for (uint64_t i = 1; i <= 1000; i++)
		destination_waits(&d, 7, &rule, (struct destination_waiting){ i, 0 });
	assert_int_equal(called(7, 1000), 0);
	for (int i = 0; i < 300; i++) {
		end(7, 1, DESTINATION_ANSWERED, 1000 + i);
		assert_true(destination_first(&d, 7, 1000 + i, &w)); /* not there any more: the next one is asked */
		assert_int_equal(w.qp, qp++);
		for (uint64_t got; (got = called(7, 1000 + i)) > 0; qp++) {
			assert_int_equal(got, qp);
			assert_true(destination_may(&d, 7, &rule, 1000 + i, &next));
			destination_begins(&d, 7, &rule, 1000 + i);
		}
	}
	assert_int_equal(places(7, 2000), 0);
	end(7, 1, DESTINATION_ANSWERED, 2000);
	assert_true(destination_may(&d, 7, &rule, 1990, &next)); /* the same turn, a moment before */
	assert_true(called(7, 2000) > 0);
	end(7, 1, DESTINATION_UNREACHABLE, 2000);
	assert_int_equal(called(7, 2000), 0);
	destination_begins(&d, 8, &slow, 1000);
	destination_waits(&d, 8, &slow, (struct destination_waiting){ 1, 0 });
	destination_ends(&d, 8, &slow, DESTINATION_ANSWERED, 5, 1001);
	assert_int_equal(called(8, 1001), 0); /* the rate alone says when */
	assert_int_equal(called(9, 1001), 0);
}

/* Two seconds between two, however many wait and whatever becomes of them; each has his own moment. */
static void a_rate_spreads_them(void **state)
{
	static const struct destination_rule slow = { 20, 100 * 1000, 2000 };
	int64_t next, begun[10];
	size_t n = 0;

	(void)state;
	for (int64_t now = 1000; now < 21000; now += 100) {
		if (!destination_may(&d, 7, &slow, now, &next))
			continue;
		destination_begins(&d, 7, &slow, now);
		begun[n++] = now;
		destination_ends(&d, 7, &slow, n % 3 == 0 ? DESTINATION_UNKNOWN : DESTINATION_ANSWERED, 5, now + 50);
	}
	assert_int_equal(n, 10);
	for (size_t i = 1; i < n; i++)
		assert_int_equal(begun[i] - begun[i - 1], 2000);
	destination_begins(&d, 8, &slow, 20000);
	for (int64_t i = 1; i < 50; i++) {
		assert_false(destination_may(&d, 8, &slow, 20000, &next));
		assert_int_equal(next, 20000 + 2000 * i);
	}
	assert_true(destination_may(&d, 8, &slow, 22000, &next));
	assert_true(destination_may(&d, 9, &slow, 20000, &next));
	destination_ends(&d, 8, &slow, DESTINATION_ANSWERED, 5, 20000);
	assert_false(destination_may(&d, 8, &slow, 19990, &next)); /* the same turn, a moment before */
	destination_begins(&d, 8, &slow, INT64_C(9000000000));
	assert_true(destination_may(&d, 8, &slow, 20000, &next)); /* a clock that was set back */
}

static void a_clock_that_was_set_back_is_no_reason(void **state)
{
	int64_t next;

	(void)state;
	assert_int_equal(places(7, INT64_C(9000000000)), 5);
	end(7, 5, DESTINATION_UNREACHABLE, INT64_C(9000000000));
	assert_true(destination_may(&d, 7, &rule, 1000, &next));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names, teardown),
		cmocka_unit_test_teardown(it_grows_while_all_goes_well, teardown),
		cmocka_unit_test_teardown(who_finds_no_place_has_his_turn, teardown),
		cmocka_unit_test_teardown(who_finds_no_place_stands_in_line, teardown),
		cmocka_unit_test_teardown(who_does_not_answer_is_left_alone, teardown),
		cmocka_unit_test_teardown(a_rate_spreads_them, teardown),
		cmocka_unit_test_teardown(a_clock_that_was_set_back_is_no_reason, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
