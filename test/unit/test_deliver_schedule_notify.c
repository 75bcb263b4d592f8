/* What the sender asked to hear (RFC 3461) is what he hears: success once, failure not, through any crash. */
#include "schedule_fails.h"

#define NOTIFY(bits) \
	{ \
		STR_INIT("a@example.com"), STR_INIT("a@example.com"), .channel = CHANNEL_LOCAL, .notify = (bits) \
	}

static const struct recipient success[] = { NOTIFY(NOTIFY_SUCCESS | NOTIFY_FAILURE) };
static const struct recipient never[] = { NOTIFY(NOTIFY_NEVER) };
static const struct recipient only_success[] = { NOTIFY(NOTIFY_SUCCESS) };
static const struct recipient list[] = { { STR_INIT("a@example.com"), STR_INIT("list@example.com"),
					   .channel = CHANNEL_LOCAL, .notify = NOTIFY_SUCCESS | NOTIFY_EXPANDED } };
static const struct recipient two[] = { NOTIFY(0), NOTIFY(NOTIFY_SUCCESS) };

/* telltale-local stages it and ends well. */
static void arrives(void)
{
	struct deliver_staged m;
	struct deliver_local task = { 0 };
	struct deliver_finish go = { 0 };
	struct deliver_done done = { .outcome = OUTCOME_SUCCESS, .report = STR("did 1+0+0") };
	struct ipc_frame f = { .fd = -1 };
	struct err e = { 0 };

	(void)ipc_fill(&theirs, &e);
	assert_int_equal(ipc_next(&theirs, &f, &e), 1);
	assert_int_equal(ipc_unpack(f.body, &deliver_local_type, &task, &e), 0);
	close(f.fd);
	m.delivery = done.delivery = task.delivery;
	if (!task.staged) {
		assert_int_equal(agent_says(agent, &deliver_staged_type, &m), 0);
		turn();
		(void)ipc_fill(&theirs, &e);
		assert_int_equal(ipc_next(&theirs, &f, &e), 1);
		assert_int_equal(ipc_unpack(f.body, &deliver_finish_type, &go, &e), 0);
	}
	assert_int_equal(agent_says(agent, &deliver_done_type, &done), 0);
}

static void success_is_told_once(void **state)
{
	struct envelope v = from("ann@x.example", success, 1);
	struct item *child;
	uint64_t qp;

	(void)state;
	v.envid = STR("QQ 1");
	qp = put_envelope(v);
	arrives();
	assert_int_equal(depot_find(depot, qp)->delivered, 1);
	turn();
	assert_true(str_eqz(asked.address, "ann@x.example"));
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	child = child_of(qp);
	v = envelope_in(child);
	assert_true(v.sender.n == 0 && v.success == 1 && v.delay == 0 && envelope_settles(&v) == 1);
	assert_true(v.rcpts[0].notify == NOTIFY_NEVER); /* RFC 3461, 6.1 */
	assert_true(has(text_of(child), "\r\nOriginal-Envelope-Id: QQ 1\r\n"));
	assert_true(has(text_of(child), "\r\nAction: delivered\r\nStatus: 2.0.0\r\n"));
	assert_true(logged(", success-notice, %llu, qp %llu\n", (unsigned long long)qp, (unsigned long long)child->qp));
	turn();
	assert_null(depot_find(depot, qp));
}

