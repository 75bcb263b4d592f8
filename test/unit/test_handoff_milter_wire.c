/* Packets of the milter protocol: what is read, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "handoff/milter.h"
#include "handoff/milter_wire.h"

static void test_lengths_of_packets(void **state)
{
	static const struct {
		struct str in;
		int rc;
		size_t used;
	} t[] = {
		{ STR_INIT(""), 0, 0 },
		{ STR_INIT("\0\0\0"), 0, 0 },
		{ STR_INIT("\0\0\0\1"), 0, 0 },
		{ STR_INIT("\0\0\0\1c"), 1, 5 },
		{ STR_INIT("\0\0\0\1cc"), 1, 5 },
		{ STR_INIT("\0\0\0\0"), -1, 0 },
		{ STR_INIT("\0\1\0\0"), 0, 0 },
		{ STR_INIT("\0\1\0\1"), -1, 0 },
		{ STR_INIT("\377\377\377\377"), -1, 0 },
		{ STR_INIT("HTTP/1.1 400"), -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str packet;
		size_t used;

		assert_int_equal(milter_packet(t[i].in, &packet, &used), t[i].rc);
		if (t[i].rc == 1)
			assert_int_equal(used, t[i].used);
	}
}

static void test_replies(void **state)
{
	static const struct {
		struct str in;
		int is; /* -1: refused */
		const char *why;
		uint32_t at;
		const char *name, *value, *text;
	} t[] = {
		{ STR_INIT("c"), MILTER_IS_CONTINUE, NULL, 0, "", "", "" },
		{ STR_INIT("p"), MILTER_IS_PROGRESS, NULL, 0, "", "", "" },
		{ STR_INIT("y550 no\0"), MILTER_IS_REPLYCODE, NULL, 0, "", "", "550 no" },
		{ STR_INIT("hX-A\0 v\0"), MILTER_IS_ADD_HEADER, NULL, 0, "X-A", " v", "" },
		{ STR_INIT("h\0\0"), MILTER_IS_ADD_HEADER, NULL, 0, "", "", "" },
		{ STR_INIT("i\0\0\1\2X-A\0v\0"), MILTER_IS_INSERT_HEADER, NULL, 258, "X-A", "v", "" },
		{ STR_INIT("m\0\0\0\1X-A\0\0"), MILTER_IS_CHANGE_HEADER, NULL, 1, "X-A", "", "" },
		{ STR_INIT("qwhy\0"), MILTER_IS_QUARANTINE, NULL, 0, "", "", "why" },
		{ STR_INIT("cc"), -1, "more than its kind has", 0, 0, 0, 0 },
		{ STR_INIT("y550 no"), -1, "a string without its end", 0, 0, 0, 0 },
		{ STR_INIT("y550 no\0x"), -1, "more than its kind has", 0, 0, 0, 0 },
		{ STR_INIT("hX-A\0v"), -1, "a string without its end", 0, 0, 0, 0 },
		{ STR_INIT("i\0\0\1"), -1, "a number is cut short", 0, 0, 0, 0 },
		{ STR_INIT("bnew body"), -1, "a change that was not offered", 0, 0, 0, 0 },
		{ STR_INIT("+<a@b>\0"), -1, "a change that was not offered", 0, 0, 0, 0 },
		{ STR_INIT("x"), -1, "an answer of an unknown kind", 0, 0, 0, 0 },
		{ STR_INIT(""), -1, "an answer of an unknown kind", 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct milter_reply r;
		const char *why;

		assert_int_equal(milter_reply_read(t[i].in, &r, &why), t[i].is < 0 ? -1 : 0);
		if (t[i].is < 0) {
			assert_string_equal(why, t[i].why);
			continue;
		}
		assert_int_equal(r.is, t[i].is);
		assert_int_equal(r.at, t[i].at);
		assert_true(str_eqz(r.name, t[i].name) && str_eqz(r.value, t[i].value) && str_eqz(r.text, t[i].text));
	}
}

