/* A time that was twice, for the clock was set back: which of both a line means is kept, though that was in the middle
 * of a quarter of an hour. */
#include "growing_world.h"
#include "trace/answer.h"

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

static void answer_of(struct trace_ask t, struct buf *out)
{
	struct err e = { 0 };
	struct answer r;

	t.question = STR("from:*@b.example");
	t.limit = 10;
	t.now = 1641300000;
	if (trace_answer(&r, &t, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(r.chosen.n, 2);
	answer_json(out, &r);
	answer_clear(&r);
}

static void by_reading(const struct world *w, struct buf *out)
{
	struct trace_ask t = { 0 };
	struct source s;

	source_init(&s);
	t.source = &s;
	assert_int_equal(source_add(&s, w->logs, NULL), 0);
	answer_of(t, out);
	source_clear(&s);
}

static void by_index(struct world *w, struct buf *out)
{
	struct survey_paths p = paths_of(w);
	struct trace_ask t = { 0 };
	struct err e = { 0 };
	struct index *x = index_open(w->index, &p, &e);
	struct source s;

	if (x == NULL)
		fail_msg("%s", e.text);
	source_init(&s);
	index_attach(x, &s, &t);
	answer_of(t, out);
	source_clear(&s);
	index_close(x);
}

static void each_line_keeps_its_pass(void **state)
{
	struct world w;
	BUF(read);
	BUF(indexed);

	(void)state;
	strcpy(w.logs, "/tmp/test-pass-XXXXXX");
	assert_non_null(mkdtemp(w.logs));
	snprintf(w.index, sizeof(w.index), "%s.index", w.logs);
	append(&w, SMTP, back);
	build(&w);
	by_reading(&w, &read);
	assert_true(str_find(buf_str(&read), STR("2021-10-31T02:51:03+02:30")) >= 0);
	by_index(&w, &indexed);
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