static void who_hears_nothing(void **state)
{
	uint64_t qp;

	(void)state;
	asked.n = 0;
	put_envelope(from("ann@x.example", never, 1));
	arrives();
	turn();
	put_envelope(from("", success, 1)); /* a bounce asks for nothing */
	arrives();
	turn();
	qp = put_envelope(from("ann@x.example", never, 1));
	ends(OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	turn();
	assert_null(depot_find(depot, qp));
	qp = put_envelope(from("ann@x.example", only_success, 1));
	ends(OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	turn();
	assert_null(depot_find(depot, qp));
	assert_int_equal(asked.n, 0);
	assert_true(logged("(#5.1.1)/The_sender_asked_not_to_be_told_of_failures:_nobody_is_told./\n"));
}

static void an_alias_of_several_is_told_by_its_name(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", list, 1));
	struct str text;

	(void)state;
	arrives();
	turn();
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	text = text_of(child_of(qp));
	assert_true(has(text, "\r\nFinal-Recipient: rfc822; list@example.com\r\nAction: expanded\r\n"));
	assert_false(has(text, "a@example.com"));
}

/* The postmaster's words do not bring it back: it lies in its mailbox. */
static void what_was_delivered_is_not_tried_again(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", success, 1));

	(void)state;
	arrives();
	turn();
	assert_int_equal(acted("retry", qp, ""), 1);
	assert_int_equal(acted("hold", qp, ""), 1);
	assert_int_equal(depot_find(depot, qp)->delivered, 1);
	assert_int_equal(acted("delete", qp, ""), 0);
	turn();
	assert_null(depot_find(depot, qp));
	assert_false(logged("deleted_by_the_postmaster"));
}

/* Delivered, and the machine dies before the notice is made: it is made after the start, and never again. */
static void a_restart_neither_loses_nor_doubles_it(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", success, 1)), told;

	(void)state;
	arrives();
	turn();
	stop();
	asked.n = 0;
	start();
	turn();
	assert_int_equal(depot_find(depot, qp)->delivered, 1);
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	told = child_of(qp)->qp;
	turn();
	stop();
	asked.n = 0;
	start();
	turn();
	assert_true(depot_find(depot, qp) == NULL && depot_find(depot, told) != NULL);
	assert_int_equal(asked.n, 0);
}

static void crash_and_start(void)
{
	crash();
	asked.n = 0;
	start();
	turn();
}

static void a_notice_that_is_found_counts(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", success, 1));

	(void)state;
	arrives();
	turn();
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	crash_and_start();
	assert_true(child_of(qp) != NULL && depot_find(depot, qp) == NULL);
	assert_int_equal(asked.n, 0);
}

/* A list's copy ends the attempt, and its sender is told: also when only the copy's record is found. */
static void a_list_that_took_it_is_told_of(void **state)
{
	struct recipient member = { STR_INIT("b@other.test"), STR_INIT("b@other.test"), .channel = CHANNEL_REMOTE };
	struct envelope v = from("ann@x.example", success, 1), copy = from("list-bounces@example.com", &member, 1);
	struct err e = { 0 };
	uint64_t qp = put_envelope(v);

	(void)state;
	copy.parent_qp = qp;
	copy.forward = copy.tells = 1;
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &copy.qp, &e), 0);
	assert_int_equal(depot_put(depot, &copy, STR("X: y\r\n"), STR("\r\nhello\r\n"), &e), 0);
	assert_int_equal(depot_find(depot, qp)->delivered, 1);
	crash_and_start();
	assert_true(depot_find(depot, copy.qp) != NULL && depot_find(depot, qp)->delivered == 1);
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	turn();
	assert_null(depot_find(depot, qp));
	assert_true(logged(", success-notice, %llu, qp ", (unsigned long long)qp));
}

/* Nobody is there to be told: it is delivered all the same. */
static void a_sender_who_is_nobody(void **state)
{
	uint64_t qp = put_envelope(from("ann@example.com", success, 1));

	(void)state;
	arrives();
	turn();
	answer(RESOLVED_NO_MAILBOX, NULL, CHANNEL_LOCAL);
	assert_null(child_of(qp));
	turn();
	assert_null(depot_find(depot, qp));
}

/* One is delivered, the other fails: a bounce for the one, then the notice for the other. */
static void each_has_its_own_notice(void **state)
{
	uint64_t qp = put_envelope(from("ann@x.example", two, 2));

	(void)state;
	ends(OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	arrives();
	turn();
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	turn();
	assert_true(logged(", bounce, %llu, qp ", (unsigned long long)qp));
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	turn();
	assert_true(logged(", success-notice, %llu, qp ", (unsigned long long)qp));
	assert_null(depot_find(depot, qp));
}

/* RFC 8689, 5: what goes back is as secret as what came, and only its header. */
static void a_bounce_demands_tls_where_the_message_did(void **state)
{
	struct envelope v = from("ann@x.example", two, 1);
	struct item *child;
	uint64_t qp;

	(void)state;
	v.requiretls = 1;
	v.ret = RET_FULL;
	qp = put_envelope(v);
	ends(OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	turn();
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	child = child_of(qp);
	assert_int_equal(envelope_in(child).requiretls, 1);
	assert_false(has(text_of(child), "hello"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(success_is_told_once),
		T(who_hears_nothing),
		T(an_alias_of_several_is_told_by_its_name),
		T(what_was_delivered_is_not_tried_again),
		T(a_restart_neither_loses_nor_doubles_it),
		T(a_notice_that_is_found_counts),
		T(a_list_that_took_it_is_told_of),
		T(a_sender_who_is_nobody),
		T(each_has_its_own_notice),
		T(a_bounce_demands_tls_where_the_message_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
