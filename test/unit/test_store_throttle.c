/* How long answers wait, with a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "lookup/lookup.h"
#include "store/throttle.h"

enum { S = 1000, MINUTE = 60 * S };

static int setup(void **state)
{
	*state = throttle_new();
	return 0;
}

static int teardown(void **state)
{
	throttle_free(*state);
	return 0;
}

/* One attempt from its beginning to its end: the wait, or -1. */
static int64_t attempt(struct throttle *t, const char *ip, const char *user, enum attempt_end how, int64_t now)
{
	struct attempt a;
	int64_t wait = throttle_begin(t, str_of(ip), str_of(user), now, &a);

	if (wait >= 0)
		throttle_end(t, &a, how, now);
	return wait;
}

/* One after the other: when a client asks, how long it waits. */
static const struct {
	int64_t at;
	const char *ip, *user;
	enum attempt_end how;
	int64_t wait;
} guesses[] = {
	/* somebody guesses bob's password, one guess after the answer to the other */
	{ 0, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 0 },
	{ 0, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 0 },
	{ 0, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 0 },
	{ 0, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 1 * S },
	{ 1 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 2 * S },
	{ 3 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 4 * S },
	{ 7 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 8 * S },
	{ 15 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 16 * S },
	{ 31 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 30 * S },
	/* before that answer is due, no more */
	{ 32 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, -1 },
	{ 32 * S, "192.0.2.1", "ann@x", ATTEMPT_PASSED, -1 },
	{ 32 * S, "::ffff:192.0.2.1", "bob@x", ATTEMPT_FAILED, -1 },
	/* bob himself, elsewhere, waits a little; a name like his is the same; others do not wait at all */
	{ 33 * S, "192.0.2.2", "BOB@X", ATTEMPT_UNDECIDED, 5 * S },
	{ 33 * S, "192.0.2.3", "ann@x", ATTEMPT_PASSED, 0 },
	/* a right password waits as a wrong one does */
	{ 62 * S, "192.0.2.1", "ann@x", ATTEMPT_PASSED, 30 * S },
	/* and to have come in with one's own account erases nothing */
	{ 92 * S, "192.0.2.1", "ann@x", ATTEMPT_PASSED, 30 * S },
	/* bob came in: those who guess elsewhere begin anew with him, not with their address */
	{ 93 * S, "192.0.2.2", "bob@x", ATTEMPT_PASSED, 5 * S },
	{ 93 * S, "192.0.2.2", "bob@x", ATTEMPT_PASSED, 0 },
	{ 122 * S, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 16 * S },
	/* a failure is forgotten per minute */
	{ 122 * S + 4 * MINUTE, "192.0.2.1", "eve@x", ATTEMPT_UNDECIDED, 2 * S },
	{ 122 * S + 9 * MINUTE, "192.0.2.1", "eve@x", ATTEMPT_UNDECIDED, 0 },
};

static void one_guess_after_the_other(void **state)
{
	for (size_t i = 0; i < COUNT(guesses); i++) {
		int64_t wait = attempt(*state, guesses[i].ip, guesses[i].user, guesses[i].how, guesses[i].at);

		if (wait != guesses[i].wait)
			fail_msg("row %zu (%lld s, %s): %lld", i, (long long)guesses[i].at / S, guesses[i].ip,
				 (long long)wait);
	}
}

static void who_mistypes_and_then_comes_in_is_clean(void **state)
{
	for (int i = 0; i < 20; i++) {
		assert_int_equal(attempt(*state, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 0), 0);
		assert_int_equal(attempt(*state, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 0), 0);
		assert_int_equal(attempt(*state, "192.0.2.1", "bob@x", ATTEMPT_PASSED, 0), 0);
	}
}

static void names_that_nobody_has_are_counted_too(void **state)
{
	static const int64_t waits[] = { 0, 0, 0, 1 * S, 2 * S, 4 * S, 5 * S, 5 * S, 5 * S };
	char ip[32];

	for (size_t i = 0; i < COUNT(waits); i++) {
		snprintf(ip, sizeof(ip), "198.51.100.%zu", i);
		assert_int_equal(attempt(*state, ip, "ghost@x", ATTEMPT_FAILED, 0), waits[i]);
	}
}

