/* The postmaster sends mail elsewhere: once, what he may, and as what it leads to. */
#include "schedule_fails.h"

#include <sys/syscall.h>
#include <time.h>

static time_t ahead; /* seconds that this test's clocks are */

int clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	t->tv_sec += ahead;
	return rc;
}

enum { STEPS_MOST = 200 };

static const struct recipient far = { STR_INIT("c@other.test"), STR_INIT("c@other.test"), .channel = CHANNEL_REMOTE };

static const struct conf relays = { .queue.destination_concurrency = 20, .relay.port = 25 };

/* `reroute WORDS`, with '\n' between them; telltale-lookup's word about the address: where it leads. */
static struct shown reroute(const char *words, const struct recipient *leads)
{
	struct recipient to = leads != NULL ? *leads : far;
	struct lookup_answer told = { .result = leads != NULL ? RESOLVED_ALIAS : RESOLVED_NOT_OURS,
				      .targets = &to,
				      .n = leads != NULL };
	struct shown a = { .fd = -1 };
	struct sweep *w;
	BUF(b);

	buf_fmt(&b, "reroute\n%s", words);
	for (size_t i = 0; i < b.n; i++)
		b.p[i] = b.p[i] == '\n' ? '\0' : b.p[i];
	w = sweep_new(schedule, buf_str(&b), &a);
	if (w == NULL)
		return a;
	for (size_t n = 0; !sweep_step(w, &a); n++) {
		if (sweep_waits(w))
			assert_true(sweep_answer(w, asked.id, &told));
		if (n == STEPS_MOST)
			fail_msg("the sweep has no end");
	}
	sweep_free(w);
	return a;
}

/* The copies have higher numbers than all that the command means. */
static void a_copy_is_not_copied_again(void **state)
{
	struct shown a;

	(void)state;
	for (int i = 0; i < 3; i++)
		put_envelope(from("ann@x.example", &far, 1));
	a = reroute("--all\n--to-address\nd@else.test", NULL);
	assert_true(has(buf_str(&a.output), "\"changed\":3,"));
	shown_clear(&a);
	turn();
	assert_int_equal(depot_state(depot).messages, 3);
}

/* A host is told of addresses of others only: no program's name, and nobody's forward without its new sender. */
static void a_host_gets_no_program_and_no_forward(void **state)
{
	const struct recipient to[] = {
		far,
		{ STR_INIT("|news"), STR_INIT("news@example.com"), .channel = CHANNEL_REMOTE, .led = LED_PROGRAM },
		{ STR_INIT("bob@other.test"), STR_INIT("bob@example.com"), .channel = CHANNEL_REMOTE,
		  .led = LED_FORWARD },
	};
	struct schedule_set set = house_set();
	struct shown a;
	uint64_t qp;

	(void)state;
	set.conf = &relays;
	schedule_settings(schedule, &set);
	schedule_stop(schedule);
	qp = put_envelope(from("ann@x.example", to, COUNT(to)));
	a = reroute("--all\n--host\nrelay.test", NULL);
	assert_true(has(buf_str(&a.output), "\"changed\":1,\"unchanged\":2,"));
	shown_clear(&a);
	assert_true(depot_find(depot, qp)->rcpts[0].rerouted && !depot_find(depot, qp)->rcpts[1].rerouted &&
		    !depot_find(depot, qp)->rcpts[2].rerouted);
}

static void an_alias_that_leads_to_a_program_does(void **state)
{
	const struct recipient leads = { STR_INIT("|news"), STR_INIT("news@example.com"), .channel = CHANNEL_REMOTE,
					 .led = LED_PROGRAM };
	struct envelope v;
	struct shown a;
	uint64_t qp = put_envelope(from("ann@x.example", &far, 1));

	(void)state;
	a = reroute("--all\n--to-address\nnews@example.com", &leads);
	assert_true(has(buf_str(&a.output), "\"changed\":1,"));
	shown_clear(&a);
	v = envelope_in(child_of(qp));
	assert_true(v.nrcpts == 1 && str_eqz(v.rcpts[0].final, "|news") && v.rcpts[0].led == LED_PROGRAM);
	assert_true(str_eqz(v.rcpts[0].original, "news@example.com"));
}

/* Its owner is away, and was not reached. */
static void a_mailbox_does_not_answer_what_went_elsewhere(void **state)
{
	static const struct recipient bob = { STR_INIT("bob@example.com"), STR_INIT("bob@example.com"),
					      .channel = CHANNEL_LOCAL, .replies = true };
	struct envelope v = from("ann@x.example", &bob, 1);
	struct err e = { 0 };
	struct shown a;

	(void)state;
	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	assert_int_equal(depot_put(depot, &v, STR("To: bob@example.com\r\n\r\n"), STR("hello\r\n"), &e), 0);
	a = reroute("--all\n--to-address\nd@else.test", NULL);
	assert_true(has(buf_str(&a.output), "\"changed\":1,"));
	shown_clear(&a);
	turn();
	assert_int_equal(replies_asked, 0);
}

/* What its sender asked for goes with the copy (RFC 3461, RFC 8689). */
static void a_copy_keeps_what_its_sender_asked_for(void **state)
{
	struct recipient bob = { STR_INIT("bob@other.test"), STR_INIT("bob@other.test"), .channel = CHANNEL_REMOTE,
				 .notify = NOTIFY_FAILURE };
	struct envelope v = from("ann@x.example", &bob, 1);
	struct shown a;
	uint64_t qp;

	(void)state;
	v.envid = STR("QQ314");
	v.ret = RET_FULL;
	v.requiretls = 1;
	schedule_stop(schedule);
	qp = put_envelope(v);
	a = reroute("--all\n--to-address\nd@else.test", NULL);
	shown_clear(&a);
	v = envelope_in(child_of(qp));
	assert_true(str_eqz(v.envid, "QQ314") && v.ret == RET_FULL && v.requiretls == 1);
	assert_int_equal(v.rcpts[0].notify, NOTIFY_FAILURE);
	assert_true(str_eqz(v.rcpts[0].orcpt, "rfc822;bob@other.test") && str_eqz(v.rcpts[0].final, "d@else.test"));
}

/* telltale-lookup is away: the postmaster is not kept for ever. */
static void nobody_who_knows_the_address(void **state)
{
	struct shown a = { .fd = -1 };
	struct sweep *w;

	(void)state;
	asked.away = true;
	put_envelope(from("ann@x.example", &far, 1));
	w = sweep_new(schedule, str_mem("reroute\0--all\0--to-address\0d@else.test", 38), &a);
	assert_non_null(w);
	for (int i = 0; i < 3; i++)
		assert_true(!sweep_step(w, &a) && sweep_waits(w));
	ahead = 31;
	assert_true(sweep_step(w, &a));
	ahead = 0;
	asked.away = false;
	assert_int_equal(a.status, SHOWN_NO);
	assert_true(str_eqz(buf_str(&a.message), "d@else.test: telltale-lookup does not answer"));
	shown_clear(&a);
	sweep_free(w);
	assert_int_equal(depot_state(depot).messages, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_copy_is_not_copied_again),
		T(a_host_gets_no_program_and_no_forward),
		T(an_alias_that_leads_to_a_program_does),
		T(a_mailbox_does_not_answer_what_went_elsewhere),
		T(a_copy_keeps_what_its_sender_asked_for),
		T(nobody_who_knows_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
