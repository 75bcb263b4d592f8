/* What a program's end means (qmail-command), and what is kept of its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "deliver/pipe_run.h"

#define EXIT(code) ((code) << 8)

static const struct {
	int status;
	const char *said;
	enum outcome_kind kind;
	const char *report;
} ends[] = {
	{ EXIT(0), "", OUTCOME_SUCCESS, "did 0+0+1" },
	{ EXIT(0), " ticket 7\n\n", OUTCOME_SUCCESS, "ticket 7\ndid 0+0+1" },
	{ EXIT(99), "", OUTCOME_SUCCESS, "did 0+0+1" },
	{ EXIT(100), "no\nsuch", OUTCOME_FAILURE, "no\nsuch\nThe program x ended with status 100. (#5.3.0)" },
	{ EXIT(64), "", OUTCOME_FAILURE, "The program x ended with status 64. (#5.3.0)" },
	{ EXIT(65), "", OUTCOME_FAILURE, "The program x ended with status 65. (#5.3.0)" },
	{ EXIT(70), "", OUTCOME_FAILURE, "The program x ended with status 70. (#5.3.0)" },
	{ EXIT(76), "", OUTCOME_FAILURE, "The program x ended with status 76. (#5.3.0)" },
	{ EXIT(77), "", OUTCOME_FAILURE, "The program x ended with status 77. (#5.3.0)" },
	{ EXIT(78), "", OUTCOME_FAILURE, "The program x ended with status 78. (#5.3.0)" },
	{ EXIT(112), "", OUTCOME_FAILURE, "The program x ended with status 112. (#5.3.0)" },
	{ EXIT(111), "later", OUTCOME_DEFERRAL, "later\nThe program x ended with status 111. (#4.3.0)" },
	{ EXIT(1), "", OUTCOME_DEFERRAL, "The program x ended with status 1. (#4.3.0)" },
	{ EXIT(75), "", OUTCOME_DEFERRAL, "The program x ended with status 75. (#4.3.0)" },
	{ EXIT(255), "\033[2J\r\n\tok", OUTCOME_DEFERRAL,
	  "?[2J?\n\tok\nThe program x ended with status 255. (#4.3.0)" },
	{ 9, "", OUTCOME_DEFERRAL, "The program x was ended by signal 9. (#4.3.0)" },
	{ 11, "oh", OUTCOME_DEFERRAL, "oh\nThe program x was ended by signal 11. (#4.3.0)" },
};

static void every_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		ARENA(a);
		struct outcome out = run_outcome(ends[i].status, STR("x"), str_of(ends[i].said), &a);

		if (out.kind != ends[i].kind || !str_eqz(out.report, ends[i].report))
			fail_msg("row %zu: %.*s", i, STR_ARG(out.report));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_end) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
