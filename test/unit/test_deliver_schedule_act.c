/* What the postmaster says is done, and stays done. */
#include "schedule_fails.h"

static void held_is_not_tried_and_not_given_up(void **state)
{
	struct recipient to[] = { three[0], three[2] };
	struct envelope v = from("ann@x.example", to, 2);
	uint64_t qp;

	(void)state;
	v.time -= 3 * DAY;
	qp = put_envelope(v);
	assert_int_equal(acted("hold", qp, "/0"), 0); /* busy: held when its attempt ends */
	ends(OUTCOME_DEFERRAL, "x");
	assert_true(logged("deferral, x/\n"));
	assert_false(logged("deferral, x/I'm"));
	assert_int_equal(acted("hold", qp, "/0"), 1);
	assert_int_equal(acted("retry", qp, "/0"), 1);
	stop();
	start();
	turn();
	assert_true(depot_find(depot, qp)->rcpts[0].held);
	assert_int_equal(depot_next(depot, CHANNEL_LOCAL), INT64_MAX);
	assert_int_equal(acted("release", qp, ""), 0);
	assert_int_equal(acted("release", qp, ""), 1);
	assert_int_equal(acted("retry", qp, "/0"), 0);
	turn();
	ends(OUTCOME_FAILURE, "y");
	turn();
}

static void what_the_postmaster_deletes_is_gone_and_logged(void **state)
{
	struct recipient to[] = { three[0], three[2] };
	uint64_t qp = put_envelope(from("ann@x.example", to, 2));

	(void)state;
	asked.n = 0;
	assert_int_equal(acted("delete", qp, "/0"), 1); /* it is being tried */
	assert_int_equal(acted("delete", qp, ""), 0);
	assert_true(logged("remote, c@other.test\n"));
	assert_true(logged("failure, deleted_by_the_postmaster/\n"));
	turn();
	ends(OUTCOME_DEFERRAL, "x");
	assert_int_equal(acted("delete", qp, "/0"), 0);
	turn();
	assert_null(depot_find(depot, qp));
	assert_int_equal(asked.n, 0);
	assert_int_equal(acted("delete", qp, ""), 1);
	assert_int_equal(acted("delete", qp, "/x"), 2);
	stop();
	start();
	assert_null(depot_find(depot, qp));
}

static void retry_without_a_number_is_all_that_waits(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", &three[2], 1));
	struct shown a;
	char byte;

	(void)state;
	assert_true(depot_find(depot, qp)->rcpts[0].next > clock_wall() + 1000);
	a = act("retry", NULL);
	assert_int_equal(a.status, 0);
	assert_true(has(buf_str(&a.output), "\"changed\":1"));
	shown_clear(&a);
	turn();
	assert_int_equal(depot_find(depot, qp)->rcpts[0].attempts, 2);
	a = act("export", arena_fmt(&mem, "%llu", (unsigned long long)qp).p);
	assert_true(has(buf_str(&a.output), "\"size\":22"));
	assert_int_equal(pread(a.fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'R');
	shown_clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(held_is_not_tried_and_not_given_up),
		T(what_the_postmaster_deletes_is_gone_and_logged),
		T(retry_without_a_number_is_all_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
