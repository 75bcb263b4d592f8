/* A filter that is silent, slow, wrong or endless costs its connection, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>

#include "base/fiber.h"
#include "milter_visit.h"

/* ---- what it does wrong ---- */

static const struct {
	struct fake_answer answer;
	const char *words; /* a pattern */
} misdeeds[] = {
	{ { 'O', FAKE_SILENT, STR_INIT(""), 0 }, "fake, negotiation: no answer within * s" },
	{ { 'O', FAKE_CLOSES, STR_INIT(""), 0 }, "fake, negotiation: it closed the connection" },
	{ { 'O', FAKE_SAYS, STR_INIT("c"), 0 }, "fake, negotiation: no answer to the negotiation" },
	{ { 'O', FAKE_SAYS, STR_INIT("O\0\0\0\7\0\0\0\0\0\0\0\0"), 0 },
	  "*: it speaks version 7 of the protocol, we 2 to 6" },
	{ { 'O', FAKE_SAYS, STR_INIT("O\0\0\0\1\0\0\0\0\0\0\0\0"), 0 },
	  "*: it speaks version 1 of the protocol, we 2 to 6" },
	{ { 'O', FAKE_SAYS, STR_INIT("O\0\0\0\6\0\0\0\2\0\0\0\0"), 0 },
	  "*: it wants to change what we do not offer (actions 0x2)" },
	{ { 'O', FAKE_SAYS, STR_INIT("O\0\0\0\6\0\0\0\0\0\0\x8\0"), 0 },
	  "*: it wants steps that we do not offer (0x800)" },
	{ { 'O', FAKE_RAW, STR_INIT("220 mail.example ESMTP\r\n"), 0 },
	  "*: a packet that is empty or longer than 65536 bytes" },
	{ { 'C', FAKE_SILENT, STR_INIT(""), 0 }, "fake, connect: no answer within * s" },
	{ { 'H', FAKE_CLOSES, STR_INIT(""), 0 }, "fake, helo: it closed the connection" },
	{ { 'M', FAKE_RAW, STR_INIT("\0\0\0\0"), 0 }, "fake, mail: a packet that is empty or longer than 65536 bytes" },
	{ { 'R', FAKE_RAW, STR_INIT("\0\0\0\5c"), 0 }, "fake, rcpt: no answer within * s" },
	{ { 'T', FAKE_SAYS, STR_INIT("p"), 0 }, "fake, data: an answer that this step does not have" },
	{ { 'L', FAKE_SAYS, STR_INIT("hX\0v\0"), 0 }, "fake, header: an answer that this step does not have" },
	{ { 'N', FAKE_SAYS, STR_INIT("s"), 0 }, "fake, end of header: it skips what cannot be skipped" },
	{ { 'B', FAKE_SAYS, STR_INIT("f"), 0 }, "fake, body: it says that it failed" },
	{ { 'C', FAKE_SAYS, STR_INIT("d"), 0 }, "fake, connect: it discards a message that is not there" },
	{ { 'M', FAKE_SAYS, STR_INIT("y250 ok\0"), 0 }, "fake, mail: a reply that is none of 4xx or 5xx" },
	{ { 'H', FAKE_RAW, STR_INIT("\0\0\0\1c\0\0\0\1c"), 0 }, "fake, mail: an answer that nobody had asked for" },
	{ { 'B', FAKE_RAW, STR_INIT("\0\0\0\1c\0"), 0 }, "fake, end of message: an answer that nobody had asked for" },
	{ { 'E', FAKE_SAYS, STR_INIT("bnew"), 0 }, "fake, end of message: a change that was not offered" },
	{ { 'E', FAKE_SAYS, STR_INIT("z"), 0 }, "fake, end of message: an answer of an unknown kind" },
	{ { 'E', FAKE_SILENT, STR_INIT(""), 0 }, "fake, end of message: no answer within * s" },
	{ { 'E', FAKE_REPEATS, STR_INIT("p"), 0 }, "fake, end of message: changes or signs of progress without end" },
	{ { 'E', FAKE_REPEATS, STR_INIT("hX\0v\0"), 0 },
	  "fake, end of message: changes or signs of progress without end" },
};

