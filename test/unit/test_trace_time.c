/* The zone and year behind stamps, and the days people name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "trace/select.h"

static int64_t local(int y, int mo, int d, int h, int mi, int s)
{
	return civil_to_seconds((struct civil){ y, mo, d, h, mi, s });
}

/* The provider's two replies (LOG-FORMATS 4.5, 4.6): one good, one 48 hours off. */
static void an_outlier_does_not_move_the_zone(void **state)
{
	ARENA(a);
	struct zone_table z;

	(void)state;
	zone_init(&z, &a);
	zone_measure(&z, local(2021, 3, 9, 12, 43, 51), 1615286631);
	zone_measure(&z, local(2021, 3, 10, 14, 17, 33), 1615205853);
	zone_settle(&z);
	assert_int_equal(z.source, ZONE_MEASURED);
	assert_int_equal(z.outliers, 1);
	assert_int_equal(zone_at(&z, 1615286631), 7200);
	assert_int_equal(zone_utc(&z, local(2021, 3, 9, 12, 43, 51)), 1615286631);
	assert_int_equal(zone_disagrees(&z, local(2021, 3, 9, 12, 43, 51), 1615286631), 0);
	assert_int_equal(zone_disagrees(&z, local(2021, 3, 10, 14, 17, 33), 1615205853), 48 * 3600);
}

static void most_replies_win_in_steps_of_a_quarter(void **state)
{
	ARENA(a);
	struct zone_table z;

	(void)state;
	zone_init(&z, &a);
	for (int i = 0; i < 20; i++)
		zone_measure(&z, 1600000000 + i * 100 + 20700 + i % 3, 1600000000 + i * 100); /* Kathmandu */
	zone_measure(&z, 1600000000 + 3600, 1600000000);
	zone_settle(&z);
	assert_int_equal(zone_at(&z, 1600000000), 20700);
	assert_int_equal(z.outliers, 1);
}

/* Sofia left summer time on 2021-10-31 at 01:00 UTC. */
static void summer_time_is_a_step(void **state)
{
	int64_t change = local(2021, 10, 31, 1, 0, 0);
	ARENA(a);
	struct zone_table z;

	(void)state;
	zone_init(&z, &a);
	for (int i = -50; i < 50; i++) {
		int64_t utc = change + i * 600;

		zone_measure(&z, utc + (utc < change ? 10800 : 7200), utc);
	}
	zone_settle(&z);
	assert_int_equal(z.nsteps, 2);
	assert_int_equal(zone_at(&z, change - 1), 10800);
	assert_int_equal(zone_at(&z, change), 7200);
	assert_int_equal(zone_utc(&z, local(2021, 10, 31, 3, 30, 0)), change - 1800);
	assert_int_equal(zone_utc(&z, local(2021, 10, 31, 4, 30, 0)), change + 5400);
}

/* Few lines stand beside the change: it was at the whole hour between them, at Europe's where that can be. */
static void a_change_is_found_between_its_neighbours(void **state)
{
	int64_t spring = local(2022, 3, 27, 1, 0, 0), autumn = local(2021, 10, 31, 1, 0, 0);
	const struct {
		int64_t before, after;
		int was, is;
		int64_t change;
	} t[] = {
		{ spring - 20, spring + 10, 7200, 10800, spring },
		{ spring - 9000, spring + 9000, 7200, 10800, spring },
		{ autumn - 9000, autumn + 9000, 10800, 7200, autumn },
		{ spring + 3600, spring + 9000, 7200, 10800, spring + 7200 }, /* not Europe's: the last whole hour */
		{ spring + 60, spring + 90, 7200, 10800, spring + 90 },       /* no whole hour between them */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct zone_table z;

		zone_init(&z, &a);
		for (int n = 0; n < 3; n++) {
			zone_measure(&z, t[i].before - n + t[i].was, t[i].before - n);
			zone_measure(&z, t[i].after + n + t[i].is, t[i].after + n);
		}
		zone_settle(&z);
		assert_int_equal(z.nsteps, 2);
		assert_int_equal(z.steps[1].from, t[i].change);
	}
}

