/* What is told of logs that grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "follow_house.h"

static void a_story_is_told_as_it_happens(void **state)
{
	struct house *h = *state;

	begin(h, (struct follow_ask){ 0 });
	append(h, "smtp-25.log", ACCEPT("1", "11"));
	append(h, "spamdyke.log", GATE("1", "ALLOWED", "250_ok_1795424400_qp_11"));
	told(h, "new waiting\n");
	append(h, "delivery.log", TRY("5", "11"));
	told(h, "waiting -> waiting: 1 new\n");
	append(h, "delivery.log", DONE("5"));
	told(h, "waiting -> delivered: 1 new\n");
	assert_int_equal(follow_counts(h->f).told_new, 1);
	assert_int_equal(follow_counts(h->f).files, 3);
}

static void half_a_group_and_half_a_line_wait_for_the_rest(void **state)
{
	struct house *h = *state;

	begin(h, (struct follow_ask){ 0 });
	append(h, "smtp-25.log", SESSION("1") AT "from, a@b.exa");
	nothing(h);
	append(h, "smtp-25.log", "mple\n" AT "resp, 250 ok\n" AT "to, <" ME ">\n" QUEUED("11"));
	told(h, "new waiting\n");
	append(h, "delivery.log", AT "init, <a@b.example>");
	nothing(h);
}

static void a_gate_line_that_comes_first_belongs_to_its_story(void **state)
{
	struct house *h = *state;

	begin(h, (struct follow_ask){ 0 });
	append(h, "spamdyke.log", GATE("1", "DENIED_GRAYLISTED", "(empty)"));
	told(h, "new refused-temporarily\n");
	append(h, "smtp-25.log", LATER("1"));
	told(h, "refused-temporarily -> refused-temporarily: 2 new\n");
}

static void what_was_refused_for_now_and_is_accepted_is_one_story(void **state)
{
	struct house *h = *state;

	append(h, "smtp-25.log", LATER("1"));
	begin(h, (struct follow_ask){ 0 });
	nothing(h);
	append(h, "smtp-25.log", LATER("2"));
	told(h, "new refused-temporarily\n");
	append(h, "smtp-25.log", ACCEPT("3", "11"));
	told(h, "refused-temporarily -> waiting: 4 new\n");
}

static void an_empty_file_may_become_a_log(void **state)
{
	struct house *h = *state;

	append(h, "maillog", "");
	begin(h, (struct follow_ask){ 0 });
	append(h, "notes.txt", "no log\n");
	append(h, "maillog", POSTFIX_IN POSTFIX_OUT);
	told(h, "new delivered\n");
	append(h, "notes.txt", POSTFIX_IN);
	nothing(h);
}

static void it_begins_with_what_waits_or_with_the_last_minutes(void **state)
{
	struct house *h = *state;

	append(h, "smtp-25.log", ACCEPT("1", "11") ACCEPT("2", "12") LATER("3"));
	append(h, "delivery.log", TRY("5", "11") DONE("5") TRY("6", "12"));
	begin(h, (struct follow_ask){ 0 });
	told(h, "new waiting\n");
	nothing(h);
	follow_close(h->f);
	begin(h, (struct follow_ask){ .since = 20 * 365 * 86400 });
	told(h, "new delivered\nnew waiting\nnew refused-temporarily\n");
}

static void only_what_is_asked_for_and_only_whose_it_is(void **state)
{
	static const struct {
		const char *question, *mailbox, *want;
	} t[] = {
		{ "to:" ME, "", "new waiting\n" },
		{ "to:else@example.com", "", "" },
		{ "verdict:delivered", "", "new delivered\n" },
		{ "", ME, "new waiting\n" },
		{ "", "else@example.com", "" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct house *h = *state;

		begin(h, (struct follow_ask){ .question = str_of(t[i].question), .mailbox = str_of(t[i].mailbox) });
		append(h, "smtp-25.log", ACCEPT("1", "11"));
		if (strstr(t[i].want, "waiting") != NULL)
			told(h, t[i].want);
		else
			nothing(h);
		append(h, "delivery.log", TRY("5", "11") DONE("5"));
		if (strstr(t[i].want, "delivered") != NULL)
			told(h, t[i].want);
		teardown(state);
		setup(state);
	}
}

static size_t kept(const struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->files[i]->text.n;
	return n;
}

static void flood(struct house *h, uint64_t from, uint64_t n)
{
	BUF(smtp);
	BUF(delivery);

	for (uint64_t i = from; i < from + n; i++) {
		unsigned long long qp = 1000 + i, d = 1000000 + i;

		buf_fmt(&smtp, AT "session, %llu, 192.0.2.12, 4242, 1795424400.007\n" AT "helo, out.b.example\n",
			(unsigned long long)i);
		buf_fmt(&smtp, RCPT AT "resp, 250 ok\n" AT "size, 1234\n" AT "resp, 250 ok 1795424400 qp %llu\n\n", qp);
		if (i % 8 != 0)
			continue; /* it waits */
		buf_fmt(&delivery,
			AT "init, <a@b.example>\n" AT "info, %llu, qp %llu, attempt 1, bytes 1234, 1795424400.100\n", d,
			qp);
		buf_fmt(&delivery, AT "try, %llu, local, " ME "\n" AT "result, %llu, success, did_1+0+0/\n", d, d);
	}
	append(h, "smtp-25.log", buf_z(&smtp));
	append(h, "delivery.log", buf_z(&delivery));
}

/* 18,000 messages, most of which wait for ever: more than is kept. */
static void a_flood_is_told_and_does_not_stay(void **state)
{
	enum { BURST = 3000, BURSTS = 6 };
	struct house *h = *state;

	begin(h, (struct follow_ask){ 0 });
	for (uint64_t i = 0; i < BURSTS; i++) {
		int64_t deadline = deadline_in(60000);

		flood(h, 1 + i * BURST, BURST);
		while (h->stories < (i + 1) * BURST && clock_mono() < deadline)
			hear(h, deadline);
		assert_int_equal(h->stories, (i + 1) * BURST);
		assert_true(kept(h->f) <= FOLLOW_KEPT + 2 * FOLLOW_BATCH + (1 << 20));
	}
	assert_true(follow_counts(h->f).forgotten > 0);
	said(h, "the oldest is forgotten");
}

static void what_is_wrong_is_said_at_once(void **state)
{
	static const struct {
		struct follow_ask ask;
		const char *why;
	} t[] = {
		{ { .question = STR_INIT("verdict:nonsense") }, "nonsense" },
		{ { .tz = STR_INIT("Mars/Olympus") }, "there is no time zone Mars/Olympus" },
	};
	struct house *h = *state;
	const char *path = in(h, "nowhere.log");
	struct follow_ask nowhere = { .paths = &path, .npaths = 1 };
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(t); i++) {
		assert_null(follow_open(&t[i].ask, &e));
		assert_non_null(strstr(e.text, t[i].why));
	}
	assert_null(follow_open(&nowhere, &e));
	assert_non_null(strstr(e.text, "nowhere.log"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_story_is_told_as_it_happens),
		T(half_a_group_and_half_a_line_wait_for_the_rest),
		T(a_gate_line_that_comes_first_belongs_to_its_story),
		T(what_was_refused_for_now_and_is_accepted_is_one_story),
		T(an_empty_file_may_become_a_log),
		T(it_begins_with_what_waits_or_with_the_last_minutes),
		T(only_what_is_asked_for_and_only_whose_it_is),
		T(a_flood_is_told_and_does_not_stay),
		T(what_is_wrong_is_said_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