static void test_misdeeds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(misdeeds); i++) {
		bool late = str_ends(str_of(misdeeds[i].words), STR("no answer within * s"));
		int64_t patience = late && misdeeds[i].answer.letter != 'E' ? 400 : PATIENT;
		struct milter_set set = { "fake", { .n = 0 }, patience, patience, late ? 400 : PATIENT, PATIENT };
		struct milter_changes changes;
		struct milter_word w;
		struct fake f = { 0 };
		struct milter *m;
		ARENA(a);

		fake_start(&f, &misdeeds[i].answer, 1);
		set.at = f.at;
		m = milter_new(&set, &facts);
		w = visit(m, &a, &changes);
		assert_int_equal(w.is, MILTER_FAILED);
		if (!str_glob(str_of(misdeeds[i].words), w.words))
			fail_msg("%.*s", STR_ARG(w.words));
		assert_int_equal(changes.n, 0);
		/* and so for the rest of the visit, without asking */
		w = milter_mail(m, &from);
		assert_int_equal(w.is, MILTER_FAILED);
		assert_true(str_glob(str_of(misdeeds[i].words), w.words));
		assert_int_equal(milter_end(m, &a, &changes).is, MILTER_FAILED);
		assert_int_equal(f.visits, 1);
		milter_free(m);
		fake_stop(&f);
	}
}

static void test_a_change_that_was_not_announced(void **state)
{
	static const struct str changes[] = { STR_INIT("hX\0v\0"), STR_INIT("i\0\0\0\0X\0v\0"),
					      STR_INIT("m\0\0\0\1X\0v\0"), STR_INIT("qwhy\0") };

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct fake_answer answer = { 'E', FAKE_SAYS, changes[i], 0 };
		struct fake f = { .deal = STR("O\0\0\0\6\0\0\0\0\0\0\0\0") };
		struct milter_changes out;
		struct milter *m;
		ARENA(a);

		fake_start(&f, &answer, 1);
		m = milter_for(&f, PATIENT);
		assert_true(
		    str_eqz(visit(m, &a, &out).words, "fake, end of message: a change that it had not announced"));
		milter_free(m);
		fake_stop(&f);
	}
}

static void test_nobody_there(void **state)
{
	struct milter_set set = { "gone", { .n = 0 }, 100, 100, 100, 100 };
	struct milter_word w;
	struct milter *m;
	struct err e;

	(void)state;
	assert_int_equal(service_read(&set.at, STR("unix:/nonexistent/socket"), &e), 0);
	m = milter_new(&set, &facts);
	w = milter_connect(m);
	assert_int_equal(w.is, MILTER_FAILED);
	assert_true(str_eqz(w.words, "gone, connect: connect to unix:/nonexistent/socket: No such file or directory"));
	milter_free(m);
}

