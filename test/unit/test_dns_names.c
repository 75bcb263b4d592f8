/* Domain names as text and as bytes: what may be asked, what may come back, reverse names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dns/dns.h"
#include "dns/name.h"

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	bool ok;
} asked[] = {
	{ "example.com", true },
	{ "example.com.", true },
	{ "a", true },
	{ "_25._tcp.mail.example", true },
	{ "bob+x=y.spf.example", true },
	{ LABEL63 ".example", true },
	{ LABEL63 "a.example", false },
	{ LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, false },
	{ "", false },
	{ ".", false },
	{ ".example", false },
	{ "a..b", false },
	{ "a b", true },
	{ "a\\.b", false },
	{ "a\tb", false },
	{ "caf\303\251.example", false },
};

static void what_may_be_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++)
		if (dns_name_ok(str_of(asked[i].name)) != asked[i].ok)
			fail_msg("%s", asked[i].name);
	assert_false(dns_name_ok(STR("a\0b")));
}

static const struct {
	struct str wire;
	const char *text;
	size_t took;
} wires[] = {
	{ STR_INIT("\0"), ".", 1 },
	{ STR_INIT("\4MAIL\7Example\0"), "mail.example", 14 },
	{ STR_INIT("\4mail\0more"), "mail", 6 },
	{ STR_INIT("\3a-_\0"), "a-_", 5 },
	{ STR_INIT(""), "", 0 },
	{ STR_INIT("\4mail"), "", 0 },
	{ STR_INIT("\5mail\0"), "", 0 },
	{ STR_INIT("\3a.b\0"), "", 0 },
	{ STR_INIT("\3a\nb\0"), "", 0 },
	{ STR_INIT("\3a\0b\0"), "", 0 },
	{ STR_INIT("\3a,b\0"), "", 0 },
	{ STR_INIT("\2\303\251\0"), "", 0 },
	{ STR_INIT("\300\014"), "", 0 },
};

static void what_may_come_back(void **state)
{
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(wires); i++) {
		BUF(b);

		assert_int_equal(dns_name_put(&b, wires[i].wire), wires[i].took);
		assert_string_equal(buf_z(&b), wires[i].text);
		assert_true(str_eqz(dns_name_of(wires[i].wire, &a), wires[i].text));
	}
}

static void a_name_of_more_than_255_bytes_is_none(void **state)
{
	char wire[512];
	BUF(b);

	(void)state;
	for (size_t i = 0; i < sizeof(wire); i += 2)
		memcpy(wire + i, "\1a", 2);
	wire[254] = 0;
	assert_int_equal(dns_name_put(&b, str_mem(wire, sizeof(wire))), 255);
	assert_int_equal(b.n, 253);
	buf_reset(&b);
	wire[254] = 1;
	wire[256] = 0;
	assert_int_equal(dns_name_put(&b, str_mem(wire, sizeof(wire))), 0);
	assert_int_equal(b.n, 0);
}

static const struct {
	const char *ip, *name;
} reverse[] = {
	{ "127.0.0.7", "7.0.0.127.in-addr.arpa" },
	{ "::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa" },
	{ "2001:db8::ff", "f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
	{ "127.0.0", "" },
	{ "", "" },
	{ "example.com", "" },
	{ "127.0.0.1 ", "" },
};

static void reverse_names(void **state)
{
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(reverse); i++)
		assert_true(str_eqz(dns_reverse_name(str_of(reverse[i].ip), &a), reverse[i].name));
	assert_int_equal(dns_reverse_name(STR("127.0.0.1\0x"), &a).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_be_asked),
		cmocka_unit_test(what_may_come_back),
		cmocka_unit_test(a_name_of_more_than_255_bytes_is_none),
		cmocka_unit_test(reverse_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