static void a_stamp_of_the_repeated_hour_names_two_moments(void **state)
{
	int64_t change = local(2021, 10, 31, 1, 0, 0), at[2];
	static const struct {
		int hour, minute;
		size_t n;
		int64_t first; /* seconds from the change */
	} t[] = { { 2, 59, 1, -3660 }, { 3, 0, 2, -3600 }, { 3, 59, 2, -60 }, { 4, 0, 1, 3600 } };
	ARENA(a);
	struct zone_table z;

	(void)state;
	zone_init(&z, &a);
	zone_say(&z, change - 86400, 10800);
	zone_say(&z, change + 5, 7200);
	zone_settle(&z);
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(zone_moments(&z, local(2021, 10, 31, t[i].hour, t[i].minute, 0), at), t[i].n);
		assert_int_equal(at[0], change + t[i].first);
		if (t[i].n == 2)
			assert_int_equal(at[1], at[0] + 3600);
	}
}

static void what_the_log_says_counts_alone(void **state)
{
	ARENA(a);
	struct zone_table z;

	(void)state;
	zone_init(&z, &a);
	zone_measure(&z, 1600000000 + 7200, 1600000000);
	zone_say(&z, 1600000000, -18000);
	zone_settle(&z);
	assert_int_equal(z.source, ZONE_SAID);
	assert_int_equal(zone_at(&z, 1700000000), -18000);
}

