/* Lines of dns.zone: what is taken, what is refused, and that what is taken can be written back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dns/zone.h"

static const struct {
	const char *in;
	int rc;
	const char *out; /* the line back, or why not */
} lines[] = {
	{ "", 0, "" },
	{ "  ; only a comment", 0, "" },
	{ "\t\r", 0, "" },
	{ "mail.example A 192.0.2.1", 0, "mail.example 300 IN A 192.0.2.1" },
	{ "mail.example. 60 IN a 192.0.2.1 ; one", 0, "mail.example. 60 IN A 192.0.2.1" },
	{ "mail.example in aaaa 2001:db8::1\r", 0, "mail.example 300 IN AAAA 2001:db8::1" },
	{ "1.0.0.127.in-addr.arpa\tPTR\tlocalhost.", 0, "1.0.0.127.in-addr.arpa 300 IN PTR localhost." },
	{ "_25._tcp.mail.example TLSA 3 1 1 00ff", 0, "_25._tcp.mail.example 300 IN TLSA 3 1 1 00ff" },
	{ "example MX 10 mail.example", 0, "example 300 IN MX 10 mail.example" },
	{ "example TXT \"a; b\" \"c\" ; d", 0, "example 300 IN TXT \"a; b\" \"c\"" },
	{ "example TXT a\\;b", 0, "example 300 IN TXT a\\;b" },
	{ "example static", 0, "example static" },
	{ "127.in-addr.arpa STATIC ; nobody else", 0, "127.in-addr.arpa static" },
	{ ". static", 0, ". static" },
	{ "example", -1, "a type is missing (A, PTR, MX, TXT ...)" },
	{ "example 60", -1, "a type is missing (A, PTR, MX, TXT ...)" },
	{ "example static now", -1, "unknown type" },
	{ "example CH TXT x", -1, "unknown type" },
	{ "example 99999999999 A 192.0.2.1", -1, "unknown type" },
	{ "example A", -1, "A wants an IPv4 address" },
	{ "example A 192.0.2.1 192.0.2.2", -1, "A wants an IPv4 address" },
	{ "example A 192.0.2.256", -1, "A wants an IPv4 address" },
	{ "example AAAA 192.0.2.1", -1, "AAAA wants an IPv6 address" },
	{ "example AAAA 1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111", -1, "AAAA wants an IPv6 address" },
	{ "example PTR", -1, "PTR wants one name" },
	{ "example PTR a b", -1, "PTR wants one name" },
	{ "example MX mail.example", -1, "MX wants a preference and a name" },
	{ "example MX 65536 mail.example", -1, "MX wants a preference and a name" },
	{ "example TXT ", -1, "TXT wants a text, its quotes closed" },
	{ "example TXT \"open ; x", -1, "TXT wants a text, its quotes closed" },
	{ "IN A 192.0.2.1", -1, "a line begins with a domain name (letters, digits, '-', '_', '.')" },
	{ "*.example A 192.0.2.1", -1, "a line begins with a domain name (letters, digits, '-', '_', '.')" },
	{ "a..b A 192.0.2.1", -1, "a line begins with a domain name (letters, digits, '-', '_', '.')" },
	{ "example TXT a\001b", -1, "control bytes" },
};

static void every_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct zone_line z;
		const char *why = NULL;
		BUF(back);

		assert_int_equal(zone_parse_line(str_of(lines[i].in), &z, &why), lines[i].rc);
		if (lines[i].rc == 0)
			zone_put_line(&back, &z);
		assert_string_equal(lines[i].rc == 0 ? buf_z(&back) : why, lines[i].out);
	}
}

static void a_label_of_64_bytes_is_refused(void **state)
{
	char line[128];
	struct zone_line z;
	const char *why;

	(void)state;
	memset(line, 'a', 64);
	strcpy(line + 64, " A 192.0.2.1");
	assert_int_equal(zone_parse_line(str_of(line), &z, &why), -1);
	assert_int_equal(zone_parse_line(str_of(line + 1), &z, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line),
		cmocka_unit_test(a_label_of_64_bytes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
