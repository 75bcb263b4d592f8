/* What fails comes back, once; what an alias sends elsewhere goes on, once. */
#include "schedule_fails.h"

static size_t bounces_of(uint64_t qp)
{
	struct item *it;
	size_t n = 0;

	for (uint64_t i = 0; (it = depot_walk(depot, &i)) != NULL;)
		n += it->parent_qp == qp;
	return n;
}

static void all_failures_come_back_in_one_bounce(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", three, 2));
	struct item *child;
	struct envelope v;

	(void)state;
	asked.n = 0;
	ends(OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	turn();
	assert_int_equal(asked.n, 0); /* the other one is busy */
	ends(OUTCOME_FAILURE, "This message is looping: it already has my Delivered-To line. (#5.4.6)");
	turn();
	assert_int_equal(asked.n, 1);
	assert_true(str_eqz(asked.address, "ann@x.example"));
	turn();
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	child = child_of(qp);
	v = envelope_in(child);
	assert_int_equal(v.sender.n, 0);
	assert_int_equal(v.nrcpts, 1);
	assert_true(str_eqz(v.rcpts[0].final, "ann@x.example") && v.rcpts[0].channel == CHANNEL_REMOTE);
	assert_int_equal(envelope_settles(&v), 2);
	assert_true(has(text_of(child), "\r\nStatus: 5.1.1\r\n") && has(text_of(child), "\r\nStatus: 5.4.6\r\n"));
	assert_true(has(text_of(child), "Original-Recipient: rfc822; list@example.com\r\nFinal-Recipient: rfc822; "
					"b@example.com\r\n"));
	assert_true(has(text_of(child), "\r\n\r\nReceived: x\r\n\r\n--=_bounce_"));
	assert_false(has(text_of(child), "hello"));
	assert_true(logged(", bounce, %llu, qp %llu\n", (unsigned long long)qp, (unsigned long long)child->qp));
	turn();
	assert_null(depot_find(depot, qp));
	stop();
	start();
	turn();
	assert_int_equal(bounces_of(qp), 1);
}

/* He waits as long as the postmaster says; the sender is told of the other one meanwhile. */
static void no_bounce_waits_for_who_is_paused(void **state)
{
	static const struct recipient to[] = {
		{ STR_INIT("c@other.test"), STR_INIT("c@other.test"), .channel = CHANNEL_LOCAL },
		{ STR_INIT("a@example.com"), STR_INIT("a@example.com"), .channel = CHANNEL_LOCAL },
	};
	struct shown a = act("pause", "other.test");
	uint64_t qp;

	(void)state;
	assert_int_equal(a.status, 0);
	shown_clear(&a);
	qp = put_envelope(from("ann@x.example", to, 2));
	asked.n = 0;
	ends(OUTCOME_FAILURE, "x (#5.1.1)");
	turn();
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	turn();
	assert_int_equal(bounces_of(qp), 1);
	assert_int_equal(depot_find(depot, qp)->open, 0);
	a = act("resume", "other.test");
	shown_clear(&a);
	assert_int_equal(depot_find(depot, qp)->open, 1);
	turn();
	ends(OUTCOME_FAILURE, "y (#5.1.1)");
	turn();
	assert_int_equal(depot_find(depot, qp)->open, 0);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	turn();
	assert_null(depot_find(depot, qp));
}

/* He is found to be paused when the other one has failed already. */
static void a_pause_that_is_found_later_is_no_reason_to_wait_either(void **state)
{
	static const struct recipient to[] = {
		{ STR_INIT("c@other.test"), STR_INIT("c@other.test"), .channel = CHANNEL_LOCAL },
		{ STR_INIT("a@example.com"), STR_INIT("a@example.com"), .channel = CHANNEL_LOCAL },
	};
	struct shown a = act("pause", "other.test");
	uint64_t qp = put_envelope(from("ann@x.example", to, 2));

	(void)state;
	shown_clear(&a);
	depot_release(depot, depot_find(depot, qp), 0, clock_wall());
	asked.n = 0;
	ends(OUTCOME_FAILURE, "x (#5.1.1)");
	turn();
	assert_int_equal(asked.n, 0);
	turn();
	assert_int_equal(asked.n, 1);
}

static void a_later_failure_makes_a_later_bounce(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", three, 2));

	(void)state;
	ends(OUTCOME_DEFERRAL, "user is over quota");
	ends(OUTCOME_FAILURE, "x");
	turn();
	answer(RESOLVED_ALIAS, "anna@example.com", CHANNEL_LOCAL);
	assert_int_equal(bounces_of(qp), 1);
	assert_true(has(text_of(child_of(qp)), "Final-Recipient: rfc822; b@example.com"));
	assert_false(has(text_of(child_of(qp)), "a@example.com\r\nAction"));
	assert_true(str_eqz(envelope_in(child_of(qp)).rcpts[0].final, "anna@example.com"));
	turn();
	assert_non_null(depot_find(depot, qp));
	ends(OUTCOME_SUCCESS + OUTCOME_FAILURE, "the bounce itself fails");
	turn();
	assert_int_equal(bounces_of(qp), 0); /* and is not bounced */
	assert_int_equal(acted("retry", qp, ""), 0);
	turn();
	ends(OUTCOME_FAILURE, "y");
	turn();
	answer(RESOLVED_MAILBOX, "ann@x.example", CHANNEL_LOCAL);
	turn();
	assert_null(depot_find(depot, qp));
	assert_int_equal(bounces_of(qp), 1);
}

static void nobody_is_told_of_a_bounce_that_fails(void **state)
{
	static const char *const senders[] = { "", "#@[]" };

	(void)state;
	asked.n = 0;
	for (size_t i = 0; i < COUNT(senders); i++) {
		uint64_t qp = put_envelope(from(senders[i], three, 1));
		uint64_t delivery = ends(OUTCOME_FAILURE, "x (#5.1.1)");

		assert_true(logged("result, %llu, failure, x_(#5.1.1)/This_message_has_no_sender:_nobody_is_told./\n",
				   (unsigned long long)delivery));
		turn();
		assert_null(depot_find(depot, qp));
	}
	assert_int_equal(asked.n, 0);
}

static void a_sender_that_is_not_here_gets_a_bounce_that_fails(void **state)
{
	uint64_t qp = put_envelope(from("gone@example.com", three, 1));

	(void)state;
	ends(OUTCOME_FAILURE, "x");
	turn();
	answer(RESOLVED_NO_MAILBOX, NULL, CHANNEL_LOCAL);
	turn();
	assert_null(depot_find(depot, qp));
	assert_int_equal(bounces_of(qp), 0);
	assert_true(logged(", bounce, %llu, qp ", (unsigned long long)qp));
	assert_true(logged("init, <>\n"));
	assert_true(logged("local, gone@example.com\n"));
	assert_true(logged("failure, Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/This_message_has_no_sender"));
}

static void a_lookup_that_is_away_is_asked_again(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", three, 1));

	(void)state;
	asked.n = 0;
	asked.away = true;
	ends(OUTCOME_FAILURE, "x");
	turn();
	assert_int_equal(bounces_of(qp), 0);
	asked.away = false;
	usleep(1100 * 1000);
	turn();
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_TEMPORARY, NULL, CHANNEL_LOCAL);
	turn();
	assert_int_equal(asked.n, 1);
	usleep(1100 * 1000);
	turn();
	assert_int_equal(asked.n, 2);
	answer(RESOLVED_MAILBOX, "ann@x.example", CHANNEL_LOCAL);
	answer(RESOLVED_MAILBOX, "ann@x.example", CHANNEL_LOCAL); /* said twice, believed once */
	turn();
	assert_int_equal(bounces_of(qp), 1);
}

