/* Does an address fit what was asked for? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/select.h"

static void an_address_fits_or_does_not(void **state)
{
	static const struct {
		const char *value, *text, *domain;
		bool fits;
	} t[] = {
		{ "bob@x.example", "bob@x.example", "", true },
		{ "bob@x.example", "BOB@x.example", "", true },
		{ "bob@x.example", "rob@x.example", "", false },
		{ "bob@x.example", "bob@x.example.net", "", false },
		{ "x.example", "bob@x.example", "", true }, /* a part */
		{ "b*@x.example", "Bob@x.example", "", true },
		{ "b*@x.example", "rob@x.example", "", false },
		{ "*", "bob@x.example", "", true },
		{ "<>", "", "", true },
		{ "<>", "bob@x.example", "", false },
		{ "bob@x.example", "", "", false },
		{ "user unknown", "user_unknown@x.example", "", true }, /* spaces may stand there as `_` */
		{ "_ob@x.example", "_ob@x.example", "", true },
		/* who forwards by SRS stands for the sender, but not for one who sees only his own mail */
		{ "bob@x.example", "SRS0=HHHHHHHH=TT=x.example=bob@y.example", "", true },
		{ "bob@x.example", "srs0=HHHHHHHH=TT=x.example=bob@y.example", "", true },
		{ "rob@x.example", "srs0=HHHHHHHH=TT=x.example=bob@y.example", "", false },
		{ "bob@x.example", "srs0=HHHHHHHH=TT=x.example=bob@y.example", "y.example", false },
		{ "bob@x.example", "bob@x.example", "x.example", true },
		{ "bob@x.example", "bob@x.example", "y.example", true }, /* masked there, and so is the question: */
		{ "bab@x.example", "bob@x.example", "y.example", true },
		{ "rob@x.example", "bob@x.example", "y.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct filter f = { .kind = FILTER_FROM, .value = str_of(t[i].value) };
		struct scope sc = { .domain = str_of(t[i].domain) };
		struct err e = { 0 };
		ARENA(mem);

		assert_int_equal(filter_understand(&f, &mem, &e), 0);
		if (select_address(&f, &sc, str_of(t[i].text)) != t[i].fits)
			fail_msg("%s, %s, %s", t[i].value, t[i].text, t[i].domain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_fits_or_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
