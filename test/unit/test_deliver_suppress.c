/* Which reports put an address on its sender's list, and which never do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "deliver/schedule_inside.h"

static void only_the_address_itself_counts(void **state)
{
	static const struct {
		const char *report;
		bool bad;
	} t[] = {
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 <bob@far.test>: user unknown",
		  true },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 whatever", true },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.6 moved", true },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 No such user here", true },
		{ "Sorry, no mailbox here by that name. (#5.1.1)", true },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 5.7.1 refused by policy", false },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 552 5.2.2 mailbox full", false },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 554 5.7.1 spam message rejected", false },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.8 sender address rejected", false },
		{ "192.0.2.1 failed after I sent the message.\nRemote host said: 554 5.6.0 bad content", false },
		{ "192.0.2.1 does not like recipient.\nRemote host said: 550 version 15.1.1 here", false },
		{ "deleted by the postmaster", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (suppress_is_bad(str_of(t[i].report)) != t[i].bad)
			fail_msg("%s", t[i].report);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(only_the_address_itself_counts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
