#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "mail/outcome.h"
#include "mail/reply.h"

static void both_forms(void **state)
{
	static const struct {
		struct reply r;
		const char *wire, *log;
		bool ok;
	} t[] = {
		{ { 250, "2.1.5", STR_INIT("ok") }, "250 2.1.5 ok\r\n", "250 ok", true },
		{ { 354, "", STR_INIT("go ahead") }, "354 go ahead\r\n", "354 go ahead", true },
		{ { 550, NULL, STR_INIT("5.1.1 sorry") }, "550 5.1.1 sorry\r\n", "550 5.1.1 sorry", false },
		{ { 451, "4.3.0", STR_INIT("a\r\n250 ok") }, "451 4.3.0 a  250 ok\r\n", "451 a  250 ok", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		reply_wire(&b, &t[i].r);
		assert_string_equal(buf_z(&b), t[i].wire);
		buf_reset(&b);
		reply_log(&b, &t[i].r);
		assert_string_equal(buf_z(&b), t[i].log);
		assert_int_equal(reply_ok(&t[i].r), t[i].ok);
	}
}

static void outcomes(void **state)
{
	static const char *const t[] = { "success", "failure", "deferral" };
	enum outcome_kind k;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_true(outcome_of(str_of(t[i]), &k));
		assert_true(str_eqz(outcome_word(k), t[i]));
	}
	assert_false(outcome_of(STR("Success"), &k));
	assert_false(outcome_of(STR(""), &k));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(both_forms), cmocka_unit_test(outcomes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
