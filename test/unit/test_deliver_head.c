/* What stands in front of a message on its way into a mailbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "deliver/head.h"

static void an_address_stays_in_its_line(void **state)
{
	static const struct {
		struct str in;
		const char *out;
	} t[] = {
		{ STR_INIT(""), "" },
		{ STR_INIT("bob@example.org"), "bob@example.org" },
		{ STR_INIT("\"a b\"@example.org"), "\"a b\"@example.org" },
		{ STR_INIT("bob\r\nBcc: eve@example.org"), "bob__Bcc: eve@example.org" },
		{ STR_INIT("a\0b\tc\x7f"), "a_b_c_" },
		{ STR_INIT("\xc3\xbc@example.org"), "\xc3\xbc@example.org" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		head_put_address(&b, t[i].in);
		assert_true(str_eqz(buf_str(&b), t[i].out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_address_stays_in_its_line) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
