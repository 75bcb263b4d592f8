/* The front of a line that another program wrote: when, where, who. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "logs/frame.h"

/* year: of the stamp, 0 none; moment: UTC, 0 none */
static const struct {
	const char *line;
	int year, month, day, hour;
	int64_t moment;
	const char *host, *program, *pid, *rest;
} fronts[] = {
	{ "Mar  9 12:43:51 mx1 postfix/smtpd[123]: text", 0, 3, 9, 12, 0, "mx1", "postfix/smtpd", "123", "text" },
	{ "Mar 9 12:43:51 mx1 exim: text", 0, 3, 9, 12, 0, "mx1", "exim", "", "text" },
	{ "Dec 31 23:59:59.123 mx1 a[1]: text", 0, 12, 31, 23, 0, "mx1", "a", "1", "text" },
	{ "Mar  9 12:43:51 mx1 no tag here", 0, 3, 9, 12, 0, "mx1", "", "", "no tag here" },
	{ "2021-03-09T12:43:51.123456+02:00 mx1 a/b[9]: text", 2021, 3, 9, 12, 1615286631, "mx1", "a/b", "9", "text" },
	{ "2021-03-09T10:43:51Z mx1 a[9]: text", 2021, 3, 9, 10, 1615286631, "mx1", "a", "9", "text" },
	{ "2021-03-09T05:13:51-05:30 mx1 a[9]: text", 2021, 3, 9, 5, 1615286631, "mx1", "a", "9", "text" },
	{ "@4000000060475171075bca00 new msg 1", 2021, 3, 9, 10, 1615286631, "", "", "", "new msg 1" },
	{ "@4000000060475171075bca00 spamdyke[7]: text", 2021, 3, 9, 10, 1615286631, "", "spamdyke", "7", "text" },
	{ "@4000000060475171075bca00 status: local 0/10", 2021, 3, 9, 10, 1615286631, "", "", "",
	  "status: local 0/10" },
	{ "1615286631.123456 end msg 1", 2021, 3, 9, 10, 1615286631, "", "", "", "end msg 1" },
	{ "2021-03-09 12:43:51 text", 2021, 3, 9, 12, 0, "", "", "", "text" },
	{ "2021-03-09 12:43:51.123 [77] text", 2021, 3, 9, 12, 0, "", "", "77", "text" },
	{ "2021-03-09 12:43:51.123 +0200 [77] text", 2021, 3, 9, 12, 1615286631, "", "", "77", "text" },
	/* two stamps: the inner one knows the year; splogger's knows the moment */
	{ "Mar  9 12:43:52 mx2 exim[1]: 2021-03-09 12:43:51 text", 2021, 3, 9, 12, 0, "mx2", "exim", "1", "text" },
	{ "2021-03-09T12:43:51+02:00 mx2 exim[1]: 2021-03-09 12:43:51 text", 2021, 3, 9, 12, 1615286631, "mx2", "exim",
	  "1", "text" },
	{ "Mar  9 12:43:51 mx2 qmail: 1615286631.5 new msg 1", 2021, 3, 9, 10, 1615286631, "mx2", "qmail", "",
	  "new msg 1" },
	{ "Mar  9 12:43:51 mx1 a[1]: message repeated 2 times: [ text]", 0, 3, 9, 12, 0, "mx1", "a", "1", "text" },
};

/* What syslog counted: N of "message repeated N times: [ ...]", and what stands in the brackets. */
static const struct {
	const char *line, *again, *rest;
} repeated[] = {
	{ "Mar  9 12:43:51 mx1 a[1]: message repeated 2 times: [ text]", "2", "text" },
	{ "2021-03-09T12:43:51+02:00 mx1 a[1]: message repeated 12 times: [ a [b] c]", "12", "a [b] c" },
	{ "Mar  9 12:43:51 mx1 a[1]: text", "", "text" },
	{ "Mar  9 12:43:51 mx1 a[1]: message repeated 2 times: [ cut", "", "message repeated 2 times: [ cut" },
	{ "Mar  9 12:43:51 mx1 a[1]: message repeated 1234567890 times: [ text]", "",
	  "message repeated 1234567890 times: [ text]" },
};

static const char *const no_fronts[] = {
	"",
	"text",
	"Mar 32 12:43:51 mx1 a: text",
	"Foo  9 12:43:51 mx1 a: text",
	"Mar  9 25:43:51 mx1 a: text",
	"2021-02-30T12:43:51+02:00 mx1 a: text",
	"2021-03-09T12:43:51 mx1 a: text",
	"@40000000604751310 new msg 1",
	"@ffffffffffffffff075bca00 new msg 1",
	"1615286631 no fraction",
	"Mar  9 12:43:51",
};

