/* Addresses as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/inet.h"

static void an_address_is_the_whole_text(void **state)
{
	static const struct {
		struct str in;
		bool four, six;
	} t[] = {
		{ STR_INIT("127.0.0.1"), true, false },
		{ STR_INIT("255.255.255.255"), true, false },
		{ STR_INIT("::"), false, true },
		{ STR_INIT("2001:db8::1"), false, true },
		{ STR_INIT("::ffff:1.2.3.4"), false, true },
		{ STR_INIT("0000:0000:0000:0000:0000:ffff:255.255.255.255"), false, true }, /* the longest */
		{ STR_INIT("00000:0000:0000:0000:0000:ffff:255.255.255.255"), false, false },
		{ STR_INIT(""), false, false },
		{ { NULL, 0 }, false, false },
		{ STR_INIT("127.0.0.1\0"), false, false },
		{ STR_INIT("127.0.0.1\0x"), false, false },
		{ STR_INIT("::1\0"), false, false },
		{ STR_INIT("127.0.0.1 "), false, false },
		{ STR_INIT("127.0.0"), false, false },
		{ STR_INIT("127.0.0.256"), false, false },
		{ STR_INIT("[::1]"), false, false },
		{ STR_INIT("fe80::1%lo"), false, false },
		{ STR_INIT("mail.example.com"), false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		unsigned char bytes[INET_BYTES_MAX];

		assert_int_equal(inet_bytes(AF_INET, t[i].in, bytes), t[i].four);
		assert_int_equal(inet_bytes(AF_INET6, t[i].in, bytes), t[i].six);
		assert_int_equal(inet_is(t[i].in), t[i].four || t[i].six);
	}
}

static void its_bytes_are_in_the_order_of_the_net(void **state)
{
	static const unsigned char four[] = { 192, 0, 2, 7 }, six[] = { 0x20, 1, 0xd, 0xb8, [15] = 7 };
	unsigned char bytes[INET_BYTES_MAX];

	(void)state;
	assert_true(inet_bytes(AF_INET, STR("192.0.2.7"), bytes));
	assert_memory_equal(bytes, four, sizeof(four));
	assert_true(inet_bytes(AF_INET6, STR("2001:db8::7"), bytes));
	assert_memory_equal(bytes, six, sizeof(six));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_the_whole_text),
		cmocka_unit_test(its_bytes_are_in_the_order_of_the_net),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
