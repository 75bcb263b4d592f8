/* The text of SRS addresses: parts, what they stand for, days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mail/srs.h"

static void addresses_are_taken_apart_and_written_again(void **state)
{
	static const struct {
		const char *local;
		int level; /* -1: it is none */
		const char *hash, *stamp, *domain, *rest;
		const char *again; /* NULL: as it was */
	} t[] = {
		{ "SRS0=vmyz=2W=far.example=bob", 0, "vmyz", "2W", "far.example", "bob", NULL },
		{ "srs0=vmyz=2w=far.example=bob", 0, "vmyz", "2w", "far.example", "bob",
		  "SRS0=vmyz=2w=far.example=bob" },
		{ "SRS0+9KJ+=2W=far.example=bob", 0, "9KJ+", "2W", "far.example", "bob",
		  "SRS0=9KJ+=2W=far.example=bob" },
		{ "SRS0-v/yz=2W=far.example=bob", 0, "v/yz", "2W", "far.example", "bob",
		  "SRS0=v/yz=2W=far.example=bob" },
		{ "SRS0=a=2W=far.example=b=o=b", 0, "a", "2W", "far.example", "b=o=b", NULL },
		{ "SRS0=vmyz=2W=far.example==", 0, "vmyz", "2W", "far.example", "=", NULL },
		{ "SRS1=JIBX=far.example==HHHH=TT=x.example=bob", 1, "JIBX", "", "far.example",
		  "=HHHH=TT=x.example=bob", NULL },
		{ "SRS1=JIBX=far.example=+opaque", 1, "JIBX", "", "far.example", "+opaque", NULL },
		{ "SRS1=JIBX=far.example=opaque", -1, "", "", "", "", NULL },
		{ "SRS1=JIBX=far.example==", -1, "", "", "", "", NULL },
		{ "SRS1=JIBX==x", -1, "", "", "", "", NULL },
		{ "SRS0=vmyz=2W=far.example=", -1, "", "", "", "", NULL },
		{ "SRS0=vmyz=2W=far.example", -1, "", "", "", "", NULL },
		{ "SRS0=vmyz==far.example=bob", -1, "", "", "", "", NULL },
		{ "SRS0==2W=far.example=bob", -1, "", "", "", "", NULL },
		{ "SRS0=", -1, "", "", "", "", NULL },
		{ "SRS0", -1, "", "", "", "", NULL },
		{ "SRS0x=vmyz=2W=far.example=bob", -1, "", "", "", "", NULL },
		{ "SRS2=vmyz=2W=far.example=bob", -1, "", "", "", "", NULL },
		{ "xSRS0=vmyz=2W=far.example=bob", -1, "", "", "", "", NULL },
		{ "", -1, "", "", "", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct srs x = { 0 };
		BUF(b);

		if (srs_parse(str_of(t[i].local), &x) != (t[i].level >= 0))
			fail_msg("%s", t[i].local);
		if (t[i].level < 0)
			continue;
		assert_int_equal(x.level, t[i].level);
		assert_true(str_eqz(x.hash, t[i].hash) && str_eqz(x.stamp, t[i].stamp));
		assert_true(str_eqz(x.domain, t[i].domain) && str_eqz(x.rest, t[i].rest));
		srs_put(&b, &x);
		assert_string_equal(buf_z(&b), t[i].again != NULL ? t[i].again : t[i].local);
	}
}