static void test_fronts(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < COUNT(fronts); i++) {
		if (!frame_read(str_of(fronts[i].line), &f))
			fail_msg("not read: %s", fronts[i].line);
		if (f.stamp.year != fronts[i].year || f.stamp.month != fronts[i].month ||
		    f.stamp.day != fronts[i].day || f.stamp.hour != fronts[i].hour ||
		    (f.absolute ? f.moment : 0) != fronts[i].moment)
			fail_msg("another time: %s", fronts[i].line);
		if (!str_eqz(f.host, fronts[i].host) || !str_eqz(f.program, fronts[i].program) ||
		    !str_eqz(f.pid, fronts[i].pid) || !str_eqz(f.rest, fronts[i].rest))
			fail_msg("%s: %.*s %.*s %.*s %.*s", fronts[i].line, STR_ARG(f.host), STR_ARG(f.program),
				 STR_ARG(f.pid), STR_ARG(f.rest));
	}
	for (size_t i = 0; i < COUNT(repeated); i++)
		if (!frame_read(str_of(repeated[i].line), &f) || !str_eqz(f.again, repeated[i].again) ||
		    !str_eqz(f.rest, repeated[i].rest))
			fail_msg("%s: `%.*s`, %.*s", repeated[i].line, STR_ARG(f.again), STR_ARG(f.rest));
	for (size_t i = 0; i < COUNT(no_fronts); i++)
		if (frame_read(str_of(no_fronts[i]), &f))
			fail_msg("read: %s", no_fronts[i]);
}

static bool same_frame(const struct frame *a, const struct frame *b)
{
	return memcmp(&a->stamp, &b->stamp, sizeof(a->stamp)) == 0 && a->absolute == b->absolute &&
	       a->zoned == b->zoned && a->offset == b->offset && a->moment == b->moment && str_eq(a->host, b->host) &&
	       str_eq(a->program, b->program) && str_eq(a->pid, b->pid) && str_eq(a->again, b->again) &&
	       str_eq(a->rest, b->rest);
}

/* Behind any other line a line is what it is alone; a glance tells stamp and host. */
static void test_fronts_in_a_row(void **state)
{
	static const char *const more[] = {
		"Mar  9 12:43:51 mx1 postfix/smtpd[123]: 4444-text",
		"Mar  9 12:43:51 mx2 exim[1]: 2021-03-09 12:43:51 text",
		"Mar  9 12:43:51.5 mx2 a: text",
		"Mar  9 12:43:51. mx2 a: text",
		"Mar  9 12:43:511 mx2 a: text",
		"Mar  9 12:43:51 m\tx a: text",
		"Mar  9 12:43:51 mx1",
		"Mar  9 12:43:51",
		"2021-03-09T12:43:51.9+02:00 mx2 a/b[9]: text",
		"2021-03-09T12:43:51.9+03:00 mx2 a/b[9]: text",
		"2021-03-09T12:43:51Z mx2 a/b[9]: text",
	};
	const char *all[COUNT(fronts) + COUNT(repeated) + COUNT(no_fronts) + COUNT(more)];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(fronts); i++)
		all[n++] = fronts[i].line;
	for (size_t i = 0; i < COUNT(repeated); i++)
		all[n++] = repeated[i].line;
	for (size_t i = 0; i < COUNT(no_fronts); i++)
		all[n++] = no_fronts[i];
	for (size_t i = 0; i < COUNT(more); i++)
		all[n++] = more[i];
	for (size_t i = 0; i < n * n; i++) {
		struct frame one = { 0 }, alone = { 0 }, glance;
		bool found = frame_read(str_of(all[i % n]), &alone);

		frame_next(str_of(all[i / n]), &one);
		glance = one;
		if (frame_next(str_of(all[i % n]), &one) != found || !same_frame(&one, &alone))
			fail_msg("%s\nbehind %s", all[i % n], all[i / n]);
		if (frame_glance(str_of(all[i % n]), &glance) != found || glance.moment != alone.moment ||
		    memcmp(&glance.stamp, &alone.stamp, sizeof(alone.stamp)) != 0 || !str_eq(glance.host, alone.host))
			fail_msg("a glance at %s\nbehind %s", all[i % n], all[i / n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fronts), cmocka_unit_test(test_fronts_in_a_row) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