static void test_reply_codes(void **state)
{
	static const struct {
		const char *in;
		int code; /* 0: refused */
		const char *enhanced, *text;
	} t[] = {
		{ "550 5.7.1 no such luck", 550, "5.7.1", "no such luck" },
		{ "451 4.7.1 later", 451, "4.7.1", "later" },
		{ "550 no", 550, "", "no" },
		{ "550 5.7.1", 550, "5.7.1", "" },
		{ "550", 550, "", "" },
		{ "550 4.7.1 of another class", 550, "", "4.7.1 of another class" },
		{ "550 5.7.1000 x", 550, "", "5.7.1000 x" },
		{ "550 5..1 x", 550, "", "5..1 x" },
		{ "550 100%% sure", 550, "", "100% sure" },
		{ "550 100% sure", 550, "", "100% sure" },
		{ "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three", 550, "5.7.1", "one two three" },
		{ "550-one\n550 two\n", 550, "", "one two" },
		{ "550 a\033[1mb\xff", 550, "", "a?[1mb?" },
		{ "550-one\r\n250 two", 0, "", "" },
		{ "550 one\r\nMAIL FROM:<>", 0, "", "" },
		{ "250 ok", 0, "", "" },
		{ "600 x", 0, "", "" },
		{ "55", 0, "", "" },
		{ "5500 x", 0, "", "" },
		{ "", 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct reply r;
		ARENA(a);

		assert_int_equal(milter_reply_code(str_of(t[i].in), &a, &r), t[i].code == 0 ? -1 : 0);
		if (t[i].code == 0)
			continue;
		assert_int_equal(r.code, t[i].code);
		assert_string_equal(r.enhanced, t[i].enhanced);
		assert_true(str_eqz(r.text, t[i].text));
	}
}

static void test_a_long_reply_is_cut(void **state)
{
	struct reply r;
	ARENA(a);
	BUF(text);

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "550-5.7.1 words and words\r\n");
	assert_int_equal(milter_reply_code(buf_str(&text), &a, &r), 0);
	assert_int_equal(r.text.n, MILTER_TEXT_MAX);
}

static void test_deals(void **state)
{
	static const struct {
		struct str in;
		const char *why;
		const char *connect, *end;
	} t[] = {
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x10\0\0"), NULL, NULL, NULL },
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x10\0\0\0\0\0\0j {client_addr}\0\0\0\0\5i\0"), NULL,
		  "j {client_addr}", "i" },
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x10\0\0\0\0\0\0\0"), NULL, "", NULL },
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x10\0\0\0\0\0\7j\0"), "macros of an unknown stage", NULL, NULL },
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x10\0\0\0\0\0\0j"), "a string without its end", NULL, NULL },
		{ STR_INIT("O\0\0\0\6\0\0\1\x31\0\x10\0"), "a number is cut short", NULL, NULL },
		{ STR_INIT("c"), "no answer to the negotiation", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct milter_deal d;
		const char *why;

		assert_int_equal(milter_deal_read(t[i].in, &d, &why), t[i].why == NULL ? 0 : -1);
		if (t[i].why != NULL) {
			assert_string_equal(why, t[i].why);
			continue;
		}
		assert_int_equal(d.version, 6);
		assert_int_equal(d.actions, MILTER_ACTIONS);
		assert_int_equal(d.steps, MILTER_LEADING_SPACE);
		assert_true((d.macros[0].p == NULL) == (t[i].connect == NULL));
		assert_true(t[i].connect == NULL || str_eqz(d.macros[0], t[i].connect));
		assert_true(t[i].end == NULL || str_eqz(d.macros[5], t[i].end));
	}
}

static void test_what_is_written_cannot_be_more_than_one_string(void **state)
{
	BUF(b);

	(void)state;
	milter_z(&b, STR("a\0b\r\nc\x7f\xff"));
	assert_true(str_eq(buf_str(&b), STR("a?b??c?\xff\0")));
	buf_reset(&b);
	milter_value(&b, STR(" a\0b;\r\n\tc\rd"));
	assert_true(str_eq(buf_str(&b), STR(" a?b;\n\tc\rd\0")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths_of_packets),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_reply_codes),
		cmocka_unit_test(test_a_long_reply_is_cut),
		cmocka_unit_test(test_deals),
		cmocka_unit_test(test_what_is_written_cannot_be_more_than_one_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
