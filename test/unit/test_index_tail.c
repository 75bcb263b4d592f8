/* What is new in the logs as a chapter behind the ones before: how much of what was there is joined once more, and what
 * is not done, as it might come out otherwise than if all were read. */
#include "growing_world.h"
#include "index/tail.h"

static void a_result_of_nobody(const struct world *w)
{
	append(w, DELIVERY, "2022-01-03 10:03:09, result, 399, success, did_1+0+0/\n");
}

static void another_zone(const struct world *w)
{
	append(w, DELIVERY, "2022-01-03 11:07:00, zone, +01:00, 1641204420\n");
}

static void an_old_try(const struct world *w)
{
	append(w, DELIVERY,
	       "2022-01-03 10:08:00, init, <a@b.example>\n"
	       "2022-01-03 10:08:00, try, 77, local, recipient@example.com\n");
}

static void a_visit_without_number(const struct world *w)
{
	append(w, SMTP, "2022-01-03 10:08:00, from, a@b.example\n2022-01-03 10:08:00, resp, 250 ok\n\n");
}

static void a_repeated_line(const struct world *w)
{
	append(w, GATE, "Jan  3 10:09:00 mx last message repeated 2 times\n");
}

static void another_year(const struct world *w)
{
	append(w, GATE,
	       "Jan  3 10:04:00 mx spamdyke[104]: ALLOWED from: a4@b.example to: recipient@example.com origin_ip: "
	       "192.0.2.1 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: "
	       "250_ok_1672740240_qp_204\n");
}

static const struct {
	const char *name;
	void (*happens)(const struct world *w);
	uint64_t stories; /* of all chapters; 0: it is not done, for */
	const char *why;  /* this is said */
	uint64_t pulled;  /* lines that were there are joined once more: the last message's `init` always is */
} rows[] = {
	{ "nothing", nothing, 3, NULL, 1 },
	{ "a message", a_message, 4, NULL, 1 },
	{ "the result of a delivery that was under way", a_result, 3, NULL, 11 },
	{ "a result that belongs to nothing", a_result_of_nobody, 3, NULL, 1 },
	{ "another zone", another_zone, 0, "the clock of the logs was changed", 0 },
	{ "a try as qmail's", an_old_try, 0, "an attempt in the delivery log has no message's number", 0 },
	{ "a visit as qmail's", a_visit_without_number, 0, "a visit in the SMTP log has no number", 0 },
	{ "a line that syslog left out", a_repeated_line, 0, "the gate's log was written by syslog", 0 },
	{ "the gate's log names another year", another_year, 0, "the year of the gate's log is another one", 0 },
};

static int write_behind(struct world *w, struct tail_made *made, struct err *e)
{
	struct growth g;
	struct index *x = look(w, &g);
	struct tail_ask ask = { .x = x, .g = &g, .most = UINT64_MAX, .rows = true };
	struct chapter_out *out = chapter_create(-1, NULL);
	int rc;
	BUF(root);

	rc = tail_write(out, &ask, &root, made, e);
	chapter_out_free(out);
	look_away(x, &g);
	return rc;
}

static void what_is_new_is_joined(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tail_made made;
		struct err e = { 0 };
		struct world w;
		int rc;

		begin(&w);
		build(&w);
		rows[i].happens(&w);
		rc = write_behind(&w, &made, &e);
		if (rows[i].why != NULL && (rc == 0 || strcmp(e.text, rows[i].why) != 0))
			fail_msg("%s: %s", rows[i].name, rc == 0 ? "it is done" : e.text);
		if (rows[i].why == NULL && rc < 0)
			fail_msg("%s: %s", rows[i].name, e.text);
		if (rc == 0 && (made.stories != rows[i].stories || made.pulled != rows[i].pulled))
			fail_msg("%s: %llu stories, %llu lines once more", rows[i].name,
				 (unsigned long long)made.stories, (unsigned long long)made.pulled);
		end(&w);
	}
}

/* An old log's message, and two of another sender without a visit: of the second one the first was made, it seems. */
static const char old_visit[] = "2022-01-03 10:0%d:%d, from, a%d@b.example\n"
				"2022-01-03 10:0%d:%d, resp, 250 ok\n"
				"2022-01-03 10:0%d:%d, to, <recipient@example.com>\n"
				"2022-01-03 10:0%d:%d, resp, 250 ok\n"
				"2022-01-03 10:0%d:%d, size, 900\n"
				"2022-01-03 10:0%d:%d, resp, 250 ok %d qp 20%d\n\n";
static const char old_delivery[] = "2022-01-03 10:0%d:%d, init, <a%d@b.example>\n"
				   "2022-01-03 10:0%d:%d, try, 30%d, local, recipient@example.com\n"
				   "2022-01-03 10:0%d:%d, result, 30%d, success, did_1+0+0/\n";
static const char made[] = "2022-01-03 10:02:00, init, <s@b.example>\n"
			   "2022-01-03 10:02:00, try, 302, local, child@example.com\n"
			   "2022-01-03 10:02:00, result, 302, success, did_1+0+0/\n"
			   "2022-01-03 10:02:01, init, <s@b.example>\n"
			   "2022-01-03 10:02:01, try, 303, local, parent@example.com\n"
			   "2022-01-03 10:02:01, result, 303, success, did_0+1+0/\n";

static void append_old(const struct world *w, int minute, int second, int n)
{
	int m = minute, s = second;
	BUF(b);

	buf_fmt(&b, old_visit, m, s, n, m, s, m, s, m, s, m, s, m, s, 1641204000 + 60 * m + s, n);
	append(w, SMTP, buf_z(&b));
	buf_reset(&b);
	buf_fmt(&b, old_delivery, m, s, n, m, s, n, m, s, n);
	append(w, DELIVERY, buf_z(&b));
}

static void begin_old(struct world *w)
{
	strcpy(w->logs, "/tmp/test-growth-XXXXXX");
	assert_non_null(mkdtemp(w->logs));
	snprintf(w->index, sizeof(w->index), "%s.index", w->logs);
}

/* Forty seconds before the end of what was read the joining anew begins: between both. */
static void what_made_a_message_is_joined_anew(void **state)
{
	struct tail_made made_it;
	struct err e = { 0 };
	struct world w;
	int rc;

	(void)state;
	begin_old(&w);
	append_old(&w, 1, 10, 1);
	append(&w, DELIVERY, made);
	append_old(&w, 2, 41, 4);
	build(&w);
	append_old(&w, 3, 10, 5);
	rc = write_behind(&w, &made_it, &e);
	if (rc == 0 || strcmp(e.text, "what made a message is joined anew") != 0)
		fail_msg("%s", rc == 0 ? "it is done" : e.text);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_new_is_joined),
		cmocka_unit_test(what_made_a_message_is_joined_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
