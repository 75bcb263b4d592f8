/* A sender is told that his message is late: once, whatever happens in between. */
#include "schedule_fails.h"

#define HOUR (INT64_C(3600) * 1000)
#define WHY "Unable to chdir to maildir. (#4.2.1)"

static void notices(int64_t after)
{
	struct schedule_set s = house_set();

	s.delay_notice = after;
	schedule_settings(schedule, &s);
	asked.n = 0;
}

/* A message of that age that is deferred. */
static uint64_t late(int64_t age)
{
	uint64_t qp = put(age, CHANNEL_LOCAL, NULL);

	ends(OUTCOME_DEFERRAL, WHY);
	turn();
	return qp;
}

static void a_late_message_is_told_of_once(void **state)
{
	struct envelope v;
	struct item *child;
	uint64_t qp, told;

	(void)state;
	notices(4 * HOUR);
	qp = late(3 * HOUR); /* asked: perhaps he wants to hear of it sooner */
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	turn();
	assert_true(child_of(qp) == NULL && !depot_find(depot, qp)->noticed && asked.n == 1);
	depot_settle(depot, depot_find(depot, qp), 0, true);
	turn();
	qp = late(5 * HOUR);
	assert_int_equal(asked.n, 2);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	child = child_of(qp);
	v = envelope_in(child);
	told = child->qp;
	assert_true(v.sender.n == 0 && v.delay == 1 && str_eqz(v.rcpts[0].final, "ann@x.example"));
	assert_int_equal(envelope_settles(&v), 0);
	turn();
	assert_true(logged(", delay-notice, %llu, qp %llu\n", (unsigned long long)qp, (unsigned long long)told));
	assert_true(depot_find(depot, qp)->noticed);
	assert_int_equal(depot_find(depot, qp)->rcpts[0].state, RCPT_WAITING);
	/* Not after a restart, which writes a checkpoint, and not after one more, when the notice itself is gone. */
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			depot_settle(depot, depot_find(depot, told), 0, true);
		turn();
		stop();
		start();
		notices(4 * HOUR);
		schedule_late(schedule, depot_find(depot, qp));
		turn();
		assert_int_equal(asked.n, 0);
	}
}

/* The record of the notice is on disk and the journal's words are not: the copy that a crash leaves knows it. */
static void a_notice_that_is_found_counts(void **state)
{
	uint64_t qp;

	(void)state;
	notices(4 * HOUR);
	qp = late(5 * HOUR);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	crash();
	start();
	notices(4 * HOUR);
	assert_non_null(child_of(qp));
	assert_true(depot_find(depot, qp)->noticed);
	assert_int_equal(depot_find(depot, qp)->rcpts[0].state, RCPT_WAITING);
}

static void who_is_told_nothing(void **state)
{
	static const enum resolved t[] = { RESOLVED_NO_MAILBOX, RESOLVED_LOOP, RESOLVED_OVER_QUOTA };
	struct envelope v = from("", three, 1);
	uint64_t qp;

	(void)state;
	notices(4 * HOUR);
	for (size_t i = 0; i < COUNT(t); i++) {
		qp = late(5 * HOUR);
		answer(t[i], NULL, CHANNEL_LOCAL);
		assert_true(child_of(qp) == NULL && depot_find(depot, qp)->noticed);
	}
	asked.n = 0;
	v.time = clock_wall() - 5 * HOUR;
	qp = put_envelope(v);
	ends(OUTCOME_DEFERRAL, WHY);
	turn();
	assert_true(asked.n == 0 && child_of(qp) == NULL);
	notices(0);
	qp = late(5 * HOUR);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_LOCAL);
	assert_true(child_of(qp) == NULL && !depot_find(depot, qp)->noticed);
}

/* What a mailbox has set counts before what is set for all, and NOTIFY before both. */
static void when_each_is_told(void **state)
{
	static const struct {
		int64_t all, own, age;
		unsigned notify;
		bool asked, told;
	} t[] = {
		/* clang-format off */
		{ 0,        0,        5 * HOUR,  0,                             true,  false },
		{ 0,        4 * HOUR, 5 * HOUR,  0,                             true,  true },
		{ 0,        4 * HOUR, 3 * HOUR,  0,                             true,  false },
		{ 4 * HOUR, -1,       5 * HOUR,  0,                             true,  false },
		{ 4 * HOUR, 8 * HOUR, 5 * HOUR,  0,                             true,  false },
		{ 4 * HOUR, HOUR,     2 * HOUR,  0,                             true,  true },
		{ HOUR,     0,        HOUR / 6,  0,                             false, false },
		{ HOUR / 9, 0,        HOUR / 6,  0,                             true,  true },
		{ 4 * HOUR, 0,        5 * HOUR,  NOTIFY_DELAY,                  true,  true },
		{ 4 * HOUR, 0,        5 * HOUR,  NOTIFY_FAILURE,                false, false },
		{ 4 * HOUR, 0,        5 * HOUR,  NOTIFY_NEVER,                  false, false },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct recipient r = three[0];
		struct envelope v = from("ann@example.com", &r, 1);
		struct recipient ann = { STR_INIT("ann@example.com"), STR_INIT("ann@example.com"),
					 .channel = CHANNEL_LOCAL };
		struct lookup_answer a = {
			.result = RESOLVED_MAILBOX, .targets = &ann, .n = 1, .delay_notice = t[i].own
		};
		uint64_t qp;

		notices(t[i].all);
		r.notify = t[i].notify;
		v.time = clock_wall() - t[i].age;
		qp = put_envelope(v);
		ends(OUTCOME_DEFERRAL, WHY);
		turn();
		if ((asked.n == 1) != t[i].asked)
			fail_msg("row %zu: asked %zu times", i, asked.n);
		if (t[i].asked)
			schedule_answer(schedule, asked.id, &a);
		if ((child_of(qp) != NULL) != t[i].told)
			fail_msg("row %zu: told %d", i, child_of(qp) != NULL);
		depot_settle(depot, depot_find(depot, qp), 0, true);
		while (child_of(qp) != NULL) { /* telltale-local has nothing to do with it */
			depot_settle(depot, child_of(qp), 0, true);
			turn();
		}
		turn();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_late_message_is_told_of_once),
		T(a_notice_that_is_found_counts),
		T(who_is_told_nothing),
		T(when_each_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
