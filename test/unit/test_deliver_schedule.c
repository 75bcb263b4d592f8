#include "schedule_house.h"

/* What the agent is told next; type 0: nothing. */
static struct ipc_frame told(void)
{
	struct ipc_frame f = { .type = 0, .fd = -1 };
	struct err e = { 0 };

	if (ipc_next(&theirs, &f, &e) == 1)
		return f;
	(void)ipc_fill(&theirs, &e);
	if (ipc_next(&theirs, &f, &e) == 1)
		return f;
	return (struct ipc_frame){ .fd = -1 };
}

static struct deliver_local given(void)
{
	struct deliver_local m;
	struct ipc_frame f = told();
	struct err e = { 0 };
	char text[64] = "";

	assert_int_equal(f.type, deliver_local_number);
	assert_int_equal(ipc_unpack(f.body, &deliver_local_type, &m, &e), 0);
	ipc_keep(&mem, &deliver_local_type, &m);
	assert_int_equal(pread(f.fd, text, m.size, (off_t)m.offset), (ssize_t)m.size);
	assert_string_equal(text, "Received: x\r\n\r\nhello\r\n");
	close(f.fd);
	return m;
}

static int staged(uint64_t delivery)
{
	struct deliver_staged m = { delivery };

	return agent_says(agent, &deliver_staged_type, &m);
}

static int done(uint64_t delivery, uint64_t outcome, const char *report)
{
	struct deliver_done m = { .delivery = delivery, .outcome = outcome, .report = str_of(report) };

	return agent_says(agent, &deliver_done_type, &m);
}

/* Does the delivery log hold a line with these words about this delivery? */
static bool logged(const char *verb, uint64_t delivery, const char *words)
{
	BUF(text);
	BUF(want);
	struct err e;

	dlog_flush(dlog);
	assert_int_equal(io_slurp(AT_FDCWD, arena_fmt(&mem, "%s/delivery.log", top).p, 1 << 20, &text, &e), 0);
	buf_fmt(&want, ", %s, %llu%s", verb, (unsigned long long)delivery, words);
	return str_find(buf_str(&text), buf_str(&want)) >= 0;
}

static bool shows(uint64_t qp, const char *words)
{
	BUF(ask);
	struct shown a = { .fd = -1 };
	bool found;

	buf_add(&ask, "show", 5);
	buf_fmt(&ask, "%llu", (unsigned long long)qp);
	command(buf_str(&ask), &a);
	found = a.status == 0 && str_find(buf_str(&a.output), str_of(words)) >= 0;
	shown_clear(&a);
	return found;
}

static int64_t next_of(uint64_t qp)
{
	return depot_find(depot, qp)->rcpts[0].next;
}

static void a_message_is_delivered_step_by_step(void **state)
{
	uint64_t qp = put(0, CHANNEL_LOCAL, "");
	struct deliver_local m = given();

	(void)state;
	assert_int_equal(m.qp, qp);
	assert_int_equal(m.staged, 0);
	assert_true(str_eqz(m.final, "bob@example.com") && str_eqz(m.sender, "ann@x.example"));
	assert_true(logged("info", m.delivery, ", qp 1, attempt 1, bytes 22, "));
	assert_true(logged("try", m.delivery, ", local, bob@example.com\n"));
	assert_false(logged("alias", m.delivery, ""));
	assert_true(shows(qp, "\"state\":\"trying\""));
	assert_int_equal(staged(m.delivery), 0);
	assert_int_equal(told().type, 0); /* not before the journal is synced */
	turn();
	assert_int_equal(told().type, deliver_finish_number);
	assert_int_equal(done(m.delivery, OUTCOME_SUCCESS, "did 1+0+0"), 0);
	assert_true(logged("result", m.delivery, ", success, did_1+0+0/\n"));
	turn();
	assert_null(depot_find(depot, qp));
	assert_int_equal(schedule_busy(schedule), 0);
}

static void a_sender_that_logged_in_shows_in_the_report(void **state)
{
	struct deliver_local m;

	(void)state;
	put(0, CHANNEL_LOCAL, "ann@x.example");
	m = given();
	assert_int_equal(staged(m.delivery), 0);
	assert_int_equal(done(m.delivery, OUTCOME_SUCCESS, "did 1+0+0"), 0);
	assert_true(logged("result", m.delivery, ", success, smtp_auth/did_1+0+0/\n"));
	turn();
}

