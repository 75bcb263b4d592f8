/* Under which sender a forward leaves: it waits for the answer, and without one it stays here. */
#include "schedule_fails.h"

static struct {
	uint64_t id;
	struct str sender, alias;
	size_t n;
	bool away;
} leaving;

static bool ask_leaves(void *asker, uint64_t id, struct str sender, struct str alias)
{
	(void)asker;
	if (leaving.away)
		return false;
	leaving.id = id;
	leaving.sender = arena_str(&mem, sender);
	leaving.alias = arena_str(&mem, alias);
	leaving.n++;
	return true;
}

static int begin(void **state)
{
	struct schedule_set s = house_set();

	if (setup(state) < 0)
		return -1;
	schedule_free(schedule);
	s.depot = depot;
	s.log = dlog;
	s.lookup.ask = ask;
	s.lookup.ask_leaves = ask_leaves;
	s.srs = true;
	schedule = schedule_new(&s);
	agent = schedule_agent(schedule, AGENT_LOCAL, &ours);
	memset(&leaving, 0, sizeof(leaving));
	return 0;
}

static uint64_t forward_of(const char *sender)
{
	static const struct recipient to = { STR_INIT("x@far.example"), STR_INIT("list@example.com"),
					     .channel = CHANNEL_REMOTE };

	return put_envelope(from(sender, &to, 1));
}

static void told(enum leaves result, const char *sender, const char *why)
{
	struct leaves_answer a = { result, str_of(sender), str_of(why) };

	schedule_leaves(schedule, leaving.id, &a);
	turn();
}

/* The sender of the copy; NULL: there is none. */
static const char *left_as(uint64_t qp)
{
	struct item *it = child_of(qp);
	struct envelope v;

	if (it == NULL)
		return NULL;
	v = envelope_in(it);
	return v.forward ? arena_z(&mem, v.sender) : "(a bounce)";
}

static void it_leaves_as_what_was_answered(void **state)
{
	uint64_t qp = forward_of("ann@x.example");

	(void)state;
	assert_int_equal(leaving.n, 1);
	assert_true(str_eqz(leaving.sender, "ann@x.example") && str_eqz(leaving.alias, "list@example.com"));
	turn();
	turn();
	assert_int_equal(leaving.n, 1);
	assert_null(left_as(qp));
	told(LEAVES_AS, "SRS0=vmyz=2W=x.example=ann@example.com", "");
	assert_string_equal(left_as(qp), "SRS0=vmyz=2W=x.example=ann@example.com");
	assert_true(logged(", init, <ann@x.example>\n"));
	assert_true(logged("did_0+1+0/qp_"));
	told(LEAVES_AS, "again@example.com", ""); /* nobody asked */
}

static void without_an_answer_it_waits(void **state)
{
	uint64_t qp = forward_of("ann@x.example");
	struct item *it = depot_find(depot, qp);

	(void)state;
	told(LEAVES_LATER, "", "");
	assert_null(left_as(qp));
	assert_int_equal(it->rcpts[0].attempts, 1);
	assert_true(it->rcpts[0].next > clock_wall() - 1000 && it->rcpts[0].next <= clock_wall() + 2000);
	assert_true(logged("sender_cannot_be_rewritten_now"));
	leaving.away = true; /* nobody to be asked: no attempt is made */
	depot_release(depot, it, 0, clock_wall());
	turn();
	assert_null(left_as(qp));
	assert_int_equal(it->rcpts[0].attempts, 1);
	leaving.away = false;
	usleep(60 * 1000);
	turn();
	assert_int_equal(leaving.n, 2);
	told(LEAVES_AS, "srs@example.com", "");
	assert_string_equal(left_as(qp), "srs@example.com");
}

static void what_cannot_be_rewritten_comes_back(void **state)
{
	uint64_t qp = forward_of("ann@x.example");

	(void)state;
	told(LEAVES_NEVER, "", "the sender's address is too long to be rewritten");
	assert_true(
	    logged("failure, Unable_to_forward_message:_the_sender's_address_is_too_long_to_be_rewritten._(#5.1.7)/"));
	assert_int_equal(asked.n, 1);
	answer(RESOLVED_NOT_OURS, NULL, CHANNEL_REMOTE);
	assert_string_equal(left_as(qp), "(a bounce)");
}

static void who_has_no_sender_is_not_asked_about(void **state)
{
	(void)state;
	assert_string_equal(left_as(forward_of("")), "");
	assert_string_equal(left_as(forward_of("#@[]")), "#@[]");
	assert_int_equal(leaving.n, 0);
}

/* A hundred at once: so many as may be asked about are, and the others come after. */
static void no_more_are_asked_about_than_may_be(void **state)
{
	static struct recipient to[100];
	uint64_t first;

	(void)state;
	for (size_t i = 0; i < COUNT(to); i++)
		to[i] = (struct recipient){ arena_fmt(&mem, "x%zu@far.example", i), STR("list@example.com"),
					    .channel = CHANNEL_REMOTE };
	put_envelope(from("ann@x.example", to, COUNT(to)));
	assert_int_equal(leaving.n, 48);
	first = leaving.id - 47;
	for (size_t done = 0; done < COUNT(to); done++) {
		struct leaves_answer a = { LEAVES_AS, STR("srs@example.com"), STR("") };

		schedule_leaves(schedule, first + done, &a);
		if (leaving.n < COUNT(to) && leaving.n == done + 1) {
			usleep(60 * 1000);
			turn();
		}
	}
	assert_int_equal(leaving.n, 100);
}

/* At the end the recipient is put back: the next one asks again. */
static void an_answer_after_the_end_starts_nothing(void **state)
{
	uint64_t qp = forward_of("ann@x.example");

	(void)state;
	schedule_stop(schedule);
	told(LEAVES_AS, "srs@example.com", "");
	assert_null(left_as(qp));
	assert_int_equal(depot_find(depot, qp)->rcpts[0].state, RCPT_WAITING);
}

#define B(f) cmocka_unit_test_setup_teardown(f, begin, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		B(it_leaves_as_what_was_answered),      B(without_an_answer_it_waits),
		B(what_cannot_be_rewritten_comes_back), B(who_has_no_sender_is_not_asked_about),
		B(no_more_are_asked_about_than_may_be), B(an_answer_after_the_end_starts_nothing),
	};

	log_zone(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