static void an_ipv6_client_is_its_64(void **state)
{
	char ip[64];
	int64_t wait = 0;

	for (int i = 0; i < 4; i++) {
		snprintf(ip, sizeof(ip), "2001:db8:0:1:%x::%x", i, i);
		wait = attempt(*state, ip, "a@x", ATTEMPT_FAILED, i);
	}
	assert_int_equal(wait, 1 * S);
	assert_int_equal(attempt(*state, "2001:db8:0:2::1", "c@x", ATTEMPT_FAILED, 4), 0);
	assert_int_equal(attempt(*state, "2001:db8:0:1::9", "c@x", ATTEMPT_FAILED, 4), 3 * S - 1);
}

/* 100 connections ask at the same moment: a few are let through, the others stand in a queue of at most 30 s. */
static void at_the_same_time_from_one_address(void **state)
{
	struct attempt a[100];
	int64_t wait[100], last = 0;
	size_t n = 0;

	for (int i = 0; i < 100; i++) {
		wait[i] = throttle_begin(*state, STR("192.0.2.1"), STR("bob@x"), 0, &a[n]);
		if (wait[i] < 0)
			continue;
		assert_true(wait[i] >= last && wait[i] <= LOGIN_WAIT_MAX);
		last = wait[i];
		n++;
	}
	assert_in_range(n, THROTTLE_AT_ONCE, THROTTLE_AT_ONCE + 10);
	assert_int_equal(wait[THROTTLE_AT_ONCE], 0);
	assert_int_equal(wait[99], -1);
	for (size_t i = 0; i < n; i++)
		throttle_end(*state, &a[i], ATTEMPT_FAILED, 100);
	assert_int_equal(attempt(*state, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 31 * S), 30 * S);
}

static void many_who_know_their_passwords_do_not_wait(void **state)
{
	struct attempt a[THROTTLE_AT_ONCE];
	char user[32];

	for (int64_t now = 0; now < 50; now++) {
		for (int i = 0; i < THROTTLE_AT_ONCE; i++) {
			snprintf(user, sizeof(user), "u%d@x", i);
			assert_int_equal(throttle_begin(*state, STR("192.0.2.1"), str_of(user), now, &a[i]), 0);
		}
		for (int i = 0; i < THROTTLE_AT_ONCE; i++)
			throttle_end(*state, &a[i], ATTEMPT_PASSED, now);
	}
}

/* More keys than there is room for: the one not seen for longest goes; an attempt whose key went ends all the same. */
static void the_oldest_is_forgotten(void **state)
{
	struct attempt under_way;
	char ip[32];

	for (int i = 0; i < 4; i++)
		attempt(*state, "192.0.2.1", "bob@x", ATTEMPT_FAILED, 0);
	throttle_begin(*state, STR("192.0.2.9"), STR("ann@x"), 0, &under_way);
	for (int i = 0; i < THROTTLE_KEYS_MAX - 2; i++) {
		snprintf(ip, sizeof(ip), "10.%d.%d.1", i / 256, i % 256);
		attempt(*state, ip, ip, ATTEMPT_FAILED, 0);
	}
	assert_int_equal(attempt(*state, "192.0.2.1", "x@x", ATTEMPT_UNDECIDED, 0), 3 * S);
	attempt(*state, "10.200.0.1", "y@x", ATTEMPT_FAILED, 0);
	throttle_end(*state, &under_way, ATTEMPT_FAILED, 0);
	for (int i = 0; i < THROTTLE_KEYS_MAX; i++) {
		snprintf(ip, sizeof(ip), "11.%d.%d.1", i / 256, i % 256);
		attempt(*state, ip, ip, ATTEMPT_FAILED, 0);
	}
	assert_int_equal(attempt(*state, "192.0.2.1", "x@x", ATTEMPT_FAILED, 0), 0);
}

static void any_bytes_will_do(void **state)
{
	static const struct str odd[] = {
		STR_INIT(""),         STR_INIT("\0\0"),
		STR_INIT("' OR 1=1"), STR_INIT("::ffff:"),
		STR_INIT("::"),       STR_INIT("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
	};
	struct attempt a;

	for (size_t i = 0; i < COUNT(odd); i++) {
		assert_int_equal(throttle_begin(*state, odd[i], odd[i], 0, &a), 0);
		throttle_end(*state, &a, ATTEMPT_FAILED, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_guess_after_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(who_mistypes_and_then_comes_in_is_clean, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_nobody_has_are_counted_too, setup, teardown),
		cmocka_unit_test_setup_teardown(an_ipv6_client_is_its_64, setup, teardown),
		cmocka_unit_test_setup_teardown(at_the_same_time_from_one_address, setup, teardown),
		cmocka_unit_test_setup_teardown(many_who_know_their_passwords_do_not_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(any_bytes_will_do, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
