/* What went wrong is never left without a word on who does what, be it "Nothing.". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "words/words.h"

static void check_help(const struct word *w, const char *what)
{
	if (strlen(w->meaning) < 20)
		fail_msg("%s: no meaning", what);
	if (w->advice[0] == '\0')
		fail_msg("%s: no advice", what);
	if (w->final == FINAL_YES && w->who == WHO_NOBODY && strcmp(w->advice, "Nothing.") == 0)
		fail_msg("%s: a final no that nobody can mend", what);
}

static void every_refusal_of_the_gate(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++)
		if (reason_row((enum reason)i)->reply >= 400)
			check_help(&reason_row((enum reason)i)->word, reason_row((enum reason)i)->code);
}

static void every_refusal_of_the_recipient_check(void **state)
{
	(void)state;
	for (int i = 0; i < CHECK_COUNT; i++)
		if (check_row((enum check)i)->reply >= 400)
			check_help(&check_row((enum check)i)->word, check_row((enum check)i)->description);
}

static void every_report_but_success(void **state)
{
	(void)state;
	for (size_t i = 0; report_at(i) != NULL; i++)
		if (report_at(i)->outcome[0] != '\0' && strcmp(report_at(i)->outcome, "success") != 0)
			check_help(&report_at(i)->word, report_at(i)->pattern);
}

static void every_way_to_leave(void **state)
{
	(void)state;
	for (size_t i = 0; end_at(i) != NULL; i++)
		check_help(&end_at(i)->word, end_at(i)->text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_of_the_gate),
		cmocka_unit_test(every_refusal_of_the_recipient_check),
		cmocka_unit_test(every_report_but_success),
		cmocka_unit_test(every_way_to_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