/* A spool of a former version holds failed recipients of messages with and without a sender. */
static void what_failed_before_the_start_comes_back_too(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", three, 1)), none;

	(void)state;
	ends(OUTCOME_FAILURE, "x");
	turn();
	none = put_envelope(from("", three, 1));
	depot_defer(depot, depot_find(depot, none), 0, next_over(0, false), STR("y"));
	stop();
	asked.n = 0;
	start();
	turn();
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.id, qp);
	assert_null(depot_find(depot, none));
	answer(RESOLVED_MAILBOX, "ann@x.example", CHANNEL_LOCAL);
	assert_int_equal(bounces_of(qp), 1);
}

static const struct recipient away[] = { { STR_INIT("bob@other.test"), STR_INIT("bob@example.com"),
					   .channel = CHANNEL_REMOTE } };

static void an_alias_that_leads_elsewhere_goes_on_as_a_message_of_its_own(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", away, 1));
	struct item *child = child_of(qp);
	struct envelope v = envelope_in(child);

	(void)state;
	assert_true(logged("success, did_0+1+0/qp_%llu/\n", (unsigned long long)child->qp));
	assert_null(depot_find(depot, qp));
	assert_true(str_eqz(v.sender, "ann@x.example"));
	assert_true(str_eqz(v.rcpts[0].final, "bob@other.test") && str_eq(v.rcpts[0].final, v.rcpts[0].original));
	assert_true(str_eqz(text_of(child), "Delivered-To: bob@example.com\r\nReceived: x\r\n\r\nhello\r\n"));
	/* Should it fail, its sender recognises it by the address that he wrote to. */
	assert_true(str_eqz(v.rcpts[0].orcpt, "rfc822;bob@example.com"));
	turn();
	assert_int_equal(bounces_of(qp), 1); /* it waits, and is not forwarded again */
	assert_true(logged("deferral, remote_delivery_is_not_configured/\n"));
	stop();
	start();
	turn();
	assert_int_equal(bounces_of(qp), 1);
}

