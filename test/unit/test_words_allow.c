/* Which refusals an allowed sender lifts, and under which domains everybody has an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "words/words.h"

/* Two columns that must agree: an allowed sender lifts just those refusals of which we say that the list helps. */
static void test_what_an_allowed_sender_lifts(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const struct reason_row *r = reason_row((enum reason)i);
		bool said = strstr(r->word.passes, "sender-whitelist-entry") != NULL ||
			    strstr(r->word.passes, "a whitelist entry that holds") != NULL;

		if (r->lifts != said)
			fail_msg("%s: %s", r->code, r->word.passes);
	}
	assert_true(reason_row(REASON_RDNS_MISSING)->lifts && reason_row(REASON_GRAYLISTED)->lifts);
	assert_false(reason_row(REASON_RELAYING)->lifts || reason_row(REASON_INVALID_RECIPIENT)->lifts ||
		     reason_row(REASON_MILTER)->lifts);
}

static void test_domains_of_everybody(void **state)
{
	(void)state;
	assert_true(freemail_has(STR("gmail.com")) && freemail_has(STR("web.de")));
	assert_false(freemail_has(STR("example.com")) || freemail_has(STR("")) || freemail_has(STR("mail.gmail.com")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_allowed_sender_lifts),
		cmocka_unit_test(test_domains_of_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
