/* A time that was twice, for the clock was set back: which of both a line means is kept, though that was in the middle
 * of a quarter of an hour. */
#include "growing_world.h"

/* 02:46 was once; 02:51 may be before the clock was set back by half an hour, or after it, which no whole hour
 * tells. */
static const char back[] = "2021-10-31 02:40:00, zone, +03:00, 1635637200\n\n"
			   "2021-10-31 02:46:00, session, 101, 192.0.2.1, 1234, 1635637560.000\n"
			   "2021-10-31 02:46:00, from, early@b.example\n"
			   "2021-10-31 02:46:00, resp, 250 ok\n"
			   "2021-10-31 02:46:00, to, <recipient@example.com>\n"
			   "2021-10-31 02:46:00, resp, 550 5.1.1 no such user\n\n"
			   "2021-10-31 03:10:00, zone, +03:00, 1635639000\n\n"
			   "2021-10-31 02:50:00, zone, +02:30, 1635639600\n\n"
			   "2021-10-31 02:51:03, session, 102, 192.0.2.1, 1234, 1635639663.000\n"
			   "2021-10-31 02:51:03, from, late@b.example\n"
			   "2021-10-31 02:51:03, resp, 250 ok\n"
			   "2021-10-31 02:51:03, to, <recipient@example.com>\n"
			   "2021-10-31 02:51:03, resp, 550 5.1.1 no such user\n\n";

static void see(void *with, struct answer *r, const struct index *x)
{
	(void)x;
	assert_int_equal(r->chosen.n, 2);
	answer_json(with, r);
}

static void each_line_keeps_its_pass(void **state)
{
	struct trace_ask all = { .question = STR("from:*@b.example"), .limit = 10 };
	struct index *x;
	struct world w;
	BUF(read);
	BUF(indexed);

	(void)state;
	begin_empty(&w);
	append(&w, SMTP, back);
	build(&w);
	tell_answer(&w, NULL, all, see, &read);
	assert_true(str_find(buf_str(&read), STR("2021-10-31T02:51:03+02:30")) >= 0);
	x = open_index(&w);
	assert_non_null(x);
	tell_answer(&w, x, all, see, &indexed);
	if (!str_eq(buf_str(&read), buf_str(&indexed)))
		fail_msg("%s\nand with the index\n%s", buf_z(&read), buf_z(&indexed));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_keeps_its_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