static void a_year_comes_from_the_nearest_moment(void **state)
{
	static const struct {
		int month, day;
		int64_t epoch;
		int year;
	} t[] = {
		{ 3, 9, 1615286631, 2021 },   /* 2021-03-09 */
		{ 12, 31, 1609459190, 2020 }, /* 2020-12-31 23:59:50 UTC */
		{ 1, 1, 1609459190, 2021 },   /* the same moment, in a zone east of it */
		{ 12, 31, 1609459210, 2020 }, /* 2021-01-01 00:00:10 UTC, in a zone west of it */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(zone_year_near((struct civil){ 0, t[i].month, t[i].day, 0, 0, 0 }, t[i].epoch),
				 t[i].year);
}

/* The newest line is Wednesday 2021-03-10 14:17:33 +02:00. */
static const struct {
	const char *asked, *tz, *from, *to;
} days[] = {
	{ "2021-03-09", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "9.3.2021", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "2021/03/09", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "9 March 2021", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "Mar 9", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "9th of March", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "December 24", "", "2020-12-23 22:00:00", "2020-12-24 22:00:00" },
	{ "tuesday", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "wed", "", "2021-03-09 22:00:00", "2021-03-10 22:00:00" },
	{ "Thursday", "", "2021-03-03 22:00:00", "2021-03-04 22:00:00" },
	{ "today", "", "2021-03-09 22:00:00", "2021-03-10 22:00:00" },
	{ "yesterday", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "last week", "", "2021-03-03 22:00:00", "2021-03-10 22:00:00" },
	{ "last 2 days", "", "2021-03-08 12:17:33", "2021-03-10 12:17:34" },
	{ "past hour", "", "2021-03-10 11:17:33", "2021-03-10 12:17:34" },
	{ "2 hours ago", "", "2021-03-10 09:17:33", "2021-03-10 11:17:34" },
	{ "one hour ago", "", "2021-03-10 10:47:33", "2021-03-10 11:47:34" },
	{ "last two days", "", "2021-03-08 12:17:33", "2021-03-10 12:17:34" },
	{ "day before yesterday", "", "2021-03-07 22:00:00", "2021-03-08 22:00:00" },
	{ "an hour ago", "", "2021-03-10 10:47:33", "2021-03-10 11:47:34" },
	{ "february", "", "2021-01-31 22:00:00", "2021-02-28 22:00:00" },
	{ "december", "", "2020-11-30 22:00:00", "2020-12-31 22:00:00" },
	{ "May 2020", "", "2020-04-30 22:00:00", "2020-05-31 22:00:00" },
	{ "Tue, 9 Mar 2021", "", "2021-03-08 22:00:00", "2021-03-09 22:00:00" },
	{ "friday 2021-03-05", "", "2021-03-04 22:00:00", "2021-03-05 22:00:00" },
	{ "10th", "", "2021-03-09 22:00:00", "2021-03-10 22:00:00" },
	{ "11th", "", "2021-02-10 22:00:00", "2021-02-11 22:00:00" },
	{ "tuesday", "UTC", "2021-03-09 00:00:00", "2021-03-10 00:00:00" },
	{ "tuesday", "America/New_York", "2021-03-09 05:00:00", "2021-03-10 05:00:00" },
	{ "2021-03-09 12:43", "", "2021-03-09 10:28:00", "2021-03-09 10:58:01" },
	{ "2021-03-09T12:43:51", "", "2021-03-09 10:42:51", "2021-03-09 10:44:52" },
	{ "2021-03-09T12:43:51+01:00", "", "2021-03-09 11:42:51", "2021-03-09 11:44:52" },
	{ "2021-03-09T12:43:51Z", "", "2021-03-09 12:42:51", "2021-03-09 12:44:52" },
	{ "tuesday 15:00 EST", "", "2021-03-09 19:45:00", "2021-03-09 20:15:01" },
	{ "tuesday 3 pm", "", "2021-03-09 12:45:00", "2021-03-09 13:15:01" },
	{ "tuesday 12am", "", "2021-03-08 21:45:00", "2021-03-08 22:15:01" },
	/* a time alone is the latest one that the logs reach */
	{ "14:00", "", "2021-03-10 11:45:00", "2021-03-10 12:15:01" },
	{ "14:17:33", "", "2021-03-10 12:16:33", "2021-03-10 12:18:34" },
	{ "15:00", "", "2021-03-09 12:45:00", "2021-03-09 13:15:01" },
	{ "15:00 EST", "", "2021-03-09 19:45:00", "2021-03-09 20:15:01" },
	{ "14:20", "", "2021-03-10 12:05:00", "2021-03-10 12:35:01" },
	{ "today 15:00", "", "2021-03-10 12:45:00", "2021-03-10 13:15:01" },
	/* where the clock is set back, both */
	{ "2020-10-25 03:30", "Europe/Sofia", "2020-10-25 00:15:00", "2020-10-25 01:45:01" },
	{ "2020-10-25 02:30", "Europe/Sofia", "2020-10-24 23:15:00", "2020-10-24 23:45:01" },
	{ "2020-10-25 04:30", "Europe/Sofia", "2020-10-25 02:15:00", "2020-10-25 02:45:01" },
	{ "2020-11-01T01:10:00", "America/New_York", "2020-11-01 05:09:00", "2020-11-01 06:11:01" },
	{ "2020-03-29 03:30", "Europe/Sofia", "2020-03-29 01:15:00", "2020-03-29 01:45:01" }, /* there was none */
};

static void days_resolve(void **state)
{
	int64_t newest = local(2021, 3, 10, 14, 17, 33) - 7200;

	(void)state;
	for (size_t i = 0; i < COUNT(days); i++) {
		ARENA(a);
		struct zone_table z;
		struct day_frame f;
		struct day d;
		struct span s;
		BUF(from);
		BUF(to);

		zone_init(&z, &a);
		zone_measure(&z, newest + 7200, newest);
		zone_settle(&z);
		day_frame_init(&f, &z, str_of(days[i].tz), newest, newest + 86400 * 900);
		assert_true(f.from_logs);
		if (!day_parse(str_of(days[i].asked), &d) || !day_resolve(&d, &f, true, &s))
			fail_msg("%s", days[i].asked);
		stamp_put(&from, civil_of_seconds(s.from));
		stamp_put(&to, civil_of_seconds(s.to));
		assert_string_equal(buf_z(&from), days[i].from);
		assert_string_equal(buf_z(&to), days[i].to);
	}
}

/* The same newest line; what a question looks at from when to when. */
static void two_times_are_the_latest_between_which_there_can_be_mail(void **state)
{
	static const struct {
		const char *asked, *from, *to; /* "": no bound */
	} t[] = {
		{ "after:15:00", "2021-03-09 13:00:00", "" },
		{ "after:14:00", "2021-03-10 12:00:00", "" },
		{ "before:15:00", "", "2021-03-10 13:00:00" },
		{ "between 14:00 and 15:00", "2021-03-10 12:00:00", "2021-03-10 13:00:00" },
		{ "between 15:00 and 16:00", "2021-03-09 13:00:00", "2021-03-09 14:00:00" },
		{ "between 22:00 and 6:00", "2021-03-09 20:00:00", "2021-03-10 04:00:00" },
		{ "between 13:00 and 6:00", "2021-03-10 11:00:00", "2021-03-11 04:00:00" },
		{ "after:yesterday before:15:00", "2021-03-08 22:00:00", "2021-03-10 13:00:00" },
	};
	int64_t newest = local(2021, 3, 10, 14, 17, 33) - 7200;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct err e = { 0 };
		struct zone_table z;
		struct question q;
		struct day_frame f;
		struct span s;
		BUF(got);

		zone_init(&z, &a);
		zone_measure(&z, newest + 7200, newest);
		zone_settle(&z);
		day_frame_init(&f, &z, STR(""), newest, newest + 86400 * 900);
		assert_int_equal(question_parse(&q, str_of(t[i].asked), &a, &e), 0);
		s = select_span(&q, &f);
		if (s.from != INT64_MIN)
			stamp_put(&got, civil_of_seconds(s.from));
		buf_addc(&got, '|');
		if (s.to != INT64_MAX)
			stamp_put(&got, civil_of_seconds(s.to));
		if (!str_eq(buf_str(&got), arena_fmt(&a, "%s|%s", t[i].from, t[i].to)))
			fail_msg("%s: %s", t[i].asked, buf_z(&got));
	}
}

