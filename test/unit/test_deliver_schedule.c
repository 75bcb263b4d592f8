/* The schedule with a real depot behind it and the test as its telltale-local. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "deliver/schedule.h"
#include "deliver/show.h"
#include "logs/logs.h"

#define DAY (INT64_C(86400) * 1000)

static char top[64];
static struct depot *depot;
static struct dlog *dlog;
static struct schedule *schedule;
static struct ipc_conn ours, theirs;
static struct arena mem;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void agent_comes(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ipc_conn_init(&ours, pair[0]);
	ipc_conn_init(&theirs, pair[1]);
	schedule_agent(schedule, &ours);
}

static void agent_goes(void)
{
	schedule_agent(schedule, NULL);
	ipc_conn_clear(&ours);
	ipc_conn_clear(&theirs);
}

static void start(void)
{
	struct depot_set set = { .dir = top, .segment_size = 1 << 20, .spares = 1 };
	struct schedule_set s = { .retry = { 100 * 1000, 2 * DAY }, .most = 2 };
	struct err e = { 0 };

	if (depot_open(&set, &depot, &e) < 0)
		fail_msg("%s", e.text);
	dlog = dlog_open(arena_fmt(&mem, "%s/delivery.log", top).p, &e);
	assert_non_null(dlog);
	s.depot = depot;
	s.log = dlog;
	schedule = schedule_new(&s);
	agent_comes();
}

static void stop(void)
{
	schedule_free(schedule);
	ipc_conn_clear(&ours);
	ipc_conn_clear(&theirs);
	dlog_close(dlog);
	depot_close(depot);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-schedule.XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop();
	arena_clear(&mem);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void turn(void)
{
	struct err e = { 0 };

	while (depot_news(depot) != NULL)
		;
	schedule_start(schedule);
	dlog_flush(dlog);
	assert_int_equal(depot_sync(depot, &e), 0);
	if (ours.fd >= 0)
		assert_int_equal(ipc_flush(&ours, &e), 0);
}

static uint64_t put(int64_t age, enum channel channel, const char *auth)
{
	struct recipient r = { STR_INIT("bob@example.com"), STR_INIT("Bob@example.com"), channel };
	struct envelope v = { .time = clock_wall() - age, .sender = STR("ann@x.example"), .rcpts = &r, .nrcpts = 1 };
	struct err e = { 0 };

	v.auth = str_of(auth);
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	if (depot_put(depot, &v, STR("Received: x\r\n"), STR("\r\nhello\r\n"), &e) < 0)
		fail_msg("%s", e.text);
	turn();
	return v.qp;
}

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

static int hear(const struct ipc_type *t, const void *message)
{
	BUF(b);
	struct ipc_frame f = { .type = t->number, .fd = -1 };
	struct err e = { 0 };

	ipc_pack(&b, t, 0, message);
	f.body = str_skip(buf_str(&b), 16);
	return schedule_hear(schedule, &f, &e);
}

static int staged(uint64_t delivery)
{
	struct deliver_staged m = { delivery };

	return hear(&deliver_staged_type, &m);
}

static int done(uint64_t delivery, uint64_t outcome, const char *report)
{
	struct deliver_done m = { delivery, outcome, str_of(report) };

	return hear(&deliver_done_type, &m);
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
	struct shown a = { .status = 0 };
	bool found;

	buf_add(&ask, "show", 5);
	buf_fmt(&ask, "%llu", (unsigned long long)qp);
	show_answer(depot, buf_str(&ask), &a);
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
	    shown(qp, "\"state\":\"failed\",\"attempts\":1,\"reason\":\"This message is looping\",\"next\":null"));
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
	assert_int_equal(hear(&deliver_leaving_type, &(struct deliver_leaving){ 1 }), 0);
	assert_int_equal(done(c.delivery, OUTCOME_DEFERRAL, "x"), 0);
	put(0, CHANNEL_LOCAL, "");
	assert_int_equal(told().type, 0);
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
	assert_int_equal(hear(&queue_admin_type, &(struct queue_admin){ STR("list") }), -1);
}

static void the_list_comes_in_pages(void **state)
{
	struct shown a = { .status = 0 };

	(void)state;
	for (int i = 0; i < 201; i++)
		put(0, CHANNEL_REMOTE, "");
	show_answer(depot, STR("list"), &a);
	assert_true(str_ends(buf_str(&a.output), STR("],\"more\":true}")));
	assert_true(str_find(buf_str(&a.output), STR("{\"qp\":200,")) > 0);
	shown_clear(&a);
	show_answer(depot, STR("list\000200"), &a);
	assert_true(str_starts(buf_str(&a.output), STR("{\"messages\":[{\"qp\":201,")));
	assert_true(str_ends(buf_str(&a.output), STR("],\"more\":false}")));
	shown_clear(&a);
}

static void a_wrong_question_has_its_exit_code(void **state)
{
	static const struct {
		struct str words;
		int status;
	} t[] = {
		{ STR_INIT("list"), 0 },
		{ STR_INIT("show\0"
			   "1"),
		  1 },
		{ STR_INIT("show\0"
			   "1/0"),
		  1 },
		{ STR_INIT("show\0"
			   "x"),
		  2 },
		{ STR_INIT("show\0"
			   "1/x"),
		  2 },
		{ STR_INIT("show"), 2 },
		{ STR_INIT("delete\0"
			   "1"),
		  2 },
		{ STR_INIT(""), 2 },
		{ STR_INIT("list\0x"), 2 },
		{ STR_INIT("list\0"
			   "1\0"
			   "2\0"
			   "3\0"
			   "4\0"
			   "5"),
		  2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct shown a = { .status = 0 };

		show_answer(depot, t[i].words, &a);
		assert_int_equal(a.status, t[i].status);
		assert_int_equal(a.status == 0, a.message.n == 0);
		shown_clear(&a);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_message_is_delivered_step_by_step),
		T(a_sender_that_logged_in_shows_in_the_report),
		T(a_deferral_waits_for_its_time),
		T(a_failure_is_kept_and_shown),
		T(after_the_lifetime_a_deferral_is_a_failure),
		T(an_agent_that_dies_is_a_deferral),
		T(a_staged_message_is_only_finished_after_a_restart),
		T(a_remote_recipient_waits_with_a_reason),
		T(no_more_than_the_limit_at_once),
		T(an_agent_that_makes_no_sense_is_refused),
		T(the_list_comes_in_pages),
		T(a_wrong_question_has_its_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