static void a_deferral_waits_for_its_time(void **state)
{
	uint64_t qp = put(0, CHANNEL_LOCAL, "");
	struct deliver_local m = given();
	int64_t now = clock_wall();

	(void)state;
	assert_int_equal(done(m.delivery, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)\nx"), 0);
	turn();
	assert_int_equal(told().type, 0);
	assert_true(next_of(qp) >= now + 99000 && next_of(qp) <= now + 102000);
	assert_true(logged("result", m.delivery, ", deferral, Unable_to_chdir_to_maildir._(#4.2.1)/x/\n"));
	assert_true(logged("next", m.delivery, ", 20"));
	assert_true(shows(qp, "\"state\":\"waiting\",\"attempts\":1,\"reason\":\"Unable to chdir"));
	assert_int_equal(schedule_next(schedule), next_of(qp));
}

static void a_failure_is_kept_and_shown(void **state)
{
	uint64_t qp = put(0, CHANNEL_LOCAL, "");
	struct deliver_local m = given();

	(void)state;
	assert_int_equal(done(m.delivery, OUTCOME_FAILURE, "This message is looping"), 0);
	turn();
	assert_true(logged("result", m.delivery, ", failure, This_message_is_looping/\n"));
	assert_false(logged("next", m.delivery, ""));
	assert_true(
	    shows(qp, "\"state\":\"failed\",\"attempts\":1,\"reason\":\"This message is looping\",\"next\":null"));
	stop();
	start();
	turn();
	assert_int_equal(told().type, 0);
	assert_true(shows(qp, "\"state\":\"failed\""));
}

static void after_the_lifetime_a_deferral_is_a_failure(void **state)
{
	uint64_t qp = put(3 * DAY, CHANNEL_LOCAL, "");
	struct deliver_local m = given();

	(void)state;
	assert_int_equal(done(m.delivery, OUTCOME_DEFERRAL, "x"), 0);
	turn();
	assert_true(logged("result", m.delivery,
			   ", failure, x/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./\n"));
	assert_true(logged("gave-up", m.delivery, "\n"));
	assert_true(shows(qp, "\"state\":\"failed\""));
}

static void an_agent_that_dies_is_a_deferral(void **state)
{
	uint64_t qp = put(0, CHANNEL_LOCAL, "");
	struct deliver_local m = given();
	int64_t now = clock_wall();

	(void)state;
	agent_goes();
	turn();
	assert_true(logged("result", m.delivery, ", deferral, Aack,_child_crashed._(#4.3.0)/\n"));
	assert_true(next_of(qp) > now && next_of(qp) < now + 3000);
	assert_int_equal(schedule_busy(schedule), 0);
	assert_int_equal(schedule_next(schedule), INT64_MAX); /* nobody to deliver: no attempt is due */
}

/* What the journal holds as staged is only finished, whoever died in between. */
static void a_staged_message_is_only_finished_after_a_restart(void **state)
{
	uint64_t qp = put(0, CHANNEL_LOCAL, ""), first;
	struct deliver_local m = given();

	(void)state;
	first = m.delivery;
	assert_int_equal(staged(first), 0);
	turn();
	stop();
	start();
	assert_true(logged("result", first, ", deferral, server_restarted/\n"));
	turn();
	m = given();
	assert_int_equal(m.qp, qp);
	assert_int_equal(m.staged, 1);
	assert_true(m.delivery > first);
	assert_int_equal(done(m.delivery, OUTCOME_SUCCESS, "did 1+0+0"), 0);
	turn();
	assert_null(depot_find(depot, qp));
}

static void a_remote_recipient_waits_with_a_reason(void **state)
{
	int64_t now = clock_wall();
	uint64_t qp = put(0, CHANNEL_REMOTE, "ann@x.example");

	(void)state;
	assert_int_equal(told().type, 0);
	assert_true(shows(qp, "\"reason\":\"remote delivery is not configured\""));
	assert_true(next_of(qp) >= now + 399000 && next_of(qp) <= now + 402000);
}

static void no_more_than_the_limit_at_once(void **state)
{
	struct deliver_local a, b, c;

	(void)state;
	for (int i = 0; i < 3; i++)
		put(0, CHANNEL_LOCAL, "");
	a = given();
	b = given();
	assert_int_equal(told().type, 0);
	assert_int_equal(done(b.delivery, OUTCOME_DEFERRAL, "x"), 0);
	turn();
	c = given();
	assert_true(a.qp < b.qp && b.qp < c.qp);
	assert_int_equal(agent_says(agent, &deliver_leaving_type, &(struct deliver_leaving){ 1 }), 0);
	assert_int_equal(done(c.delivery, OUTCOME_DEFERRAL, "x"), 0);
	put(0, CHANNEL_LOCAL, "");
	assert_int_equal(told().type, 0);
	assert_false(schedule_parted(agent));
	assert_int_equal(done(a.delivery, OUTCOME_DEFERRAL, "x"), 0);
	assert_true(schedule_parted(agent));
}

/* Their copies lie in memory: of messages that large no more are begun than it has room for. */
static void no_more_than_memory_holds_at_once(void **state)
{
	struct schedule_set one_message = { .retry = { 100 * 1000, 2 * DAY }, .most = 100, .memory = 1 };
	struct deliver_local m;

	(void)state;
	schedule_settings(schedule, &one_message);
	put(0, CHANNEL_LOCAL, "");
	put(0, CHANNEL_LOCAL, "");
	m = given();
	assert_int_equal(schedule_busy(schedule), 1);
	assert_int_equal(done(m.delivery, OUTCOME_DEFERRAL, "not now"), 0);
	turn();
	m = given();
	agent_goes();
	assert_int_equal(schedule_busy(schedule), 0);
	agent_comes();
	put(0, CHANNEL_LOCAL, "");
	assert_int_equal(schedule_busy(schedule), 1);
}

static void an_agent_that_makes_no_sense_is_refused(void **state)
{
	struct deliver_local m;

	(void)state;
	put(0, CHANNEL_LOCAL, "");
	m = given();
	assert_int_equal(done(m.delivery + 1, OUTCOME_SUCCESS, ""), -1);
	assert_int_equal(done(m.delivery, 3, ""), -1);
	assert_int_equal(done(m.delivery, OUTCOME_SUCCESS, ""), -1); /* was never staged */
	assert_int_equal(staged(m.delivery + 1), -1);
	assert_int_equal(staged(m.delivery), 0);
	assert_int_equal(staged(m.delivery), -1);
	assert_int_equal(agent_says(agent, &queue_admin_type, &(struct queue_admin){ STR("list") }), -1);
}

/* Its owner may lead to it: a member that fails would be told to all of them, again and again. */
static void a_list_takes_no_bounce(void **state)
{
	static const struct {
		const char *sender;
		size_t asked;
	} t[] = { { "ann@x.example", 1 }, { "", 0 }, { "#@[]", 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct recipient r = { STR("team@example.com"), STR("boss@example.com"), .channel = CHANNEL_REMOTE,
				       .led = LED_LIST };
		struct envelope v = { .time = clock_wall(), .sender = str_of(t[i].sender), .rcpts = &r, .nrcpts = 1 };
		uint64_t qp;

		lists_asked = 0;
		qp = put_envelope(v);
		turn();
		if (lists_asked != t[i].asked || (depot_find(depot, qp) != NULL) != (t[i].asked > 0))
			fail_msg("row %zu: asked %zu times", i, lists_asked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_list_takes_no_bounce),
		T(a_message_is_delivered_step_by_step),
		T(a_sender_that_logged_in_shows_in_the_report),
		T(a_deferral_waits_for_its_time),
		T(a_failure_is_kept_and_shown),
		T(after_the_lifetime_a_deferral_is_a_failure),
		T(an_agent_that_dies_is_a_deferral),
		T(a_staged_message_is_only_finished_after_a_restart),
		T(a_remote_recipient_waits_with_a_reason),
		T(no_more_than_the_limit_at_once),
		T(no_more_than_memory_holds_at_once),
		T(an_agent_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
