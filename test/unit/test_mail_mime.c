/* Messages in pieces: line ends, fields, parts, encodings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/field.h"
#include "mail/mime.h"

static void line_ends_become_one(void **state)
{
	ARENA(a);

	(void)state;
	assert_true(str_eqz(field_lines(&a, STR("a\r\nb\rc\nd\0e\r\r\n")), "a\nb\nc\nde\n\n"));
	assert_int_equal(field_lines(&a, STR("")).n, 0);
}

static void fields_are_found(void **state)
{
	static const struct {
		const char *name, *value;
	} t[] = {
		{ "subject", "two lines" },
		{ "X-Odd", "gap before the colon" },
		{ "Empty", "" },
		{ "To", "first" },
		{ "Body", "" },
		{ "Missing", "" },
	};
	struct str text = STR("Subject: two\n\tlines\nno field\n folded onto it\nX-Odd : gap before the colon\nEmpty:\n"
			      "To: first\nTo: second\n\nBody: no\n");
	struct str head, body;
	ARENA(a);

	(void)state;
	field_split(text, &head, &body);
	assert_true(str_eqz(body, "Body: no\n"));
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str got = field_plain(&a, field_get(head, t[i].name));

		if (!str_eqz(got, t[i].value))
			fail_msg("%s: %.*s", t[i].name, STR_ARG(got));
	}
	field_split(STR("\nno header"), &head, &body);
	assert_true(head.n == 0 && str_eqz(body, "no header"));
	field_split(STR("A: b"), &head, &body);
	assert_true(str_eqz(head, "A: b") && body.n == 0);
}

static void parameters_may_be_quoted(void **state)
{
	static const struct {
		const char *value, *name, *is;
	} t[] = {
		{ "multipart/mixed; boundary=abc", "boundary", "abc" },
		{ "multipart/mixed;\n\tBoundary=\"a;b=c\"; x=y", "boundary", "a;b=c" },
		{ "multipart/mixed; boundary=\"a", "boundary", "a" },
		{ "text/plain", "charset", "" },
		{ "text/plain; charset", "charset", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (!str_eqz(field_param(str_of(t[i].value), t[i].name), t[i].is))
			fail_msg("%s", t[i].value);
}

static void addresses_are_found(void **state)
{
	static const struct {
		const char *text, *is;
		size_t at;
	} t[] = {
		{ "<bob@example.com>: no", "bob@example.com", 1 },
		{ "to: x+y@a.example.", "x+y@a.example", 4 },
		{ "@ a@ b@c", "", 8 },
		{ "it is @example.com", "", 18 },
		{ "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str rest = str_of(t[i].text);
		size_t at;
		struct str got = field_address(&rest, &at);

		if (!str_eqz(got, t[i].is) || at != t[i].at)
			fail_msg("%s: %.*s at %zu", t[i].text, STR_ARG(got), at);
	}
}

static void parts_are_listed(void **state)
{
	static const char message[] = "Content-Type: multipart/report; boundary=o\n\npreamble\n"
				      "--o\nContent-Type: multipart/alternative; boundary=\"i n\"\n\n"
				      "--i n\n\nplain\n--i n\nContent-Type: TEXT/html\n\n<b>x</b>\n--i n--\n"
				      "--o  \nContent-Type: message/rfc822\n\nFrom: a\n\n--oo\nbody\n--o--\nepilogue\n";
	struct mime m;

	(void)state;
	mime_walk(STR(message), &m);
	assert_int_equal(m.n, 3);
	assert_false(m.cut);
	assert_true(mime_is(&m.parts[0], "text/plain") && str_eqz(m.parts[0].body, "plain\n"));
	assert_true(mime_is(&m.parts[1], "text/") && mime_is(&m.parts[1], "text/html"));
	assert_int_equal(m.parts[1].depth, 2);
	assert_true(str_eqz(m.parts[2].body, "From: a\n\n--oo\nbody\n"));
}

static void broken_parts_do_no_harm(void **state)
{
	struct mime m;
	BUF(b);

	(void)state;
	mime_walk(STR("Content-Type: multipart/mixed; boundary=x\n\nno boundary at all\n"), &m);
	assert_true(m.n == 1 && mime_is(&m.parts[0], "multipart/"));
	mime_walk(STR("Content-Type: multipart/mixed; boundary=x\n\n--x\n\ncut"), &m);
	assert_true(m.n == 1 && str_eqz(m.parts[0].body, "cut"));
	for (int i = 0; i < 20; i++) /* an onion: each part holds a part with a boundary of its own */
		buf_fmt(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	mime_walk(buf_str(&b), &m);
	assert_true(m.cut);
	buf_reset(&b);
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=x\n\n");
	for (int i = 0; i < 200; i++)
		buf_adds(&b, "--x\n\na\n");
	mime_walk(buf_str(&b), &m);
	assert_true(m.cut && m.n == MIME_PARTS_MAX);
}

static void encodings_are_undone(void **state)
{
	static const struct {
		const char *type, *encoding, *body, *is;
	} t[] = {
		{ "text/plain", "7bit", "as it is\r\n", "as it is\n" },
		{ "text/plain", "quoted-printable", "a=3Db=\nc=ZZ=", "a=bc=ZZ=" },
		{ "text/plain", "base64", "dXNlciB1bmtub3du\nIQ==", "user unknown!" },
		{ "text/plain", "BASE64", "dXNl?c", "use" },
		{ "text/plain; charset=ISO-2022-JP", "7bit", "\033$B%e!<\033(B user unknown", "   user unknown" },
		{ "text/html", "7bit", "<p>user&nbsp;<b>unknown</b> &lt;a@b&gt;<br>x<style>y</style>z",
		  "\nuser  unknown  <a@b>\nx  z" },
		{ "text/html", "7bit", "<style>a < b", " a < b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct mime m;
		struct str got;

		mime_walk(arena_fmt(&a, "Content-Type: %s\nContent-Transfer-Encoding: %s\n\n%s", t[i].type,
				    t[i].encoding, t[i].body),
			  &m);
		got = mime_text(&a, &m.parts[0]);
		if (!str_eqz(got, t[i].is))
			fail_msg("%s: <%.*s>", t[i].body, STR_ARG(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_ends_become_one),     cmocka_unit_test(fields_are_found),
		cmocka_unit_test(parameters_may_be_quoted), cmocka_unit_test(addresses_are_found),
		cmocka_unit_test(parts_are_listed),         cmocka_unit_test(broken_parts_do_no_harm),
		cmocka_unit_test(encodings_are_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
