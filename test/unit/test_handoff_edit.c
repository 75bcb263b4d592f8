/* Edits of a header: where they go, what stays as it was, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "handoff/edit.h"

#define HEADER "Received: by b\r\n\twith SMTP\r\nReceived: by a\r\nSubject : hi\r\nX-Tag: 1\r\nx-tag: 2\r\nX-TAG: 3\r\n"

static struct edit edit(enum edit_kind kind, int32_t at, const char *name, const char *value)
{
	return (struct edit){ kind, at, str_of(name), str_of(value) };
}

/* What is above our Received, a mark in its place, and what is below. */
static void written(struct buf *b, const struct head *h)
{
	head_put(b, h, HEAD_ABOVE);
	buf_adds(b, "--\r\n");
	head_put(b, h, HEAD_BELOW);
}

static void test_where_an_edit_goes(void **state)
{
	static const struct {
		enum edit_kind kind;
		int32_t at;
		const char *name, *value;
		const char *in, *out;
	} t[] = {
		{ EDIT_ADD, 0, "X", " v", "A: 1\r\n", "--\r\nA: 1\r\nX: v\r\n" },
		{ EDIT_ADD, 0, "X", "v\r\n\tw", "A: 1\r\n", "--\r\nA: 1\r\nX:v\r\n\tw\r\n" },
		{ EDIT_ADD, 0, "X", "", "", "--\r\nX:\r\n" },
		{ EDIT_INSERT, 0, "X", " v", "A: 1\r\n", "X: v\r\n--\r\nA: 1\r\n" },
		{ EDIT_INSERT, 1, "X", " v", "A: 1\r\nB: 2\r\n", "--\r\nX: v\r\nA: 1\r\nB: 2\r\n" },
		{ EDIT_INSERT, 2, "X", " v", "A: 1\r\nB: 2\r\n", "--\r\nA: 1\r\nX: v\r\nB: 2\r\n" },
		{ EDIT_INSERT, 3, "X", " v", "A: 1\r\nB: 2\r\n", "--\r\nA: 1\r\nB: 2\r\nX: v\r\n" },
		{ EDIT_INSERT, INT32_MAX, "X", " v", "A: 1\r\n", "--\r\nA: 1\r\nX: v\r\n" },
		{ EDIT_INSERT, -3, "X", " v", "A: 1\r\n", "X: v\r\n--\r\nA: 1\r\n" },
		{ EDIT_CHANGE, 1, "a", " v", "A: 1\r\nA: 2\r\n", "--\r\na: v\r\nA: 2\r\n" },
		{ EDIT_CHANGE, 2, "A", " v", "A: 1\r\nA: 2\r\n", "--\r\nA: 1\r\nA: v\r\n" },
		{ EDIT_CHANGE, 3, "A", " v", "A: 1\r\nA: 2\r\n", "--\r\nA: 1\r\nA: 2\r\nA: v\r\n" },
		{ EDIT_CHANGE, 1, "AB", " v", "A: 1\r\n", "--\r\nA: 1\r\nAB: v\r\n" },
		{ EDIT_DELETE, 1, "A", "", "A: 1\r\n 1\r\nA: 2\r\n", "--\r\nA: 2\r\n" },
		{ EDIT_DELETE, -1, "A", "", "A: 1\r\nB: 1\r\nA: 2\r\n", "--\r\nA: 1\r\nB: 1\r\n" },
		{ EDIT_DELETE, -2, "A", "", "A: 1\r\nB: 1\r\nA: 2\r\n", "--\r\nB: 1\r\nA: 2\r\n" },
		{ EDIT_DELETE, 0, "A", "", "A: 1\r\nB: 1\r\na: 2\r\n", "--\r\nB: 1\r\n" },
		{ EDIT_DELETE, 3, "A", "", "A: 1\r\nA: 2\r\n", "--\r\nA: 1\r\nA: 2\r\n" },
		{ EDIT_DELETE, 1, "Subject", "", "Subject : x\r\nB: 1\r\n", "--\r\nB: 1\r\n" },
		{ EDIT_ADD, 0, "X", " v", "From somebody\r\n: no name\r\nA: 1",
		  "--\r\nFrom somebody\r\n: no name\r\nA: 1X: v\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct edit d = edit(t[i].kind, t[i].at, t[i].name, t[i].value);
		struct head h;
		ARENA(a);
		BUF(b);

		head_read(&h, &a, str_of(t[i].in));
		assert_int_equal(head_edit(&h, &d, 1), 0);
		written(&b, &h);
		assert_string_equal(buf_z(&b), t[i].out);
	}
}

static void test_places_count_what_was_inserted_before(void **state)
{
	const struct edit d[] = {
		edit(EDIT_INSERT, 0, "One", " 1"),   edit(EDIT_INSERT, 0, "Two", " 2"),
		edit(EDIT_INSERT, 2, "Three", " 3"), edit(EDIT_INSERT, 4, "Four", " 4"),
		edit(EDIT_DELETE, 1, "two", ""),
	};
	struct head h;
	ARENA(a);
	BUF(b);

	(void)state;
	head_read(&h, &a, STR("A: 1\r\n"));
	assert_int_equal(head_edit(&h, d, COUNT(d)), 0);
	written(&b, &h);
	assert_string_equal(buf_z(&b), "One: 1\r\nThree: 3\r\n--\r\nFour: 4\r\nA: 1\r\n");
}

static void test_what_nobody_edits_stays_as_it_was(void **state)
{
	struct head h;
	ARENA(a);
	BUF(b);

	(void)state;
	head_read(&h, &a, STR(HEADER));
	assert_int_equal(h.n, 6);
	assert_true(str_eqz(h.fields[0].value, " by b\r\n\twith SMTP"));
	assert_true(str_eqz(h.fields[2].name, "Subject"));
	assert_true(str_eqz(h.fields[2].value, " hi"));
	head_put(&b, &h, HEAD_WHOLE);
	assert_string_equal(buf_z(&b), HEADER);
}

static void test_a_stranger_s_edit_is_made_or_refused(void **state)
{
	static const struct {
		struct str name, value;
		const char *made, *why;
	} t[] = {
		{ STR_INIT("X-A"), STR_INIT(" v"), " v", NULL },
		{ STR_INIT("X-A"), STR_INIT(" v\n"), " v", NULL },
		{ STR_INIT("X-A"), STR_INIT(" v;\n\tw"), " v;\r\n\tw", NULL },
		{ STR_INIT("X-A"), STR_INIT(" v;\r\n w\r\n"), " v;\r\n w", NULL },
		{ STR_INIT("X-A"), STR_INIT(" \xc3\xa4"), " \xc3\xa4", NULL },
		{ STR_INIT(""), STR_INIT(" v"), NULL, "a field without a name" },
		{ STR_INIT("X A"), STR_INIT(" v"), NULL, "a field's name has a byte that no name has" },
		{ STR_INIT("X:"), STR_INIT(" v"), NULL, "a field's name has a byte that no name has" },
		{ STR_INIT("X\r\nBcc"), STR_INIT(" v"), NULL, "a field's name has a byte that no name has" },
		{ STR_INIT("X\0"), STR_INIT(" v"), NULL, "a field's name has a byte that no name has" },
		{ STR_INIT("X"), STR_INIT("v\nBcc: x@example.org"), NULL,
		  "a field's value has a line end that is no fold" },
		{ STR_INIT("X"), STR_INIT("v\r\n\r\nbody"), NULL, "a field's value has a line end that is no fold" },
		{ STR_INIT("X"), STR_INIT("v\n \n w"), NULL, "a field's value has a line end that is no fold" },
		{ STR_INIT("X"), STR_INIT("v\n  "), NULL, "a field's value has a line end that is no fold" },
		{ STR_INIT("X"), STR_INIT("v\rw"), NULL, "a field's value has a line end that is no fold" },
		{ STR_INIT("X"), STR_INIT("v\0w"), NULL, "a field's value has a control character" },
		{ STR_INIT("X"), STR_INIT("v\033[1m"), NULL, "a field's value has a control character" },
		{ STR_INIT("X"), STR_INIT("v\177"), NULL, "a field's value has a control character" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct edit d = { .kind = EDIT_ADD, .name = t[i].name, .value = t[i].value };
		const char *why;
		ARENA(a);

		assert_int_equal(edit_make(&d, &a, &why), t[i].made != NULL ? 0 : -1);
		if (t[i].made != NULL)
			assert_true(str_eqz(d.value, t[i].made));
		else
			assert_string_equal(why, t[i].why);
	}
}

static void test_lengths(void **state)
{
	static const struct {
		size_t name, first, fold;
		const char *why;
	} t[] = {
		{ EDIT_NAME_MAX, 10, 0, NULL },
		{ EDIT_NAME_MAX + 1, 10, 0, "a field's name is too long" },
		{ 10, EDIT_LINE_MAX - 11, 0, NULL },
		{ 10, EDIT_LINE_MAX - 10, 0, "a line of a field's value is too long" },
		{ 10, 10, EDIT_LINE_MAX - 1, NULL },
		{ 10, 10, EDIT_LINE_MAX, "a line of a field's value is too long" },
		{ 10, EDIT_VALUE_MAX + 1, 0, "a field's value is too long" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		static char x[EDIT_VALUE_MAX + 1];
		struct edit d = { .kind = EDIT_ADD };
		const char *why;
		ARENA(a);
		BUF(value);

		memset(x, 'x', sizeof(x));
		buf_add(&value, x, t[i].first);
		if (t[i].fold > 0)
			buf_adds(&value, "\n ");
		buf_add(&value, x, t[i].fold);
		d.name = str_mem(x, t[i].name);
		d.value = buf_str(&value);
		assert_int_equal(edit_make(&d, &a, &why), t[i].why == NULL ? 0 : -1);
		if (t[i].why != NULL)
			assert_string_equal(why, t[i].why);
	}
}

static void test_what_is_not_allowed_is_passed_over(void **state)
{
	const struct edit d[] = { edit(EDIT_ADD, 0, "X", "v\r\nBcc: x"), edit(EDIT_ADD, 0, "Y", " v"),
				  edit(EDIT_DELETE, 0, "", "") };
	struct head h;
	ARENA(a);
	BUF(b);

	(void)state;
	head_read(&h, &a, STR("A: 1\r\n"));
	assert_int_equal(head_edit(&h, d, COUNT(d)), 2);
	head_put(&b, &h, HEAD_WHOLE);
	assert_string_equal(buf_z(&b), "A: 1\r\nY: v\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_an_edit_goes),
		cmocka_unit_test(test_places_count_what_was_inserted_before),
		cmocka_unit_test(test_what_nobody_edits_stays_as_it_was),
		cmocka_unit_test(test_a_stranger_s_edit_is_made_or_refused),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_what_is_not_allowed_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
