/* A visit with a filter: what it hears, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>

#include "milter_visit.h"

/* ---- what it hears ---- */

static void test_a_visit(void **state)
{
	struct fake f = { 0 };
	struct milter *m;
	struct milter_changes changes;
	ARENA(a);

	(void)state;
	fake_start(&f, NULL, 0);
	m = milter_for(&f, PATIENT);
	assert_int_equal(visit(m, &a, &changes).is, MILTER_CONTINUE);
	assert_int_equal(changes.n, 0);
	heard(&f,
	      "O|||\\06||\\011|\\1f\\f7\\ff\n"
	      "DCj|mx.example.org|_|client.example [192.0.2.1]|v|Telltale|{daemon_name}|smtp|{client_addr}|192.0.2.1|"
	      "{client_name}|client.example|{client_ptr}|client.example|\n"
	      "Cclient.example|4\\124192.0.2.1|\n"
	      "DH{tls_version}|TLSv1.3|{cipher}|TLS_AES_256_GCM_SHA384|{cipher_bits}|256|\n"
	      "Hclient|\n"
	      "DMi|77|{auth_type}|PLAIN|{auth_authen}|bob|{mail_addr}|a@b.example|{mail_host}|b.example|\n"
	      "M<a@b.example>|SIZE=100|BODY=8BITMIME|\n"
	      "DR{rcpt_addr}|c@example.org|{rcpt_host}|example.org|\n"
	      "R<c@example.org>|\n"
	      "DTi|77|\nT\n"
	      "LSubject| hi|\nLX-Folded| a;\\0a\\09b|\nDNi|77|\nN\n"
	      "Btext\\0d\\0a\nDEi|77|\nE\n");
	milter_free(m);
	fake_stop(&f);
}

static void test_what_it_does_not_want_is_not_sent(void **state)
{
	/* 0x3ff7ff: no step at all; then silence at every step */
	static const struct {
		struct str deal;
		const char *heard;
	} t[] = {
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\0\2\x7f"), "DEi|77|\nE\n" },
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x0f\xf1\x80"),
		  "DCj|mx.example.org|_|client.example "
		  "[192.0.2.1]|v|Telltale|{daemon_name}|smtp|{client_addr}|192.0.2.1|"
		  "{client_name}|client.example|{client_ptr}|client.example|\n"
		  "Cclient.example|4\\124192.0.2.1|\n"
		  "DH{tls_version}|TLSv1.3|{cipher}|TLS_AES_256_GCM_SHA384|{cipher_bits}|256|\n"
		  "Hclient|\n"
		  "DMi|77|{auth_type}|PLAIN|{auth_authen}|bob|{mail_addr}|a@b.example|{mail_host}|b.example|\n"
		  "M<a@b.example>|SIZE=100|BODY=8BITMIME|\n"
		  "DR{rcpt_addr}|c@example.org|{rcpt_host}|example.org|\n"
		  "R<c@example.org>|\n"
		  "DTi|77|\nT\n"
		  "LSubject|hi|\nLX-Folded|a;\\0a\\09b|\nDNi|77|\nN\n"
		  "Btext\\0d\\0a\nDEi|77|\nE\n" },
		/* version 2 does not know DATA */
		{ STR_INIT("O\0\0\0\2\0\0\0\1\0\0\0\x7b"),
		  "DMi|77|{auth_type}|PLAIN|{auth_authen}|bob|{mail_addr}|a@b.example|"
		  "{mail_host}|b.example|\nM<a@b.example>|SIZE=100|BODY=8BITMIME|\n"
		  "DEi|77|\nE\n" },
		/* its own macros: at connect two, one of them unknown; at mail none */
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\0\2\x7a\0\0\0\0{client_addr} {no_such} j\0\0\0\0\2\0"),
		  "DC{client_addr}|192.0.2.1|j|mx.example.org|\nCclient.example|4\\124192.0.2.1|\n"
		  "DM\nM<a@b.example>|SIZE=100|BODY=8BITMIME|\nDEi|77|\nE\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		static const struct fake_answer silent[] = {
			{ .letter = 'C', .how = FAKE_SILENT }, { .letter = 'H', .how = FAKE_SILENT },
			{ .letter = 'M', .how = FAKE_SILENT }, { .letter = 'R', .how = FAKE_SILENT },
			{ .letter = 'T', .how = FAKE_SILENT }, { .letter = 'L', .how = FAKE_SILENT },
			{ .letter = 'N', .how = FAKE_SILENT }, { .letter = 'B', .how = FAKE_SILENT },
		};
		struct fake f = { .deal = t[i].deal };
		struct milter_changes changes;
		struct milter *m;
		ARENA(a);

		fake_start(&f, silent, i == 1 ? COUNT(silent) : 0);
		m = milter_for(&f, PATIENT);
		assert_int_equal(visit(m, &a, &changes).is, MILTER_CONTINUE);
		forget_until(&f, "\n");
		heard(&f, t[i].heard);
		milter_free(m);
		fake_stop(&f);
	}
}

