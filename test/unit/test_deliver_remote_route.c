/* The smart host's name, and addresses that need no DNS (test/story/test_remote.py has what DNS leads to). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "base/clock.h"
#include "deliver/remote_route.h"

static void what_names_a_smart_host(void **state)
{
	static const struct {
		const char *in, *name; /* NULL: it is none */
		uint16_t port;
	} t[] = {
		{ "mail.example.net", "mail.example.net", 25 },
		{ "mail.example.net:587", "mail.example.net", 587 },
		{ "192.0.2.1", "192.0.2.1", 25 },
		{ "192.0.2.1:2525", "192.0.2.1", 2525 },
		{ "2001:db8::1", "2001:db8::1", 25 },
		{ "[2001:db8::1]", "2001:db8::1", 25 },
		{ "[2001:db8::1]:587", "2001:db8::1", 587 },
		{ "mail.example.net:", NULL, 0 },
		{ "mail.example.net:0", NULL, 0 },
		{ "mail.example.net:65536", NULL, 0 },
		{ "mail.example.net:smtp", NULL, 0 },
		{ "[mail.example.net]:25", NULL, 0 },
		{ "[2001:db8::1]587", NULL, 0 },
		{ "user@mail.example.net", NULL, 0 },
		{ ":25", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str name;
		uint16_t port;
		bool ok = route_host(str_of(t[i].in), 25, &name, &port);

		if (ok != (t[i].name != NULL) || (ok && (!str_eqz(name, t[i].name) || port != t[i].port)))
			fail_msg("%s", t[i].in);
	}
}

static void addresses(void **state)
{
	static const struct route_own own[] = { { STR_INIT("192.0.2.9"), 25 } };
	static const struct {
		const char *host, *rcpt, *ip, *why;
		uint16_t port;
	} t[] = {
		{ "", "bob@[192.0.2.1]", "192.0.2.1", NULL, 25 },
		{ "", "bob@[IPv6:2001:db8::1]", "2001:db8::1", NULL, 25 },
		{ "", "\"a@b\"@[192.0.2.1]", "192.0.2.1", NULL, 25 },
		{ "", "bob@[192.0.2.256]", NULL, "#5.1.2", 0 },
		{ "", "bob@[x]", NULL, "#5.1.2", 0 },
		{ "", "bob@[192.0.2.9]", NULL, "#5.4.6", 0 },
		{ "", "bob", NULL, "#5.1.2", 0 },
		{ "", "bob@", NULL, "#5.1.2", 0 },
		{ "192.0.2.5:587", "bob@anywhere.example", "192.0.2.5", NULL, 587 },
		{ "[2001:db8::5]", "bob@[192.0.2.1]", "2001:db8::5", NULL, 25 },
	};
	struct ipc_client *dns = ipc_client_new("/nonexistent");

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct route_set set = {
			.dns = dns, .host = str_of(t[i].host), .port = 25, .own = own, .nown = 1, .deadline = 100
		};
		ARENA(a);
		struct route r;

		route_find(&set, str_of(t[i].rcpt), &a, &r);
		if (t[i].ip != NULL
			? r.n != 1 || !str_eqz(r.stop[0].ip, t[i].ip) || r.stop[0].port != t[i].port
			: r.n != 0 || r.none.kind != OUTCOME_FAILURE || str_find(r.none.report, str_of(t[i].why)) < 0)
			fail_msg("row %zu: %s: %.*s", i, t[i].rcpt, STR_ARG(r.none.report));
	}
	ipc_client_free(dns);
}

/* That DNS did not answer says nothing about the domain. */
static void without_dns_it_waits(void **state)
{
	struct ipc_client *dns = ipc_client_new("/nonexistent");
	struct route_set set = { .dns = dns, .port = 25, .deadline = 100 };
	ARENA(a);
	struct route r;

	(void)state;
	route_find(&set, STR("bob@far.example"), &a, &r);
	assert_true(r.n == 0 && r.none.kind == OUTCOME_DEFERRAL);
	set.host = STR("mail.example.net");
	route_find(&set, STR("bob@far.example"), &a, &r);
	assert_true(r.n == 0 && r.none.kind == OUTCOME_DEFERRAL);
	ipc_client_free(dns);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_names_a_smart_host),
		cmocka_unit_test(addresses),
		cmocka_unit_test(without_dns_it_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
