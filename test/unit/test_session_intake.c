#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "session/intake.h"

static const struct {
	const char *in, *head, *body;
	bool blank;
	const char *put; /* where it is not what came: an empty line stands where the header was taken to end */
} t[] = {
	{ "", "", "", false, NULL },
	{ "\r\nbody\r\n", "", "body\r\n", true, NULL },
	{ "A: b\r\nC: d\r\n e\r\n\r\nbody\r\n", "A: b\r\nC: d\r\n e\r\n", "body\r\n", true, NULL },
	{ "A: b\r\n", "A: b\r\n", "", false, NULL },
	{ "A: b\r\nhello there\r\nC: d\r\n", "A: b\r\n", "hello there\r\nC: d\r\n", true,
	  "A: b\r\n\r\nhello there\r\nC: d\r\n" },
	{ " folded\r\nA: b\r\n", "", " folded\r\nA: b\r\n", true, "\r\n folded\r\nA: b\r\n" },
	{ "hello there\r\n\r\n", "", "hello there\r\n\r\n", true, "\r\nhello there\r\n\r\n" },
	{ "hello\r\n\r\n", "", "hello\r\n\r\n", true, "\r\nhello\r\n\r\n" },
	{ "A: b\r\n\r\n\r\nx\r\n", "A: b\r\n", "\r\nx\r\n", true, NULL },
};

/* The body's pieces, as they were handed out. */
static void take(struct intake *in, const char *text, size_t step, uint64_t most, struct buf *body)
{
	for (size_t at = 0; at < strlen(text); at += step) {
		struct str piece;

		intake_add(in, str_take(str_skip(str_of(text), at), step), most, &piece);
		buf_addstr(body, piece);
	}
}

static void header_and_body_whatever_the_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (size_t step = 1; step <= strlen(t[i].in) + 1; step++) {
			struct intake in = { .head = BUF_INIT };
			BUF(body);
			BUF(put);

			take(&in, t[i].in, step, 1000, &body);
			assert_int_equal(in.size, strlen(t[i].in));
			assert_string_equal(buf_z(&body), t[i].body);
			assert_true(str_eqz(buf_str(&in.head), t[i].head));
			assert_int_equal(in.blank, t[i].blank);
			/* Nothing is lost; what was judged as body is stored as body. */
			intake_put_head(&in, &put);
			buf_addstr(&put, buf_str(&body));
			assert_string_equal(buf_z(&put), t[i].put != NULL ? t[i].put : t[i].in);
			intake_clear(&in);
		}
	}
}

static void a_header_has_a_limit(void **state)
{
	static const struct {
		uint64_t most;
		bool too_big;
	} limits[] = { { 7, true }, { 8, false }, { 9, false } };

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct intake in = { .head = BUF_INIT };
		BUF(body);

		take(&in, "A: b\r\n\r\nbody", 3, limits[i].most, &body);
		assert_int_equal(in.head_too_big, limits[i].too_big);
		assert_string_equal(buf_z(&body), limits[i].too_big ? "" : "body");
		assert_int_equal(intake_end(&in), false);
		intake_clear(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_body_whatever_the_pieces),
		cmocka_unit_test(a_header_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
