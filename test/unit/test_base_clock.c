/* Dates, zones and stamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static void civil_dates_and_seconds_agree_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t s = -86400ll * 365 * 80; s < 86400ll * 365 * 140; s += 86400 * 13 + 12345) {
		time_t t = (time_t)s;
		struct tm tm;
		struct civil c = civil_of_seconds(s);

		gmtime_r(&t, &tm);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.second, tm.tm_sec);
		assert_int_equal(civil_to_seconds(c), s);
		assert_int_equal(civil_weekday(civil_to_days(c.year, c.month, c.day)), tm.tm_wday);
	}
}

static void zones_by_name(void **state)
{
	static const struct {
		const char *name;
		int64_t at;
		bool ok;
		int offset;
	} t[] = {
		{ "UTC", 0, true, 0 },
		{ "+02:00", 0, true, 7200 },
		{ "-0530", 0, true, -19800 },
		{ "+5", 0, true, 18000 },
		{ "EST", 0, true, -18000 },
		{ "Europe/Sofia", 1615286631, true, 7200 },  /* winter */
		{ "Europe/Sofia", 1625286631, true, 10800 }, /* summer */
		{ "Europe/Atlantis", 0, false, 0 },
		{ "../../etc/passwd", 0, false, 0 },
		{ "", 0, false, 0 },
		{ "+99:00", 0, false, 0 },
		{ "+02:75", 0, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		int offset = 0;

		assert_int_equal(zone_named(str_of(t[i].name), t[i].at, &offset), t[i].ok);
		assert_int_equal(offset, t[i].offset);
	}
}

static void stamps_as_the_logs_and_mail_want_them(void **state)
{
	BUF(b);

	(void)state;
	stamp_put(&b, civil_of_seconds(1615286631 + 7200));
	buf_addc(&b, '|');
	stamp_put_iso(&b, 1615286631, 7200);
	buf_addc(&b, '|');
	stamp_put_rfc5322(&b, 1615286631, -19800);
	assert_string_equal(buf_z(&b), "2021-03-09 12:43:51|2021-03-09T12:43:51+02:00|Tue, 09 Mar 2021 05:13:51 -0530");
}

static void impossible_dates_are_known(void **state)
{
	(void)state;
	assert_true(civil_valid((struct civil){ 2024, 2, 29, 23, 59, 60 }));
	assert_false(civil_valid((struct civil){ 2023, 2, 29, 0, 0, 0 }));
	assert_false(civil_valid((struct civil){ 2023, 13, 1, 0, 0, 0 }));
	assert_false(civil_valid((struct civil){ 2023, 12, 1, 24, 0, 0 }));
}

static char clock_file[] = "/tmp/test-clock.XXXXXX";

static void set_clock(int64_t ms)
{
	uint64_t le = htole64((uint64_t)ms);
	int fd = open(clock_file, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, &le, sizeof(le), 0), sizeof(le));
	close(fd);
}

static void the_test_clock_jumps_while_we_run(void **state)
{
	static const int64_t t[] = { 0, 1000, INT64_C(172800000), -5000, 1 };

	(void)state;
	assert_true(clock_begin());
	for (size_t i = 0; i < COUNT(t); i++) {
		int64_t mono = clock_mono(), off;

		set_clock(t[i]);
		off = clock_wall() - (int64_t)time(NULL) * 1000 - t[i];
		assert_in_range(off + 1000, 0, 3000);
		assert_in_range(clock_mono() - mono, 0, 1000);
	}
}

static void the_shorter_wait_is_the_one_with_an_end(void **state)
{
	static const struct {
		int64_t a, b, shorter;
	} t[] = { { -1, -1, -1 }, { -1, 0, 0 }, { 0, -1, 0 }, { 5, 7, 5 }, { 7, 5, 5 }, { 5, -1, 5 } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(wait_shorter(t[i].a, t[i].b), t[i].shorter);
}

int main(void)
{
	int fd = mkstemp(clock_file), rc;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(civil_dates_and_seconds_agree_with_the_c_library),
		cmocka_unit_test(zones_by_name),
		cmocka_unit_test(stamps_as_the_logs_and_mail_want_them),
		cmocka_unit_test(impossible_dates_are_known),
		cmocka_unit_test(the_test_clock_jumps_while_we_run),
		cmocka_unit_test(the_shorter_wait_is_the_one_with_an_end),
	};

	if (fd < 0 || ftruncate(fd, 8) < 0)
		return 1;
	close(fd);
	setenv("TELLTALE_CLOCK", clock_file, 1);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(clock_file);
	return rc;
}
