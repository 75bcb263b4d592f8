/* Every spelling of an address in a name: spamdyke's of IPv4 (its README lists them), ours of IPv6. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "gate/ip_spelling.h"

#define V6 "2001:db8:0:1::7"

static const struct {
	const char *ip, *name;
	bool in;
} names[] = {
	/* clang-format off */
	{ "11.22.33.44", "11.22.33.44.example.com", true },
	{ "11.22.33.44", "host-11-22-33-44.example.com", true },
	{ "11.22.33.44", "11x22x33x44.example.com", true },
	{ "11.22.33.44", "011.022.033.044.example.com", true },
	{ "11.22.33.44", "11.022.033.044.example.com", true },
	{ "11.22.33.44", "11.22.033.044.example.com", true },
	{ "11.22.33.44", "11.22.33.044.example.com", true },
	{ "11.22.33.44", "44.33.22.11.example.com", true },
	{ "11.22.33.44", "44.33.22.011.example.com", true },
	{ "11.22.33.44", "44.33.022.011.example.com", true },
	{ "11.22.33.44", "44.033.022.011.example.com", true },
	{ "11.22.33.44", "044.033.022.011.example.com", true },
	{ "11.22.33.44", "44.11.22.33.example.com", true },
	{ "11.22.33.44", "33.22.11.44.example.com", true },
	{ "11.22.33.44", "44.33.1122.example.com", true },
	{ "11.22.33.44", "3344.11.22.example.com", true },
	{ "11.22.33.44", "11.22.8492.example.com", true },
	{ "11.22.33.44", "11223344.example.com", true },
	{ "11.22.33.44", "11.22.3344.example.com", true },
	{ "11.22.33.44", "11.223344.example.com", true },
	{ "11.22.33.44", "011022033044.example.com", true },
	{ "11.22.33.44", "11022033044.example.com", true },
	{ "11.22.33.44", "1122033044.example.com", true },
	{ "11.22.33.44", "112233044.example.com", true },
	{ "11.22.33.44", "44332211.example.com", true },
	{ "11.22.33.44", "044033022011.example.com", true },
	{ "11.22.33.44", "185999660.example.com", true },
	{ "85.135.72.234", "3930621781.example.com", true },
	{ "11.22.33.44", "0b16212c.example.com", true },
	{ "11.22.33.44", "mail.example.com", false },
	{ "11.22.33.44", "11.22.33.45.example.com", false },
	{ "1.2.3.4", "1.2.3.45.example.com", false },
	{ "1.2.3.4", "11.2.3.4.example.com", false },
	{ "11.22.33.44", "11.22.33.example.com", false },
	{ "11.22.33.44", "", false },
	{ "nonsense", "nonsense.example.com", false },

	{ V6, "2001-0db8-0000-0001-0000-0000-0000-0007.example.com", true },
	{ V6, "host-2001-db8-0-1-0-0-0-7.example.com", true },
	{ V6, "2001-db8-0-1--7.example.com", true },
	{ V6, "20010db8000000010000000000000007.example.com", true },
	{ V6, "7-0-0-0-1-0-db8-2001.example.com", true },
	{ V6, "0007.0000.0000.0000.0001.0000.0db8.2001.example.com", true },
	{ V6, "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.example.com", true },
	{ V6, "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.example.com", true },
	{ V6, "7000000000000000100000008bd01002.example.com", true },
	{ V6, "2001-db8-0-1--8.example.com", false },
	{ V6, "mail.example.com", false },
	{ "::1", "x-1.example.com", false },
	/* clang-format on */
};

static void spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (ip_in_name(str_of(names[i].ip), str_of(names[i].name)) != names[i].in)
			fail_msg("%s in %s", names[i].ip, names[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(spellings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
