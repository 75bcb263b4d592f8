/* Which families of an index new lines may change: three messages that have nothing in common, and one of a sender who
 * was refused for now. */
#include "growing_world.h"
#include "index/pull.h"

/* He was refused for now at 10:05, and comes from another address than the others. */
static const char refused[] = "2022-01-03 10:05:00, session, 105, 192.0.2.5, 1234, 1641204300.000\n"
			      "2022-01-03 10:05:00, from, often@b.example\n"
			      "2022-01-03 10:05:00, resp, 250 ok\n"
			      "2022-01-03 10:05:00, to, <recipient@example.com>\n"
			      "2022-01-03 10:05:00, resp, 450 later\n\n";
enum { REFUSED_AT = 1641204300, HOUR = 3600, WEEK = 168 * HOUR };

struct row {
	const char *name;
	enum key_kind kind;
	uint64_t numbers[3]; /* until 0 */
	const char *from;    /* who calls recipient@example.com; NULL: nobody */
	int64_t at;
	bool open;
	uint64_t families;
};

static const struct row rows[] = {
	{ "nothing is new", KEY_QP, { 0 }, NULL, 0, false, 0 },
	{ "a line of a known connection", KEY_CONNECTION, { 101 }, NULL, 0, false, 1 },
	{ "of a known message", KEY_QP, { 202 }, NULL, 0, false, 1 },
	{ "of a known delivery", KEY_DELIVERY, { 303 }, NULL, 0, false, 1 },
	{ "numbers of one kind are not those of another", KEY_DELIVERY, { 101, 202 }, NULL, 0, false, 0 },
	{ "two messages", KEY_QP, { 201, 203 }, NULL, 0, false, 2 },
	{ "one that nobody knows", KEY_QP, { 999 }, NULL, 0, false, 0 },
	{ "who was refused for now comes again", KEY_QP, { 0 }, "often@b.example", REFUSED_AT + HOUR, false, 1 },
	{ "a week later that is another message", KEY_QP, { 0 }, "often@b.example", REFUSED_AT + WEEK, false, 0 },
	{ "another one writes to the same", KEY_QP, { 0 }, "stranger@b.example", REFUSED_AT + HOUR, false, 0 },
	{ "who was accepted writes once more", KEY_QP, { 0 }, "a1@b.example", REFUSED_AT, false, 0 },
	{ "and is refused for now", KEY_QP, { 0 }, "a1@b.example", REFUSED_AT, true, 1 },
};

static void begin_pull(struct pull *p, struct index *x, const struct growth *g, const struct row *t)
{
	assert_true(pull_begin(p, x, g));
	for (size_t i = 0; i < COUNT(t->numbers) && t->numbers[i] != 0; i++)
		touch_number(&p->keys, t->kind, t->numbers[i]);
	if (t->from != NULL)
		touch_call(&p->keys, book_spelling(&p->book, str_of(t->from)),
			   book_spelling(&p->book, STR("recipient@example.com")), t->at, t->open);
}

/* A world, its index, and what is pulled for a row. */
struct one {
	struct world w;
	struct growth g;
	struct index *x;
	struct pull p;
};

static void begin_one(struct one *o, const struct row *t)
{
	o->x = look(&o->w, &o->g);
	begin_pull(&o->p, o->x, &o->g, t);
}

static void end_one(struct one *o)
{
	pull_clear(&o->p);
	look_away(o->x, &o->g);
}

static void what_is_pulled(void **state)
{
	struct one o;

	(void)state;
	begin(&o.w);
	append(&o.w, SMTP, refused);
	build(&o.w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_one(&o, &rows[i]);
		assert_true(pull_all(&o.p, UINT64_MAX));
		if (o.p.families != rows[i].families)
			fail_msg("%s: %llu families", rows[i].name, (unsigned long long)o.p.families);
		assert_true((o.p.n > 0) == (o.p.families > 0));
		end_one(&o);
	}
	end(&o.w);
}

/* All that a family has, each line once, in the order of the files. */
static void a_family_comes_with_all_its_lines(void **state)
{
	const struct row t = { "", KEY_CONNECTION, { 101 }, NULL, 0, false, 1 };
	struct one o;
	BUF(text);

	(void)state;
	begin(&o.w);
	build(&o.w);
	begin_one(&o, &t);
	assert_true(pull_all(&o.p, UINT64_MAX));
	assert_true(pull_sort(&o.p));
	for (size_t i = 0; i < o.p.n; i++) {
		assert_true(
		    i == 0 || o.p.lines[i - 1].file < o.p.lines[i].file ||
		    (o.p.lines[i - 1].file == o.p.lines[i].file && o.p.lines[i - 1].number < o.p.lines[i].number));
		buf_fmt(&text, "%.*s\n", (int)o.p.lines[i].length, o.p.lines[i].text);
	}
	assert_true(str_find(buf_str(&text), STR("session, 101, 192.0.2.1")) >= 0);
	assert_true(str_find(buf_str(&text), STR("resp, 250 ok 1641204100 qp 201")) >= 0);
	assert_true(str_find(buf_str(&text), STR("info, 301, qp 201")) >= 0);
	assert_true(str_find(buf_str(&text), STR("result, 301, success")) >= 0);
	assert_true(str_find(buf_str(&text), STR("spamdyke[101]")) >= 0);
	assert_true(str_find(buf_str(&text), STR("qp 202")) < 0);
	end_one(&o);
	end(&o.w);
}

