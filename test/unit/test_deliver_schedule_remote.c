/* The schedule and those who bring mail to other servers: who gets what, how many, and when the dead are tried. */
#include "schedule_house.h"

struct one {
	struct agent *agent;
	struct ipc_conn ours, theirs;
};

static void comes_as(struct one *o, enum agent_kind kind)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ipc_conn_init(&o->ours, pair[0]);
	ipc_conn_init(&o->theirs, pair[1]);
	o->agent = schedule_agent(schedule, kind, &o->ours);
}

static void comes(struct one *o)
{
	comes_as(o, AGENT_REMOTE);
}

static void goes(struct one *o)
{
	schedule_agent_gone(schedule, o->agent);
	ipc_conn_clear(&o->ours);
	ipc_conn_clear(&o->theirs);
}

/* The delivery that he is given next; 0: none. */
static uint64_t given(struct one *o)
{
	struct deliver_remote m;
	struct ipc_frame f;
	struct err e = { 0 };

	assert_int_equal(ipc_flush(&o->ours, &e), 0);
	if (ipc_next(&o->theirs, &f, &e) != 1) {
		(void)ipc_fill(&o->theirs, &e);
		if (ipc_next(&o->theirs, &f, &e) != 1)
			return 0;
	}
	assert_int_equal(f.type, deliver_remote_number);
	assert_int_equal(ipc_unpack(f.body, &deliver_remote_type, &m, &e), 0);
	assert_true(str_eqz(m.sender, "ann@x.example"));
	close(f.fd);
	return m.delivery;
}

static int ends(struct one *o, uint64_t delivery, enum outcome_kind kind, bool unreachable)
{
	struct deliver_done m = {
		.delivery = delivery, .outcome = kind, .report = STR("x"), .unreachable = unreachable
	};

	return agent_says(o->agent, &deliver_done_type, &m);
}

static uint64_t put_old(const char *rcpt, int64_t age)
{
	struct recipient r = { str_of(rcpt), str_of(rcpt), .channel = CHANNEL_REMOTE };

	return put_envelope(
	    (struct envelope){ .time = clock_wall() - age, .sender = STR("ann@x.example"), .rcpts = &r, .nrcpts = 1 });
}

static uint64_t put_for(const char *rcpt)
{
	return put_old(rcpt, 0);
}

static int64_t delay_notice;

static void open_up(size_t most)
{
	struct schedule_set set = house_set();

	set.remote = true;
	set.remote_most = most;
	set.delay_notice = delay_notice;
	schedule_settings(schedule, &set);
}

static int64_t next_of(uint64_t qp)
{
	return depot_find(depot, qp)->rcpts[0].next;
}

static void nobody_is_there_and_all_waits(void **state)
{
	struct one o;
	uint64_t qp;

	(void)state;
	open_up(10);
	qp = put_for("bob@far.example");
	assert_int_equal(depot_find(depot, qp)->rcpts[0].attempts, 0);
	assert_int_equal(schedule_next(schedule), INT64_MAX);
	comes(&o);
	turn();
	assert_int_equal(ends(&o, given(&o), OUTCOME_SUCCESS, false), 0);
	turn();
	assert_null(depot_find(depot, qp));
	goes(&o);
}

/* How many come when their places in the timetable do: as many as it has room for, and no more. */
static size_t given_later(struct one *o)
{
	int64_t until = deadline_in(5000);
	size_t n = 0;

	while (n < 2 && clock_mono() < until) {
		usleep(1000);
		turn();
		n += given(o) != 0;
	}
	usleep(50 * 1000);
	turn();
	return n + (given(o) != 0);
}

static void five_for_one_destination_to_begin_with(void **state)
{
	struct one o;
	uint64_t first = 0, n = 0, d;

	(void)state;
	open_up(10);
	comes(&o);
	for (int i = 0; i < 8; i++)
		put_for("bob@far.example");
	put_for("bob@other.example");
	while ((d = given(&o)) != 0) {
		first = first == 0 ? d : first;
		n++;
	}
	assert_int_equal(n, 6);
	assert_int_equal(ends(&o, first, OUTCOME_FAILURE, false), 0);
	assert_int_equal(ends(&o, first, OUTCOME_FAILURE, false), -1);
	assert_int_equal(given_later(&o), 2);
	goes(&o);
}

static void who_does_not_answer_is_not_asked_again_at_once(void **state)
{
	struct one o;
	int64_t now = clock_wall();
	uint64_t qp, other;

	(void)state;
	open_up(10);
	comes(&o);
	put_for("bob@far.example");
	assert_int_equal(ends(&o, given(&o), OUTCOME_DEFERRAL, true), 0);
	qp = put_for("ann@far.example");
	other = put_for("ann@other.example");
	assert_true(given(&o) != 0 && given(&o) == 0);
	assert_in_range(next_of(qp), now + 99 * 1000, now + 110 * 1000);
	assert_int_equal(depot_find(depot, qp)->rcpts[0].attempts, 0);
	assert_true(depot_find(depot, other)->rcpts[0].state == RCPT_BUSY);
	depot_retry(depot, depot_find(depot, qp), 0, clock_wall());
	schedule_revive(schedule);
	turn();
	assert_true(given(&o) != 0);
	goes(&o);
}

