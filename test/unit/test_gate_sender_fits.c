/* Senders that an owner may allow, and those of which he is asked twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "gate/sender_fits.h"

static void who_may_be_allowed(void **state)
{
	static const struct {
		const char *sender;
		int rc;
		const char *said; /* of -1 the reason, of 0 what is asked; NULL: nothing */
	} t[] = {
		{ "ann@far.example", 0, NULL },
		{ "ann@gmail.com", 0, NULL },
		{ "@far.example", 0, NULL },
		{ "@mail.far.example", 0, NULL },
		{ "@gmail.com", 0, "anybody" },
		{ "@com", -1, "everybody has his own domain" },
		{ "@co.uk", -1, "everybody has his own domain" },
		{ "@github.io", -1, "everybody has his own domain" },
		{ "@localhost", -1, "everybody has his own domain" },
		{ "@example.co.uk", 0, NULL },
		{ "@", -1, "not a domain name" },
		{ "@[192.0.2.1]", -1, "not a domain name" },
		{ "@*", -1, "not a domain name" },
		{ "*", -1, "not an address" },
		{ "far.example", -1, "not an address" },
		{ "", -1, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		const char *asks = NULL;
		struct err e = { 0 };
		int rc = sender_fits(str_of(t[i].sender), &asks, &e);
		const char *said = rc < 0 ? e.text : asks;

		if (rc != t[i].rc || (said == NULL) != (t[i].said == NULL) ||
		    (said != NULL && strstr(said, t[i].said) == NULL))
			fail_msg("%s: %d %s", t[i].sender, rc, said == NULL ? "" : said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_be_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