static void words_that_are_no_day(void **state)
{
	static const char *const t[] = { "",
					 "someday",
					 "2021-02-30",
					 "2021-13-01",
					 "25:00",
					 "12:60",
					 "31.2.2021",
					 "0 pm",
					 "13 pm",
					 "32nd",
					 "mar",
					 "last",
					 "2021-03-09T",
					 "2021-03-09X12:00",
					 "15:00 Nowhere",
					 "monday friday",
					 "12:00 13:00" };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct day d;

		if (day_parse(str_of(t[i]), &d))
			fail_msg("%s was taken for a day", t[i]);
	}
}

static void relative_days_count_from_now_when_the_logs_reach_it(void **state)
{
	ARENA(a);
	struct zone_table z;
	struct day_frame f;

	(void)state;
	zone_init(&z, &a);
	zone_settle(&z);
	day_frame_init(&f, &z, STR(""), 1615378653, 1615378653 + 3600);
	assert_false(f.from_logs);
	assert_int_equal(f.reference, 1615378653 + 3600);
	day_frame_init(&f, &z, STR(""), 1615378653, 1615378653 + 2 * 86400);
	assert_true(f.from_logs);
	day_frame_init(&f, &z, STR(""), 0, 1615378653);
	assert_false(f.from_logs);
}

/* What is remembered of this machine's zone is what the system says, whatever was asked before. */
static void this_machines_zone_is_remembered_rightly(void **state)
{
	const int64_t from = local(2021, 1, 1, 0, 0, 0), step = 1800;
	struct zone_table z;
	ARENA(a);

	(void)state;
	setenv("TZ", "Europe/Sofia", 1);
	tzset();
	zone_init(&z, &a);
	zone_settle(&z);
	for (int64_t i = 0; i < 2 * 365 * 48; i++) {
		int64_t at = from + step * (i % 3 == 0 ? 365 * 48 - i / 2 : i / 2), out[2], fresh[2];
		struct zone_table once;
		ARENA(b);

		zone_init(&once, &b);
		zone_settle(&once);
		if (zone_moments(&z, at, out) != zone_moments(&once, at, fresh) || out[0] != fresh[0] ||
		    zone_at(&z, at) != zone_offset(at))
			fail_msg("the stamp %lld", (long long)at);
	}
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outlier_does_not_move_the_zone),
		cmocka_unit_test(most_replies_win_in_steps_of_a_quarter),
		cmocka_unit_test(summer_time_is_a_step),
		cmocka_unit_test(a_change_is_found_between_its_neighbours),
		cmocka_unit_test(a_stamp_of_the_repeated_hour_names_two_moments),
		cmocka_unit_test(what_the_log_says_counts_alone),
		cmocka_unit_test(this_machines_zone_is_remembered_rightly),
		cmocka_unit_test(a_year_comes_from_the_nearest_moment),
		cmocka_unit_test(days_resolve),
		cmocka_unit_test(two_times_are_the_latest_between_which_there_can_be_mail),
		cmocka_unit_test(words_that_are_no_day),
		cmocka_unit_test(relative_days_count_from_now_when_the_logs_reach_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
