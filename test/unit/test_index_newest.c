/* A question that many answer: the newest of them, and how many there are, are those that a reader of the logs finds,
 * and no other message comes to life for it. */
#include "growing_world.h"
#include "index/inside.h"
#include "trace/answer.h"

static const struct {
	const char *question;
	size_t found;
	bool few; /* of the newest one only a part comes to life: rows tell who answers */
} rows[] = {
	{ "from:*", 5, true },
	{ "from:a*@b.example", 5, true },
	{ "to:recipient@example.com", 5, true },
	{ "verdict:delivered", 3, true },
	{ "port:25 verdict:delivered", 3, true },
	{ "after:\"2022-01-03 10:02:00\"", 4, true },
	{ "before:\"2022-01-03 10:04:00\"", 3, true },
	{ "from:a2@b.example", 1, false },
	{ "port:587", 0, false },
	{ "ip:192.0.2.1", 5, false },
	{ "text:recipient", 5, false },
};

static const size_t mosts[] = { 1, 2, 100 };
static const char *const owners[] = { "", "example.com", "b.example" }; /* who sees what his domain's mail is about */

static const char never_set[] =
    "1970-01-01T00:0%d:00+02:00 mx spamdyke[10%d]: DENIED_RDNS_MISSING from: a%d@b.example to: recipient@example.com "
    "origin_ip: 192.0.2.1 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)\n";

static void ask(struct trace_ask t, size_t *found, struct buf *out)
{
	struct err e = { 0 };
	struct answer r;

	t.tz = STR("UTC");
	t.now = 1641300000;
	if (trace_answer(&r, &t, &e) < 0)
		fail_msg("%.*s: %s", STR_ARG(t.question), e.text);
	assert_true(r.chosen.n <= t.most);
	*found = r.chosen.found;
	answer_json(out, &r);
	answer_clear(&r);
}

static void by_reading(const struct world *w, struct trace_ask t, size_t *found, struct buf *out)
{
	struct source s;

	source_init(&s);
	t.source = &s;
	assert_int_equal(source_add(&s, w->logs, NULL), 0);
	ask(t, found, out);
	source_clear(&s);
}

static struct index *open_it(struct world *w)
{
	struct survey_paths p = paths_of(w);
	struct err e = { 0 };
	struct index *x = index_open(w->index, &p, &e);

	if (x == NULL)
		fail_msg("%s", e.text);
	return x;
}

/* *alive: so many stories came to life. */
static void by_chapters(struct world *w, struct trace_ask t, size_t *found, size_t *alive, struct buf *out)
{
	struct index *x = open_it(w);
	struct source s;

	source_init(&s);
	index_attach(x, &s, &t);
	ask(t, found, out);
	*alive = x->nall;
	assert_true(index_sound(x));
	source_clear(&s);
	index_close(x);
}

static void one_question(struct world *w, size_t row, const char *owner, size_t most)
{
	struct trace_ask t = {
		.question = str_of(rows[row].question), .most = most, .limit = most, .domain = str_of(owner)
	};
	size_t read, found, alive;
	BUF(one);
	BUF(other);

	by_reading(w, t, &read, &one);
	by_chapters(w, t, &found, &alive, &other);
	if (found != read || !str_eq(buf_str(&one), buf_str(&other)))
		fail_msg("%s of %s, the newest %zu: %zu\n%s\nand by the chapters %zu\n%s", rows[row].question, owner,
			 most, read, buf_z(&one), found, buf_z(&other));
	if (*owner != '\0')
		return;
	assert_int_equal(read, rows[row].found);
	assert_true(alive < 5 || most > 1 || !rows[row].few);
}

static void the_newest_are_those_of_a_reader(void **state)
{
	struct world w;
	struct index *x;

	(void)state;
	begin(&w);
	build(&w);
	a_result(&w);
	append_message(&w, 4, false);
	append_message(&w, 5, false);
	x = open_it(&w);
	assert_non_null(x->before);
	index_close(x);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < COUNT(owners); k++)
			for (size_t m = 0; m < COUNT(mosts); m++)
				one_question(&w, i, owners[k], mosts[m]);
	end(&w);
}

/* What a clock that was never set says in the east is no time that rows hold. */
static const char *const ever[] = { "from:*", "before:2022-01-01", "on:1970-01-01", "after:1970-01-01" };

static void the_newest_of_before_1970(void **state)
{
	struct world w;

	(void)state;
	strcpy(w.logs, "/tmp/test-growth-XXXXXX");
	assert_non_null(mkdtemp(w.logs));
	snprintf(w.index, sizeof(w.index), "%s.index", w.logs);
	for (int n = 1; n < 5; n++) {
		BUF(line);

		buf_fmt(&line, never_set, n, n, n);
		append(&w, GATE, buf_z(&line));
	}
	build(&w);
	for (size_t i = 0; i < COUNT(ever); i++) {
		struct trace_ask t = { .question = str_of(ever[i]), .most = 2, .limit = 2 };
		size_t read, found, alive;
		BUF(one);
		BUF(other);

		by_reading(&w, t, &read, &one);
		by_chapters(&w, t, &found, &alive, &other);
		assert_string_equal(buf_z(&other), buf_z(&one));
	}
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_are_those_of_a_reader),
		cmocka_unit_test(the_newest_of_before_1970),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