static void whom_it_stands_for(void **state)
{
	static const struct {
		const char *address, *next, *origin; /* "": nobody */
	} t[] = {
		{ "SRS0=vmyz=2W=far.example=bob@us.example", "bob@far.example", "bob@far.example" },
		{ "srs0=vmyz=2w=Far.Example=Bob@us.example", "Bob@Far.Example", "Bob@Far.Example" },
		{ "\"SRS0=vmyz=2W=far.example=bob b\"@us.example", "\"bob b\"@far.example", "\"bob b\"@far.example" },
		{ "\"SRS0=vmyz=2W=[192.0.2.1]=bob\"@us.example", "bob@[192.0.2.1]", "bob@[192.0.2.1]" },
		{ "SRS1=JIBX=first.example==HHHH=TT=x.example=bob@us.example",
		  "SRS0=HHHH=TT=x.example=bob@first.example", "bob@x.example" },
		{ "SRS1=JIBX=first.example=+HHHH=TT=x.example=bob@us.example",
		  "SRS0+HHHH=TT=x.example=bob@first.example", "bob@x.example" },
		{ "SRS1=JIBX=first.example==opaque@us.example", "SRS0=opaque@first.example", "" },
		{ "SRS0=vmyz=2W=far..example=bob@us.example", "", "" },
		{ "SRS0=vmyz=2W=-far.example=bob@us.example", "", "" },
		{ "SRS0=vmyz=2W=a/b=bob@us.example", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct addr at, to;
		struct srs x;
		ARENA(a);

		assert_int_equal(addr_parse(str_of(t[i].address), &a, &at), 0);
		assert_true(srs_parse(at.local, &x));
		assert_int_equal(srs_sender(&x, &a, &to), t[i].next[0] != '\0');
		if (t[i].next[0] != '\0')
			assert_true(str_eqz(addr_text(&a, &to), t[i].next));
		assert_int_equal(srs_origin(str_of(t[i].address), &a, &to), t[i].origin[0] != '\0');
		if (t[i].origin[0] != '\0')
			assert_true(str_eqz(addr_text(&a, &to), t[i].origin));
	}
}

static void what_was_rewritten_once_is_passed_on_and_never_grows(void **state)
{
	static const struct {
		const char *address, *domain, *rest; /* NULL: it is no such address */
	} t[] = {
		{ "SRS0=opaque+string@first.example", "first.example", "=opaque+string" },
		{ "srs0+opaque@first.example", "first.example", "+opaque" },
		{ "SRS1=X=first.example==opaque+string@second.example", "first.example", "=opaque+string" },
		{ "SRS1=X=first.example@second.example", NULL, NULL },
		{ "SRS0=@first.example", NULL, NULL },
		{ "bob@first.example", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct addr at;
		struct srs x;
		ARENA(a);

		assert_int_equal(addr_parse(str_of(t[i].address), &a, &at), 0);
		assert_int_equal(srs_again(&at, &x), t[i].domain != NULL);
		if (t[i].domain != NULL)
			assert_true(x.level == 1 && str_eqz(x.domain, t[i].domain) && str_eqz(x.rest, t[i].rest));
	}
}

static void a_stamp_is_a_day_of_1024(void **state)
{
	enum { DAY = 86400 };
	static const struct {
		int64_t made, now;
		const char *stamp;
		int age;
	} t[] = {
		{ 1577836860, 1577836860, "2W", 0 }, /* 2020-01-01 */
		{ 0, 0, "AA", 0 },
		{ DAY - 1, DAY, "AA", 1 },
		{ INT64_C(31) * DAY, INT64_C(52) * DAY, "A7", 21 },
		{ INT64_C(1023) * DAY, INT64_C(1024) * DAY, "77", 1 }, /* the wrap */
		{ INT64_C(1024) * DAY, INT64_C(1045) * DAY, "AA", 21 },
		{ INT64_C(1024) * DAY, INT64_C(2047) * DAY, "AA", 1023 },
		{ INT64_C(20) * DAY, INT64_C(19) * DAY, "AU", 1023 }, /* made tomorrow */
		{ -5, -5, "AA", 0 },
	};
	static const char *const none[] = { "", "A", "AAA", "A1", "0A", "A8", "A=", "\xc3\xa4", " A" };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		char stamp[SRS_STAMP];

		srs_stamp(t[i].made, stamp);
		assert_memory_equal(stamp, t[i].stamp, SRS_STAMP);
		assert_int_equal(srs_age(str_of(t[i].stamp), t[i].now), t[i].age);
	}
	assert_int_equal(srs_age(STR("2w"), 1577836860), 0);
	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(srs_age(str_of(none[i]), 0), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_taken_apart_and_written_again),
		cmocka_unit_test(whom_it_stands_for),
		cmocka_unit_test(what_was_rewritten_once_is_passed_on_and_never_grows),
		cmocka_unit_test(a_stamp_is_a_day_of_1024),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
