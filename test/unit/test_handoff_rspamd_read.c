/* rspamd's answers: what is read out of them, and what a hostile message cannot do by way of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "handoff/rspamd.h"

#define SAYS(rest) "{\"action\":\"no action\",\"score\":1,\"required_score\":15" rest "}"

static void test_a_whole_answer(void **state)
{
	static const char json[] =
	    "{\"is_skipped\":false,\"score\":7.25,\"required_score\":15.0,\"action\":\"add "
	    "header\",\"thresholds\":{\"reject\":15},"
	    "\"symbols\":{\"A\":{\"name\":\"A\",\"score\":0.5,\"options\":[\"x\"]},\"B\":{\"score\":-3},\"C\":{"
	    "\"score\":6.5}},"
	    "\"messages\":{\"smtp_message\":\"Try again\\nlater\"},\"subject\":\"*** SPAM *** hi\","
	    "\"milter\":{\"add_headers\":{\"X-Spam\":{\"value\":\"Yes\",\"order\":0},\"X-Plain\":\"v\","
	    "\"X-Many\":[\"1\",{\"value\":\"2;\\n\\tfolded\",\"order\":1},{\"value\":\"3\",\"order\":-1}]},"
	    "\"remove_headers\":{\"X-Spam\":0,\"X-Old\":[1,-1]}},"
	    "\"dkim-signature\":[\"v=1; a=rsa-sha256;\\r\\n\\tb=AA\",\"v=1; b=BB\"]}";
	static const struct {
		enum edit_kind kind;
		int32_t at;
		const char *name, *value;
	} t[] = {
		{ EDIT_DELETE, 0, "X-Spam", "" },
		{ EDIT_DELETE, 1, "X-Old", "" },
		{ EDIT_DELETE, -1, "X-Old", "" },
		{ EDIT_INSERT, 0, "X-Spam", " Yes" },
		{ EDIT_ADD, 0, "X-Plain", " v" },
		{ EDIT_ADD, 0, "X-Many", " 1" },
		{ EDIT_INSERT, 1, "X-Many", " 2;\r\n\tfolded" },
		{ EDIT_ADD, 0, "X-Many", " 3" },
		{ EDIT_INSERT, 1, "DKIM-Signature", " v=1; a=rsa-sha256;\r\n\tb=AA" },
		{ EDIT_INSERT, 1, "DKIM-Signature", " v=1; b=BB" },
	};
	struct rspamd_answer x;
	struct err e;
	ARENA(a);

	(void)state;
	assert_int_equal(rspamd_read(str_of(json), &a, &x, &e), 0);
	assert_int_equal(x.action, RSPAMD_ADD_HEADER);
	assert_true(x.score == 7.25 && x.required == 15 && !x.skipped);
	assert_int_equal(x.nsymbols, 3);
	assert_int_equal(x.ntop, 3);
	assert_true(str_eqz(x.top[0].name, "C") && str_eqz(x.top[1].name, "B") && str_eqz(x.top[2].name, "A"));
	assert_true(str_eqz(x.message, "Try again?later"));
	assert_true(str_eqz(x.subject, " *** SPAM *** hi"));
	assert_int_equal(x.refused, 0);
	assert_int_equal(x.nedits, COUNT(t));
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(x.edits[i].kind, t[i].kind);
		assert_int_equal(x.edits[i].at, t[i].at);
		assert_true(str_eqz(x.edits[i].name, t[i].name) && str_eqz(x.edits[i].value, t[i].value));
	}
}

static void test_actions(void **state)
{
	static const struct {
		const char *said;
		enum rspamd_action is;
		const char *text;
	} t[] = {
		{ "no action", RSPAMD_NO_ACTION, "no action" },
		{ "greylist", RSPAMD_GREYLIST, "greylist" },
		{ "add header", RSPAMD_ADD_HEADER, "add header" },
		{ "rewrite subject", RSPAMD_REWRITE_SUBJECT, "rewrite subject" },
		{ "soft reject", RSPAMD_SOFT_REJECT, "soft reject" },
		{ "reject", RSPAMD_REJECT, "reject" },
		{ "quarantine", RSPAMD_QUARANTINE, "quarantine" },
		{ "discard", RSPAMD_DISCARD, "discard" },
		{ "custom\\u001bthing", RSPAMD_OTHER, "custom?thing" },
		{ "", RSPAMD_OTHER, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rspamd_answer x;
		struct err e;
		ARENA(a);
		BUF(json);

		buf_fmt(&json, "{\"score\":0,\"action\":\"%s\"}", t[i].said);
		assert_int_equal(rspamd_read(buf_str(&json), &a, &x, &e), 0);
		assert_int_equal(x.action, t[i].is);
		assert_true(str_eqz(x.action_text, t[i].text));
		if (x.action != RSPAMD_OTHER)
			assert_string_equal(rspamd_action_name(x.action), t[i].said);
	}
}

static void test_what_is_no_answer(void **state)
{
	static const struct {
		struct str json;
		const char *why;
	} t[] = {
		{ STR_INIT(""), "the answer is no JSON object" },
		{ STR_INIT("<html>no</html>"), "the answer is no JSON object" },
		{ STR_INIT("[]"), "the answer is no JSON object" },
		{ STR_INIT("{\"action\":\"reject\",\"score\":1"), "the answer is no JSON object" },
		{ STR_INIT("{\"action\":\"reject\",\"score\":1}}"), "the answer is no JSON object" },
		{ STR_INIT("{\"action\":\"reject\",\"action\":\"no action\",\"score\":1}"),
		  "the answer is no JSON object" },
		{ STR_INIT("{\"action\":\"reject\",\"score\":1e999}"), "the answer is no JSON object" },
		{ STR_INIT("{}"), "the answer has no action or no score" },
		{ STR_INIT("{\"action\":1,\"score\":1}"), "the answer has no action or no score" },
		{ STR_INIT("{\"action\":\"reject\",\"score\":\"1\"}"), "the answer has no action or no score" },
		{ STR_INIT("{\"error\":\"bad\\npassword\"}"), "rspamd says: bad?password" },
		{ STR_INIT("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), "an answer with more than 16 levels" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rspamd_answer x;
		struct err e;
		ARENA(a);

		assert_int_equal(rspamd_read(t[i].json, &a, &x, &e), -1);
		assert_string_equal(e.text, t[i].why);
	}
}

/* What a sender can bring into the answer must not make it unreadable: that would be a way around the filter. */
static void test_a_message_cannot_spoil_its_verdict(void **state)
{
	static const struct str t[] = {
		STR_INIT(SAYS(",\"symbols\":{\"X\":{\"score\":1,\"options\":[\"\xff\xfe\x80\"]}}")),
		STR_INIT(SAYS(",\"symbols\":{\"X\":{\"score\":1,\"options\":[\"a\\u0000b\"]}}")),
		STR_INIT(SAYS(",\"symbols\":{\"X\":{\"score\":1,\"options\":[\"[[[[[[[[[[[[[[[[[[[[[{{{\\\"[[[\"]}}")),
		STR_INIT(SAYS(",\"symbols\":{\"X\":{\"score\":1}},\"emails\":[\"\xc0\xaf\",\"\xed\xa0\x80\"]")),
		STR_INIT(SAYS(",\"symbols\":{\"X\":{\"score\":1}},\"messages\":5,\"milter\":[1],\"subject\":{},\"dkim-"
			      "signature\":7")),
		STR_INIT(
		    SAYS(",\"symbols\":{\"X\":\"no object\"},\"milter\":{\"add_headers\":5,\"remove_headers\":\"x\"}")),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rspamd_answer x;
		struct err e;
		ARENA(a);

		if (rspamd_read(t[i], &a, &x, &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		assert_true(x.nsymbols == 1 && str_eqz(x.top[0].name, "X"));
	}
}

static void test_edits_that_are_refused(void **state)
{
	static const struct {
		const char *json, *why;
	} t[] = {
		{ SAYS(",\"milter\":{\"add_headers\":{\"X\":\"v\\r\\nBcc: x@example.org\"}}"),
		  "a field's value has a line end that is no fold" },
		{ SAYS(",\"milter\":{\"add_headers\":{\"X: v\\r\\nY\":\"v\"}}"),
		  "a field's name has a byte that no name has" },
		{ SAYS(",\"milter\":{\"add_headers\":{\"X\":\"v\\u0000w\"}}"),
		  "a field's value has a control character" },
		{ SAYS(",\"milter\":{\"add_headers\":{\"X\":5}}"), "a field whose value is no text" },
		{ SAYS(",\"milter\":{\"add_headers\":{\"X\":{\"order\":1}}}"), "a field whose value is no text" },
		{ SAYS(",\"milter\":{\"remove_headers\":{\"X\":\"1\"}}"),
		  "a field to remove whose place is no number" },
		{ SAYS(",\"subject\":\"a\\nb\""), "a field's value has a line end that is no fold" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rspamd_answer x;
		struct err e;
		ARENA(a);

		assert_int_equal(rspamd_read(str_of(t[i].json), &a, &x, &e), 0);
		assert_int_equal(x.nedits, 0);
		assert_int_equal(x.subject.n, 0);
		assert_int_equal(x.refused, 1);
		assert_string_equal(x.why, t[i].why);
	}
}

static void test_limits(void **state)
{
	struct rspamd_answer x;
	struct err e;
	ARENA(a);
	BUF(json);

	(void)state;
	buf_adds(&json, "{\"action\":\"reject\",\"score\":1,\"symbols\":{");
	for (int i = 0; i < 100; i++)
		buf_fmt(&json, "%s\"S%d %0*d\":{\"score\":%s%d}", i > 0 ? "," : "", i, 200, 0, i % 2 ? "-" : "", i);
	buf_adds(&json, "},\"milter\":{\"add_headers\":{\"X\":[\"v\"");
	for (int i = 0; i < 1000; i++)
		buf_adds(&json, ",\"v\"");
	buf_adds(&json, "]}}}");
	assert_int_equal(rspamd_read(buf_str(&json), &a, &x, &e), 0);
	assert_int_equal(x.nsymbols, 100);
	assert_int_equal(x.ntop, RSPAMD_SYMBOLS_MAX);
	assert_true(x.top[0].score == -99 && x.top[9].score == 90);
	assert_true(str_starts(x.top[0].name, STR("S99?000")) && x.top[0].name.n == 64);
	assert_int_equal(x.nedits, EDITS_MAX);
	assert_int_equal(x.refused, 1001 - EDITS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_answer),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_a_message_cannot_spoil_its_verdict),
		cmocka_unit_test(test_edits_that_are_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