/* One of them is tried now and then; the time of the others, who are not tried meanwhile, is over all the same. */
static void nobody_outlives_his_time_because_his_destination_is_left_alone(void **state)
{
	struct one o;
	uint64_t old, young;

	(void)state;
	open_up(10);
	comes(&o);
	put_for("bob@far.example");
	assert_int_equal(ends(&o, given(&o), OUTCOME_DEFERRAL, true), 0);
	asked.n = 0;
	young = put_old("ann@far.example", 60 * 1000);
	old = put_old("ann@far.example", 2 * DAY + 1000);
	assert_int_equal(given(&o), 0);
	assert_int_equal(depot_find(depot, young)->rcpts[0].attempts, 0);
	assert_true(rcpt_failed(&depot_find(depot, old)->rcpts[0]));
	assert_non_null(strstr(depot_find(depot, old)->rcpts[0].report, "(#4.4.1)\nI'm not going to try again"));
	turn();
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.id, old);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	assert_non_null(child_of(old));
	goes(&o);
}

/* Of whom else that message was for, and failed, its sender is told meanwhile. */
static void no_bounce_waits_for_a_destination_that_is_left_alone(void **state)
{
	static const struct recipient to[] = {
		{ STR_INIT("ann@other.example"), STR_INIT("ann@other.example"), .channel = CHANNEL_REMOTE },
		{ STR_INIT("ann@far.example"), STR_INIT("ann@far.example"), .channel = CHANNEL_REMOTE },
	};
	struct one o;
	uint64_t qp;

	(void)state;
	open_up(10);
	comes(&o);
	put_for("bob@far.example");
	assert_int_equal(ends(&o, given(&o), OUTCOME_DEFERRAL, true), 0);
	asked.n = 0;
	qp = put_envelope(
	    (struct envelope){ .time = clock_wall(), .sender = STR("ann@x.example"), .rcpts = to, .nrcpts = 2 });
	assert_int_equal(ends(&o, given(&o), OUTCOME_FAILURE, false), 0);
	turn();
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.id, qp);
	goes(&o);
}

static void his_sender_is_told_that_it_takes_long(void **state)
{
	struct one o;
	uint64_t qp;

	(void)state;
	delay_notice = DAY / 6;
	open_up(10);
	comes(&o);
	put_for("bob@far.example");
	assert_int_equal(ends(&o, given(&o), OUTCOME_DEFERRAL, true), 0);
	asked.n = 0;
	qp = put_old("ann@far.example", DAY);
	turn();
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	assert_non_null(child_of(qp));
	turn();
	assert_true(depot_find(depot, qp)->noticed);
	delay_notice = 0;
	goes(&o);
}

/* Two of them while one hands over: each answers for what he was given. */
static void who_leaves_ends_what_he_has(void **state)
{
	struct deliver_leaving leaving = { 1000 };
	struct one old, fresh;
	uint64_t qp[2], d;

	(void)state;
	open_up(10);
	comes(&old);
	qp[0] = put_for("bob@far.example");
	d = given(&old);
	comes(&fresh);
	assert_true(d != 0 && given(&fresh) == 0);
	assert_int_equal(agent_says(old.agent, &deliver_leaving_type, &leaving), 0);
	qp[1] = put_for("bob@far.example");
	assert_true(given(&old) == 0);
	assert_int_equal(ends(&fresh, d, OUTCOME_SUCCESS, false), -1);
	assert_false(schedule_parted(old.agent));
	assert_int_equal(ends(&old, d, OUTCOME_SUCCESS, false), 0);
	assert_true(schedule_parted(old.agent));
	goes(&old);
	d = given(&fresh);
	goes(&fresh);
	turn();
	assert_true(d != 0 && depot_find(depot, qp[0]) == NULL && depot_find(depot, qp[1])->rcpts[0].attempts == 1);
	assert_int_equal(schedule_busy(schedule), 0);
}

/* After a reload the one with the old settings may not have heard yet that it is to leave. */
static void the_newest_gets_what_comes_next(void **state)
{
	struct one old, fresh;

	(void)state;
	open_up(10);
	comes(&old);
	comes(&fresh);
	put_for("bob@far.example");
	assert_true(given(&fresh) != 0 && given(&old) == 0);
	goes(&fresh);
	turn();
	put_for("bob@far.example");
	assert_true(given(&old) != 0);
	goes(&old);
}

/* relay { rate } is for other servers. */
static void programs_know_no_rate(void **state)
{
	struct conf slow = house_conf;
	struct schedule_set set = house_set();
	struct recipient r = { STR_INIT("|tickets"), STR_INIT("a@example.com"), .channel = CHANNEL_REMOTE };
	struct ipc_frame f;
	struct err e = { 0 };
	struct one o, far;
	size_t n = 0;

	(void)state;
	slow.relay.rate.count = 1;
	slow.relay.rate.each = 60 * 1000;
	r.led = LED_PROGRAM;
	set.remote = true;
	set.remote_most = 10;
	set.conf = &slow;
	schedule_settings(schedule, &set);
	comes(&far);
	comes_as(&o, AGENT_PIPE);
	for (int i = 0; i < 3; i++)
		put_envelope((struct envelope){
		    .time = clock_wall(), .sender = STR("ann@x.example"), .rcpts = &r, .nrcpts = 1 });
	assert_int_equal(ipc_flush(&o.ours, &e), 0);
	for (int fill = 0; fill < 4; fill++) {
		(void)ipc_fill(&o.theirs, &e);
		while (ipc_next(&o.theirs, &f, &e) == 1) {
			assert_int_equal(f.type, deliver_program_number);
			close(f.fd);
			n++;
		}
	}
	assert_int_equal(n, 3);
	goes(&o);
	goes(&far);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(nobody_is_there_and_all_waits),
		T(five_for_one_destination_to_begin_with),
		T(who_does_not_answer_is_not_asked_again_at_once),
		T(nobody_outlives_his_time_because_his_destination_is_left_alone),
		T(no_bounce_waits_for_a_destination_that_is_left_alone),
		T(his_sender_is_told_that_it_takes_long),
		T(who_leaves_ends_what_he_has),
		T(the_newest_gets_what_comes_next),
		T(programs_know_no_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
