/* Rows of several chapters are those of one: whatever stands in which, and whatever a later one tells anew. */
#include "growing_world.h"
#include "trace/group.h"

static void two_messages(const struct world *w)
{
	append_message(w, 4, true);
	append_message(w, 5, false);
}

static void a_result_and_a_message(const struct world *w)
{
	a_result(w);
	a_message(w);
}

static void another_port(const struct world *w)
{
	append(w, "smtp-465.log",
	       "2022-01-03 10:00:01, zone, +00:00, 1641204001\n\n"
	       "2022-01-03 10:00:02, session, 106, 192.0.2.9, 1234, 1641204002.000\n"
	       "2022-01-03 10:00:02, from, z@b.example\n"
	       "2022-01-03 10:00:02, resp, 250 ok\n"
	       "2022-01-03 10:00:02, to, <nobody@example.com>\n"
	       "2022-01-03 10:00:02, resp, 550 5.1.1 no such user\n\n");
}

static const struct {
	const char *name;
	void (*happens)(const struct world *w);
} rows[] = {
	{ "a message more", a_message },
	{ "two, of which one waits", two_messages },
	{ "one that was there is told anew", a_result },
	{ "both", a_result_and_a_message },
	{ "one that is older than the others, in a log of another port", another_port },
};

/* Row by row in words, as numbers of texts may be others. */
static void say(const struct rows *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		buf_fmt(out, "%u %u %.*s>%.*s %.*s %u %u %.*s %u\n", r->time[i], r->story[i] - r->story[0],
			STR_ARG(r->names.text[r->from[i]]), STR_ARG(r->names.text[r->to[i]]),
			STR_ARG(r->ips.text[r->ip[i]]), r->verdict[i], r->reason[i], STR_ARG(r->ports.text[r->port[i]]),
			r->whole[i]);
}

/* What of them lies within the span. */
static void say_within(struct rows *r, struct span span, struct buf *out)
{
	rows_choose(r, &(struct question){ .n = 0 }, span);
	say(r, out);
	rows_clear(r);
}

static void by_reading(const struct world *w, struct span span, struct buf *out)
{
	struct source s;
	struct book b;
	struct tale t;
	struct rows r = { 0 };

	source_init(&s);
	assert_int_equal(source_add(&s, w->logs, NULL), 0);
	book_init(&b, &s);
	group_read(&b, 1641300000);
	complete(&t, &b);
	rows_of_tale(&r, &t);
	say_within(&r, span, out);
	book_clear(&b);
	source_clear(&s);
}

/* Whether or not they are asked for a span; *given: so many rows they gave. */
static void by_chapters(struct world *w, struct span span, struct buf *out, size_t *given)
{
	struct index *x = open_index(w);
	struct rows r = { 0 };

	assert_non_null(x);
	assert_non_null(x->before);
	assert_true(merge_rows(x, span, &r));
	*given = r.n;
	say_within(&r, span, out);
	index_close(x);
}

enum { LATER = 1641204000 /* the port's time; the world's mail is older or younger */ };

static const struct span spans[] = {
	{ INT64_MIN, INT64_MAX }, { INT64_MIN, LATER }, { LATER, LATER + 3 }, { LATER + 3, INT64_MAX }, { 1, 2 }
};

static void chapters_together_are_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;
		size_t all = 0, none = 0;

		begin(&w);
		build(&w);
		rows[i].happens(&w);
		for (size_t k = 0; k < COUNT(spans); k++) {
			BUF(read);
			BUF(merged);

			by_reading(&w, spans[k], &read);
			by_chapters(&w, spans[k], &merged, k == 0 ? &all : &none);
			if ((k == 0 && read.n == 0) || !str_eq(buf_str(&read), buf_str(&merged)))
				fail_msg("%s, span %zu:\n%s\nand of the chapters\n%s", rows[i].name, k, buf_z(&read),
					 buf_z(&merged));
		}
		assert_true(all > 0 && none == 0); /* chapters without any are not even read */
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chapters_together_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
