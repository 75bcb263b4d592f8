/* A question that many answer: the newest of them, and how many there are, are those that a reader of the logs finds,
 * and no other message comes to life for it. */
#include "growing_world.h"
#include "index/inside.h"

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

/* An answer; alive: so many stories came to life of the index. */
struct seen {
	size_t most, found, alive;
	struct buf text;
};

static void see(void *with, struct answer *r, const struct index *x)
{
	struct seen *t = with;

	assert_true(r->chosen.n <= t->most);
	t->found = r->chosen.found;
	answer_json(&t->text, r);
	t->alive = x != NULL ? x->nall : 0;
}

static struct index *open_it(struct world *w)
{
	struct index *x = open_index(w);

	assert_non_null(x);
	return x;
}

/* A reader of the logs and the index say the same. */
static void ask_both(struct world *w, struct trace_ask t, struct seen *read, struct seen *indexed)
{
	*read = *indexed = (struct seen){ .most = t.most };
	t.tz = STR("UTC");
	tell_answer(w, NULL, t, see, read);
	tell_answer(w, open_it(w), t, see, indexed);
	if (indexed->found != read->found || !str_eq(buf_str(&read->text), buf_str(&indexed->text)))
		fail_msg("%.*s of %.*s, the newest %zu: %zu\n%s\nand by the chapters %zu\n%s", STR_ARG(t.question),
			 STR_ARG(t.domain), t.most, read->found, buf_z(&read->text), indexed->found,
			 buf_z(&indexed->text));
	buf_clear(&read->text);
	buf_clear(&indexed->text);
}

static void one_question(struct world *w, size_t row, const char *owner, size_t most)
{
	struct trace_ask t = {
		.question = str_of(rows[row].question), .most = most, .limit = most, .domain = str_of(owner)
	};
	struct seen read, indexed;

	ask_both(w, t, &read, &indexed);
	if (*owner != '\0')
		return;
	assert_int_equal(read.found, rows[row].found);
	assert_true(indexed.alive < 5 || most > 1 || !rows[row].few);
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
	begin_empty(&w);
	for (int n = 1; n < 5; n++) {
		BUF(line);

		buf_fmt(&line, never_set, n, n, n);
		append(&w, GATE, buf_z(&line));
	}
	build(&w);
	for (size_t i = 0; i < COUNT(ever); i++) {
		struct trace_ask t = { .question = str_of(ever[i]), .most = 2, .limit = 2 };
		struct seen read, indexed;

		ask_both(&w, t, &read, &indexed);
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