/* Slow answers and signs of progress, each in time: there is an end to them together. */
static void test_a_message_has_an_end(void **state)
{
	static const struct {
		struct fake_answer answer;
		const char *words;
	} t[] = {
		{ { 'L', FAKE_SAYS, STR_INIT("c"), 20 }, "fake, header: longer than 0.1 s for one message" },
		{ { 'E', FAKE_REPEATS, STR_INIT("p"), 20 }, "fake, end of message: longer than 0.1 s for one message" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct milter_set set = { "fake", { .n = 0 }, PATIENT, PATIENT, PATIENT, 100 };
		struct milter_changes changes;
		struct fake f = { 0 };
		struct milter *m;
		ARENA(a);

		fake_start(&f, &t[i].answer, 1);
		set.at = f.at;
		m = milter_new(&set, &facts);
		milter_connect(m);
		milter_mail(m, &from);
		say_head(m, "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n");
		assert_string_equal(milter_end(m, &a, &changes).words.p, t[i].words);
		milter_free(m);
		fake_stop(&f);
	}
}

/* ---- much ---- */

static void test_ten_thousand_fields(void **state)
{
	/* answered one by one, and not at all */
	static const struct str deals[] = { STR_INIT("O\0\0\0\6\0\0\0\0\0\0\0\0"),
					    STR_INIT("O\0\0\0\6\0\0\0\0\0\0\0\x80") };
	BUF(header);

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_fmt(&header, "X-%d: %d\r\n", i, i);
	for (size_t i = 0; i < COUNT(deals); i++) {
		static const struct fake_answer silent = { 'L', FAKE_SILENT, STR_INIT(""), 0 };
		struct fake f = { .deal = deals[i] };
		struct milter_changes changes;
		struct milter *m;
		ARENA(a);

		fake_start(&f, &silent, i);
		m = milter_for(&f, PATIENT);
		milter_connect(m);
		milter_mail(m, &from);
		assert_int_equal(say_head(m, buf_z(&header)), MILTER_CONTINUE);
		assert_int_equal(milter_end(m, &a, &changes).is, MILTER_CONTINUE);
		milter_free(m);
		assert_int_equal(heard_of(&f, "LX-"), 10000);
		fake_stop(&f);
	}
}

/* libmilter hangs up on a packet of more than 65535 bytes: such a field would be a way around the filter. */
static void test_a_huge_field_is_cut(void **state)
{
	static char x[200000];
	struct milter_changes changes;
	struct fake f = { 0 };
	struct milter *m;
	ARENA(a);
	BUF(header);

	(void)state;
	memset(x, 'x', sizeof(x));
	buf_add(&header, x, sizeof(x));
	buf_adds(&header, ": ");
	buf_add(&header, x, sizeof(x));
	buf_adds(&header, "\r\n");
	fake_start(&f, NULL, 0);
	m = milter_for(&f, PATIENT);
	milter_connect(m);
	milter_mail(m, &from);
	assert_int_equal(say_head(m, buf_z(&header)), MILTER_CONTINUE);
	assert_int_equal(milter_end(m, &a, &changes).is, MILTER_CONTINUE);
	assert_int_equal(f.longest, 1 + 1000 + 1 + 60000 + 1);
	milter_free(m);
	fake_stop(&f);
}

static void test_a_body_in_pieces(void **state)
{
	static const size_t pieces[] = { 1, 1000, 32768, 100000 };
	static char body[100000];

	(void)state;
	memset(body, 'b', sizeof(body));
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct fake f = { 0 };
		struct milter_changes changes;
		struct milter *m;
		ARENA(a);

		fake_start(&f, NULL, 0);
		m = milter_for(&f, PATIENT);
		milter_connect(m);
		milter_mail(m, &from);
		for (size_t at = 0; at < sizeof(body); at += pieces[i])
			assert_int_equal(
			    milter_body(m, str_take(str_skip(str_mem(body, sizeof(body)), at), pieces[i])).is,
			    MILTER_CONTINUE);
		assert_int_equal(milter_end(m, &a, &changes).is, MILTER_CONTINUE);
		assert_int_equal(heard_of(&f, "Bb"), 4);
		milter_free(m);
		fake_stop(&f);
	}
}

/* ---- in fibers ---- */

static int ended;

static void one_visit(void *arg)
{
	struct fake *f = arg;
	struct milter *m = milter_for(f, PATIENT);
	struct milter_changes changes;
	ARENA(a);

	if (visit(m, &a, &changes).is == MILTER_CONTINUE)
		ended++;
	milter_free(m);
}

static void two_visits(void *arg)
{
	struct fake *f = arg;
	struct err e;

	assert_int_equal(fiber_start(one_visit, &f[0], &e), 0);
	assert_int_equal(fiber_start(one_visit, &f[1], &e), 0);
	while (fiber_count() > 1)
		fiber_sleep(1);
}

/* The first filter says nothing until the second one has heard the end of its message. */
static void test_a_slow_filter_holds_nobody_else(void **state)
{
	struct fake f[2] = { { .after = &f[1] }, { .after = NULL } };
	struct err e;

	(void)state;
	ended = 0;
	fake_start(&f[1], NULL, 0);
	fake_start(&f[0], NULL, 0);
	assert_int_equal(fiber_run(two_visits, f, &e), 0);
	assert_int_equal(ended, 2);
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misdeeds),
		cmocka_unit_test(test_a_change_that_was_not_announced),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_a_message_has_an_end),
		cmocka_unit_test(test_ten_thousand_fields),
		cmocka_unit_test(test_a_huge_field_is_cut),
		cmocka_unit_test(test_a_body_in_pieces),
		cmocka_unit_test(test_a_slow_filter_holds_nobody_else),
	};

	signal(SIGPIPE, SIG_IGN); /* as proc_begin() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