/* What its sender asked to hear goes along: the server that it reaches, or the bounce of the copy, answers it. */
static void what_was_asked_goes_along(void **state)
{
	struct recipient r = away[0];
	struct envelope v = from("ann@x.example", &r, 1), w;
	uint64_t qp;

	(void)state;
	asked.n = 0;
	r.notify = NOTIFY_SUCCESS | NOTIFY_FAILURE;
	r.orcpt = STR("rfc822;old@example.net");
	v.envid = STR("QQ 1");
	v.ret = RET_FULL;
	qp = put_envelope(v);
	w = envelope_in(child_of(qp));
	assert_true(str_eqz(w.envid, "QQ 1") && w.ret == RET_FULL);
	assert_true(w.rcpts[0].notify == r.notify && str_eq(w.rcpts[0].orcpt, r.orcpt));
	assert_int_equal(asked.n, 0);
}

static void a_big_message_goes_on_and_comes_back_whole(void **state)
{
	struct envelope v = from("ann@x.example", away, 1);
	struct err e = { 0 };
	BUF(body);
	struct str text;

	(void)state;
	buf_adds(&body, "Subject: big\r\n\r\n");
	for (int i = 0; i < 60000; i++)
		buf_adds(&body, "0123456789\r\n");
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	assert_int_equal(depot_put(depot, &v, STR("Received: x\r\n"), buf_str(&body), &e), 0);
	assert_true(depot_find(depot, v.qp)->big != 0);
	turn();
	text = text_of(child_of(v.qp));
	assert_int_equal(text.n, strlen("Delivered-To: bob@example.com\r\nReceived: x\r\n") + body.n);
	assert_true(str_starts(text, STR("Delivered-To: bob@example.com\r\nReceived: x\r\nSubject: big\r\n\r\n0")));
	assert_true(str_ends(text, buf_str(&body)));
	/* The same as a loop: a bounce that quotes its header only. */
	v = from("ann@x.example", away, 1);
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	assert_int_equal(depot_put(depot, &v, STR("Delivered-To: bob@example.com\r\n"), buf_str(&body), &e), 0);
	turn();
	turn();
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	text = text_of(child_of(v.qp));
	assert_true(text.n < 10000 && has(text, "\r\nSubject: big\r\n\r\n--=_bounce"));
	turn();
	assert_null(depot_find(depot, v.qp));
}

static void a_forward_that_comes_back_is_a_loop(void **state)
{
	struct envelope v = from("ann@x.example", away, 1);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	assert_int_equal(depot_put(depot, &v, STR("Received: x\r\ndelivered-TO:  Bob@Example.com \r\n"),
				   STR("\r\nDelivered-To: x\r\n"), &e),
			 0);
	turn();
	assert_true(logged("failure, This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/\n"));
	assert_int_equal(bounces_of(v.qp), 0);
}

/* The copy was written and cannot be read back: it may be found at the next start, so the log says nothing of its
 * attempt. */
static void a_forward_that_may_stand_there_has_no_result_yet(void **state)
{
	FD(bad) = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct envelope v = from("ann@x.example", away, 1), other = from("ann@x.example", three, 1);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	assert_int_equal(depot_put(depot, &v, STR("Received: x\r\n"), STR("\r\nhello\r\n"), &e), 0);
	stop();
	start();
	agent_goes();
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &other.qp, &e), 0);
	assert_int_equal(depot_put(depot, &other, STR("Received: x\r\n"), STR("\r\nhello\r\n"), &e), 0);
	assert_int_equal(dup3(bad, depot->own.seg->fd, O_CLOEXEC), depot->own.seg->fd);
	schedule_start(schedule);
	dlog_flush(dlog);
	assert_true(depot_broken(depot));
	assert_true(logged(", remote, bob@other.test\n"));
	assert_false(logged(", result, "));
	agent_comes();
	stop();
	start();
	assert_non_null(child_of(v.qp));
	assert_null(depot_find(depot, v.qp));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_failures_come_back_in_one_bounce),
		T(no_bounce_waits_for_who_is_paused),
		T(a_pause_that_is_found_later_is_no_reason_to_wait_either),
		T(a_later_failure_makes_a_later_bounce),
		T(nobody_is_told_of_a_bounce_that_fails),
		T(a_sender_that_is_not_here_gets_a_bounce_that_fails),
		T(a_lookup_that_is_away_is_asked_again),
		T(what_failed_before_the_start_comes_back_too),
		T(an_alias_that_leads_elsewhere_goes_on_as_a_message_of_its_own),
		T(what_was_asked_goes_along),
		T(a_big_message_goes_on_and_comes_back_whole),
		T(a_forward_that_comes_back_is_a_loop),
		T(a_forward_that_may_stand_there_has_no_result_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
