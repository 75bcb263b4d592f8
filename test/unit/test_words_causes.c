/* Causes and the phrases that lead to them: every row speaks, and none hides behind another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "words/words.h"

static void check_word(const struct word *w, const char *name)
{
	size_t n = strlen(w->meaning);

	if (n == 0 || w->meaning[n - 1] != '.')
		fail_msg("%s: the meaning is no sentence", name);
	n = strlen(w->advice);
	if (n > 0 ? w->advice[n - 1] != '.' : w->who != WHO_NOBODY)
		fail_msg("%s: the advice is no sentence", name);
}

static void test_hints_are_sentences(void **state)
{
	const struct hint_row *h;
	size_t idle = 0;

	(void)state;
	for (size_t i = 0; (h = hint_at(i)) != NULL; i++) {
		check_word(hint_word(h), h->pattern);
		for (const char *p = h->pattern; *p != '\0'; p++)
			assert_true(*p == ascii_lower(*p));
	}
	for (size_t i = 0; (h = hint_at(i)) != NULL; i++) { /* no row hides behind another one */
		const struct hint_row *found = hint_match(str_of(h->pattern));

		if (found != h)
			print_error("%s: idle because of %s\n", h->pattern, found != NULL ? found->pattern : "a code");
		idle += found != h;
	}
	assert_int_equal(idle, 0);
	assert_string_equal(hint_match(STR("Greylisted for 300 s"))->pattern, "greylist");
	assert_string_equal(hint_match(STR("550-5.1.1 Der <a@b>  550 user\r\n\tunknown"))->pattern, "user unknown");
	assert_null(hint_match(STR("spamuser@spam.example")));
	assert_null(hint_match(STR("ok")));
}

static void test_causes_have_names_and_codes(void **state)
{
	static const struct {
		const char *code;
		enum cause_id cause;
	} t[] = {
		{ "5.1.1", CAUSE_NO_MAILBOX },      { "4.2.2", CAUSE_FULL }, { "5.7.999", CAUSE_POLICY },
		{ "5.7.26", CAUSE_AUTHENTICATION }, { "552", CAUSE_FULL },   { "550", CAUSE_UNKNOWN },
		{ "5.0.0", CAUSE_UNKNOWN },         { "", CAUSE_UNKNOWN },   { "x.1.1", CAUSE_UNKNOWN },
	};

	(void)state;
	for (int i = 0; i < CAUSE_COUNT; i++) {
		check_word(&cause_row((enum cause_id)i)->word, cause_row((enum cause_id)i)->name);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(cause_row((enum cause_id)i)->name, cause_row((enum cause_id)k)->name);
	}
	for (size_t i = 0; i < COUNT(t); i++)
		if (cause_by_status(str_of(t[i].code)) != t[i].cause)
			fail_msg("%s", t[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hints_are_sentences),
		cmocka_unit_test(test_causes_have_names_and_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
