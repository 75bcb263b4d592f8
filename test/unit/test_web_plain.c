/* Pages without a script: what stands in a text is never markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/plain.h"

static void texts_are_never_markup(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "", "<p></p>\n" },
		{ "a b", "<p>a b</p>\n" },
		{ "<script>\"&'", "<p>&#60;script&#62;&#34;&#38;&#39;</p>\n" },
		{ "\xd1\x84\xe2\x82\xac", "<p>\xd1\x84\xe2\x82\xac</p>\n" },
		{ "a\xff"
		  "b",
		  "<p>a\\xffb</p>\n" },
		{ "a\x01\n", "<p>a\\x01\\x0a</p>\n" },
		{ "\xe2\x80\xae"
		  "evil",
		  "<p>\\xe2\\x80\\xaeevil</p>\n" }, /* turns the text around */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		plain_text(&b, "p", str_of(t[i].text));
		assert_string_equal(buf_z(&b), t[i].want);
	}
}

static void a_button_posts(void **state)
{
	BUF(b);

	(void)state;
	plain_button(&b, "n", "v", "Do it");
	assert_string_equal(buf_z(&b), "<form method=\"post\"><input type=\"hidden\" name=\"n\" value=\"v\">"
				       "<p><button class=\"button main\">Do it</button></p></form>\n");
}

static void a_fact_without_text_is_left_out(void **state)
{
	BUF(b);

	(void)state;
	plain_fact(&b, "To", STR(""));
	assert_int_equal(b.n, 0);
	plain_fact(&b, "To", STR("x"));
	assert_string_equal(buf_z(&b), "<dt>To</dt>\n<dd>x</dd>\n");
}

static void an_address_is_a_link(void **state)
{
	static const struct {
		const char *address, *about, *want;
	} t[] = {
		{ "post@x.example", "a b",
		  "<p><a href=\"mailto:post@x.example?subject=a%20b\">post@x.example</a></p>\n" },
		{ "a\"&?b@x", "", "<p><a href=\"mailto:a%22%26%3Fb@x?subject=\">a&#34;&#38;?b@x</a></p>\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		plain_mail(&b, str_of(t[i].address), str_of(t[i].about));
		assert_string_equal(buf_z(&b), t[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_never_markup),
		cmocka_unit_test(a_button_posts),
		cmocka_unit_test(a_fact_without_text_is_left_out),
		cmocka_unit_test(an_address_is_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