static void test_who_the_client_is(void **state)
{
	static const struct {
		struct milter_facts facts;
		const char *heard;
	} t[] = {
		{ { .ip = STR_INIT("2001:db8::1"), .port = 25 }, "C[2001:db8::1]|6|\\192001:db8::1|\n" },
		{ { .ip = STR_INIT("192.0.2.1"), .port = 25, .name = STR_INIT("a\r\n\0b") },
		  "Ca???b|4|\\19192.0.2.1|\n" },
		{ { .port = 0 }, "C|U\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct fake f = { .deal = STR("O\0\0\0\6\0\0\1\x31\0\0\0\0\0\0\0\0\0") };
		struct milter_set set = { "fake", { .n = 0 }, PATIENT, PATIENT, PATIENT, PATIENT };
		struct milter *m;

		fake_start(&f, NULL, 0);
		set.at = f.at;
		m = milter_new(&set, &t[i].facts);
		assert_int_equal(milter_connect(m).is, MILTER_CONTINUE);
		forget_until(&f, "\nDC\n");
		heard(&f, t[i].heard);
		milter_free(m);
		fake_stop(&f);
	}
}

static void test_messages_share_the_connection(void **state)
{
	struct fake f = { .deal = STR("O\0\0\0\6\0\0\1\x31\0\0\2\x7a\0\0\0\2\0\0\0\0\0\0\0\0\0\5\0") };
	struct milter_changes changes;
	struct milter *m;
	ARENA(a);

	(void)state;
	fake_start(&f, NULL, 0);
	m = milter_for(&f, PATIENT);
	assert_int_equal(visit(m, &a, &changes).is, MILTER_CONTINUE);
	assert_int_equal(milter_mail(m, &(struct milter_path){ .nargs = 0 }).is, MILTER_CONTINUE);
	milter_abort(m);
	assert_int_equal(milter_mail(m, &from).is, MILTER_CONTINUE);
	assert_int_equal(milter_mail(m, &from).is, MILTER_CONTINUE);
	assert_int_equal(milter_end(m, &a, &changes).is, MILTER_CONTINUE);
	milter_abort(m);
	assert_int_equal(f.visits, 1);
	forget_until(&f, "\n");
	heard(&f, "DC\nCclient.example|4\\124192.0.2.1|\n"
		  "DM\nM<a@b.example>|SIZE=100|BODY=8BITMIME|\nDE\nE\n"
		  "DM\nM<>|\nA\n"
		  "DM\nM<a@b.example>|SIZE=100|BODY=8BITMIME|\nA\n"
		  "DM\nM<a@b.example>|SIZE=100|BODY=8BITMIME|\nDE\nE\n");
	milter_free(m);
	fake_stop(&f);
}

/* ---- what it says ---- */

#define REJECTED "Command rejected"
#define LATER "Service unavailable - try again later"

static void test_verdicts(void **state)
{
	static const struct {
		char letter;
		struct str says;
		enum milter_verdict is;
		int code;
		const char *text;
	} t[] = {
		{ 'C', STR_INIT("a"), MILTER_ACCEPT, 0, "" },
		{ 'C', STR_INIT("r"), MILTER_REJECT, 550, REJECTED },
		{ 'C', STR_INIT("t"), MILTER_TEMPFAIL, 451, LATER },
		{ 'C', STR_INIT("4"), MILTER_SHUTDOWN, 421, "Service unavailable - closing the connection" },
		{ 'H', STR_INIT("y550 5.7.1 bad name\0"), MILTER_REJECT, 550, "bad name" },
		{ 'M', STR_INIT("y451 4.7.1 not now\0"), MILTER_TEMPFAIL, 451, "not now" },
		{ 'M', STR_INIT("y421 4.7.1 go\0"), MILTER_SHUTDOWN, 421, "go" },
		{ 'M', STR_INIT("a"), MILTER_ACCEPT, 0, "" },
		{ 'M', STR_INIT("d"), MILTER_DISCARD, 0, "" },
		{ 'R', STR_INIT("r"), MILTER_REJECT, 550, REJECTED },
		{ 'T', STR_INIT("t"), MILTER_TEMPFAIL, 451, LATER },
		{ 'L', STR_INIT("a"), MILTER_ACCEPT, 0, "" },
		{ 'N', STR_INIT("r"), MILTER_REJECT, 550, REJECTED },
		{ 'B', STR_INIT("d"), MILTER_DISCARD, 0, "" },
		{ 'B', STR_INIT("s"), MILTER_CONTINUE, 0, "" },
		{ 'L', STR_INIT("s"), MILTER_CONTINUE, 0, "" },
		{ 'R', STR_INIT("s"), MILTER_CONTINUE, 0, "" },
		{ 'E', STR_INIT("a"), MILTER_ACCEPT, 0, "" },
		{ 'E', STR_INIT("y554 5.7.1 spam\0"), MILTER_REJECT, 554, "spam" },
		{ 'E', STR_INIT("d"), MILTER_DISCARD, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct fake_answer answer = { t[i].letter, FAKE_SAYS, t[i].says, 0 };
		struct fake f = { .deal = STR("O\0\0\0\6\0\0\1\x31\0\x10\4\0") };
		struct milter_changes changes;
		struct milter_word w;
		struct milter *m;
		ARENA(a);

		fake_start(&f, &answer, 1);
		m = milter_for(&f, PATIENT);
		w = visit(m, &a, &changes);
		assert_int_equal(w.is, t[i].is);
		assert_int_equal(w.reply.code, t[i].code);
		assert_true(str_eqz(w.reply.text, t[i].text));
		milter_free(m);
		fake_stop(&f);
	}
}

static void test_how_long_a_verdict_holds(void **state)
{
	/* its answer at that step; what the rest of the message, the next HELO, the next message hear */
	static const struct {
		char letter;
		struct str says;
		enum milter_verdict rest, helo, message;
	} t[] = {
		{ 'C', STR_INIT("a"), MILTER_ACCEPT, MILTER_ACCEPT, MILTER_ACCEPT },
		{ 'C', STR_INIT("r"), MILTER_REJECT, MILTER_REJECT, MILTER_REJECT },
		{ 'M', STR_INIT("a"), MILTER_ACCEPT, MILTER_CONTINUE, MILTER_ACCEPT },
		{ 'M', STR_INIT("4"), MILTER_SHUTDOWN, MILTER_SHUTDOWN, MILTER_SHUTDOWN },
		{ 'R', STR_INIT("r"), MILTER_CONTINUE, MILTER_CONTINUE, MILTER_CONTINUE },
		{ 'R', STR_INIT("a"), MILTER_ACCEPT, MILTER_CONTINUE, MILTER_CONTINUE },
		{ 'R', STR_INIT("d"), MILTER_DISCARD, MILTER_CONTINUE, MILTER_CONTINUE },
		{ 'R', STR_INIT("f"), MILTER_FAILED, MILTER_FAILED, MILTER_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct fake_answer answer = { t[i].letter, FAKE_SAYS, t[i].says, 0 };
		struct milter_changes changes;
		struct fake f = { 0 };
		struct milter *m;
		ARENA(a);

		fake_start(&f, &answer, 1);
		m = milter_for(&f, PATIENT);
		milter_connect(m);
		milter_mail(m, &from);
		milter_rcpt(m, &to);
		assert_int_equal(milter_data(m).is, t[i].rest);
		assert_int_equal(say_head(m, "A: 1\r\n"), t[i].rest);
		assert_int_equal(milter_body(m, STR("x")).is, t[i].rest);
		assert_int_equal(milter_end(m, &a, &changes).is, t[i].rest);
		assert_int_equal(milter_helo(m, STR("x")).is, t[i].helo);
		assert_int_equal(milter_mail(m, &from).is, t[i].message);
		milter_free(m);
		fake_stop(&f);
	}
}

static void test_a_refused_helo_may_be_tried_again(void **state)
{
	struct fake_answer answer = { 'H', FAKE_SAYS, STR_INIT("r"), 0 };
	struct fake f = { 0 };
	struct milter *m;

	(void)state;
	fake_start(&f, &answer, 1);
	m = milter_for(&f, PATIENT);
	assert_int_equal(milter_connect(m).is, MILTER_CONTINUE);
	assert_int_equal(milter_helo(m, STR("x")).is, MILTER_REJECT);
	assert_int_equal(milter_mail(m, &from).is, MILTER_REJECT);
	answer.bytes = STR("c");
	assert_int_equal(milter_helo(m, STR("y")).is, MILTER_CONTINUE);
	assert_int_equal(milter_mail(m, &from).is, MILTER_CONTINUE);
	milter_free(m);
	fake_stop(&f);
}

/* ---- what it wants changed ---- */

static void test_changes(void **state)
{
	static const struct fake_answer answers[] = {
		{ 'E', FAKE_SAYS, STR_INIT("hX-A\0 one\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("p"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("i\0\0\0\1X-B\0 two;\n\tand\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("m\0\0\0\2X-C\0 three\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("m\0\0\0\1X-D\0\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("i\xff\xff\xff\xffX-E\0\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("m\0\0\0\0X-D\0x\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("hX-A\0 v\nBcc: x@example.org\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("qlooks\033 bad\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("c"), 0 },
	};
	static const struct {
		enum edit_kind kind;
		int32_t at;
		const char *name, *value;
	} t[] = {
		{ EDIT_ADD, 0, "X-A", " one" },        { EDIT_INSERT, 1, "X-B", " two;\r\n\tand" },
		{ EDIT_CHANGE, 2, "X-C", " three" },   { EDIT_DELETE, 1, "X-D", "" },
		{ EDIT_INSERT, INT32_MAX, "X-E", "" },
	};
	struct milter_changes changes;
	struct fake f = { 0 };
	struct milter *m;
	ARENA(a);

	(void)state;
	fake_start(&f, answers, COUNT(answers));
	m = milter_for(&f, PATIENT);
	assert_int_equal(visit(m, &a, &changes).is, MILTER_CONTINUE);
	assert_int_equal(changes.n, COUNT(t));
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(changes.edits[i].kind, t[i].kind);
		if (t[i].kind != EDIT_ADD)
			assert_int_equal(changes.edits[i].at, t[i].at);
		assert_true(str_eqz(changes.edits[i].name, t[i].name) && str_eqz(changes.edits[i].value, t[i].value));
	}
	assert_int_equal(changes.refused, 2);
	assert_string_equal(changes.why, "a field is counted from 1");
	assert_true(changes.quarantine && str_eqz(changes.reason, "looks? bad"));
	milter_free(m);
	fake_stop(&f);
}

static void test_without_leading_space_we_put_it(void **state)
{
	static const struct fake_answer answers[] = {
		{ 'E', FAKE_SAYS, STR_INIT("hX-A\0one\0"), 0 },
		{ 'E', FAKE_SAYS, STR_INIT("c"), 0 },
	};
	struct fake f = { .deal = STR("O\0\0\0\6\0\0\0\1\0\0\0\0") };
	struct milter_changes changes;
	struct milter *m;
	ARENA(a);

	(void)state;
	fake_start(&f, answers, COUNT(answers));
	m = milter_for(&f, PATIENT);
	assert_int_equal(visit(m, &a, &changes).is, MILTER_CONTINUE);
	assert_true(changes.n == 1 && str_eqz(changes.edits[0].value, " one"));
	milter_free(m);
	fake_stop(&f);
}

static void test_edits_have_a_limit(void **state)
{
	struct fake_answer answers[EDITS_MAX + 11];
	struct milter_changes changes;
	struct fake f = { 0 };
	struct milter *m;
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++)
		answers[i] = (struct fake_answer){ 'E', FAKE_SAYS, STR("hX\0v\0"), 0 };
	answers[COUNT(answers) - 1].bytes = STR("a");
	fake_start(&f, answers, COUNT(answers));
	m = milter_for(&f, PATIENT);
	assert_int_equal(visit(m, &a, &changes).is, MILTER_ACCEPT);
	assert_int_equal(changes.n, EDITS_MAX);
	assert_int_equal(changes.refused, 10);
	milter_free(m);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_visit),
		cmocka_unit_test(test_what_it_does_not_want_is_not_sent),
		cmocka_unit_test(test_who_the_client_is),
		cmocka_unit_test(test_messages_share_the_connection),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_how_long_a_verdict_holds),
		cmocka_unit_test(test_a_refused_helo_may_be_tried_again),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_without_leading_space_we_put_it),
		cmocka_unit_test(test_edits_have_a_limit),
	};

	signal(SIGPIPE, SIG_IGN); /* as proc_begin() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