static void too_much_is_not_pulled(void **state)
{
	const struct row t = { "", KEY_QP, { 201 }, NULL, 0, false, 1 };
	struct one o;

	(void)state;
	begin(&o.w);
	build(&o.w);
	begin_one(&o, &t);
	assert_false(pull_all(&o.p, 100));
	end_one(&o);
	end(&o.w);
}

/* Two chapters; the latest one's terms cannot be read. */
static void damaged_terms_are_said(void **state)
{
	const struct row t = { "", KEY_QP, { 204 }, NULL, 0, false, 1 };
	uint32_t open[] = { 0 };
	int64_t until[] = { 0 };
	struct one o;

	(void)state;
	begin(&o.w);
	build(&o.w);
	append_message(&o.w, 4, true);
	build(&o.w);
	o.x = look(&o.w, &o.g);
	assert_non_null(o.x->before);
	for (size_t i = 0; i < o.x->terms.n; i++)
		o.x->terms.at[i].keys.size++;
	o.x->before->root.open = open;
	o.x->before->root.until = until;
	o.x->before->root.nopen = 1;
	begin_pull(&o.p, o.x, &o.g, &t);
	o.p.old = true;
	assert_false(pull_all(&o.p, UINT64_MAX));
	end_one(&o);
	end(&o.w);
}

/* What one family has of a line is not what another one has of it. */
static void two_texts_of_one_line_are_refused(void **state)
{
	struct pulled_line line = { .number = 5, .at = 100, .length = 10, .text = "0123456789" };
	struct pull p = { 0 };

	(void)state;
	pull_line(&p, line);
	pull_line(&p, line);
	assert_true(pull_sort(&p));
	line.length = 4;
	line.mute = true;
	pull_line(&p, line);
	assert_true(pull_sort(&p));
	line.mute = false;
	pull_line(&p, line);
	assert_false(pull_sort(&p));
	free(p.lines);
}

/* Which file it was of a chapter that has fewer. */
static void a_file_that_is_none_is_refused(void **state)
{
	struct world w;
	struct growth g;
	struct index *x;

	(void)state;
	begin(&w);
	build(&w);
	append_message(&w, 4, true);
	build(&w);
	x = look(&w, &g);
	assert_true(index_chain(x));
	x->files[0].growth.was = (uint32_t)x->before->nfiles + 1;
	for (size_t i = 0; i < x->before->nfiles; i++)
		x->before->own.files[i].text.n = 0; /* as if nothing had stood there */
	assert_false(index_chain(x));
	look_away(x, &g);
	end(&w);
}

/* Of the provider's logs, which say no numbers: accepted at that minute, and tried once. */
static void an_old_message(const struct world *w, int minute, const char *to, const char *became)
{
	BUF(b);

	buf_fmt(&b,
		"2022-01-03 10:%02d:00, from, a@b.example\n2022-01-03 10:%02d:00, resp, 250 ok\n"
		"2022-01-03 10:%02d:00, to, <%s@shop.example>\n2022-01-03 10:%02d:00, resp, 250 ok\n"
		"2022-01-03 10:%02d:00, size, 900\n2022-01-03 10:%02d:00, resp, 250 ok %d qp 11\n\n",
		minute, minute, minute, to, minute, minute, minute, 1641204000 + 60 * minute);
	append(w, SMTP, buf_z(&b));
	buf_reset(&b);
	buf_fmt(&b,
		"2022-01-03 10:%02d:00, init, <a@b.example>\n2022-01-03 10:%02d:00, try, %d, local, %s@shop.example\n"
		"2022-01-03 10:%02d:01, result, %d, %s\n",
		minute, minute, 100 + minute, to, minute, 100 + minute, became);
	append(w, DELIVERY, buf_z(&b));
}

/* Whenever it is tried again: but nothing else leads to it. */
static void what_waits_comes_with_a_try_for_its_recipient(void **state)
{
	static const char later[] = "deferral, Unable_to_chdir_to_maildir._(#4.2.1)/";
	static const struct {
		const char *tried;
		uint64_t families;
	} t[] = {
		{ "anna@shop.example", 1 },
		{ "bob@shop.example", 1 },
		{ "carl@shop.example", 0 }, /* he waits for nothing */
		{ "nobody@shop.example", 0 },
	};
	const struct row nothing_new = { "", KEY_QP, { 0 }, NULL, 0, false, 0 };
	struct one o;

	(void)state;
	begin_empty(&o.w);
	an_old_message(&o.w, 0, "anna", later);
	an_old_message(&o.w, 1, "bob", later);
	an_old_message(&o.w, 2, "carl", "success, did_1+0+0/");
	for (int minute = 40; minute < 60; minute++)
		an_old_message(&o.w, minute, "dora", "success, did_1+0+0/");
	build(&o.w);
	for (size_t i = 0; i < COUNT(t); i++) {
		begin_one(&o, &nothing_new);
		o.p.open_from = o.p.known.since = INT64_MAX; /* what the end leaves open is not looked at */
		assert_true(pull_all(&o.p, UINT64_MAX));
		pull_await(&o.p, str_of(t[i].tried));
		o.p.families = 0;
		assert_true(pull_all(&o.p, UINT64_MAX));
		if (o.p.families != t[i].families)
			fail_msg("%s: %llu families", t[i].tried, (unsigned long long)o.p.families);
		end_one(&o);
	}
	end(&o.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_pulled),
		cmocka_unit_test(a_family_comes_with_all_its_lines),
		cmocka_unit_test(too_much_is_not_pulled),
		cmocka_unit_test(what_waits_comes_with_a_try_for_its_recipient),
		cmocka_unit_test(damaged_terms_are_said),
		cmocka_unit_test(two_texts_of_one_line_are_refused),
		cmocka_unit_test(a_file_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
