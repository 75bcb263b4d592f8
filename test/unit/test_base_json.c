#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"

static void test_strings_are_harmless(void **state)
{
	static const struct {
		struct str in;
		const char *json, *shown;
	} t[] = {
		{ STR_INIT(""), "\"\"", "" },
		{ STR_INIT("plain"), "\"plain\"", "plain" },
		{ STR_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"", "a\"b\\c/d" },
		{ STR_INIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"", "\\x08\\x09\\x0a\\x0c\\x0d" },
		{ STR_INIT("a\0b\033[31m\177"), "\"a\\u0000b\\u001b[31m\\u007f\"", "a\\x00b\\x1b[31m\\x7f" },
		{ STR_INIT("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa7"),
		  "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa7\"", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa7" },
		{ STR_INIT("\xff"), "\"\xef\xbf\xbd\"", "\\xff" },
		{ STR_INIT("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\\xc0\\xaf" },
		{ STR_INIT("\xe0\x80\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\\xe0\\x80\\xaf" },
		{ STR_INIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\\xed\\xa0\\x80" },
		{ STR_INIT("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		  "\\xf4\\x90\\x80\\x80" },
		{ STR_INIT("cut \xe2\x82"), "\"cut \xef\xbf\xbd\xef\xbf\xbd\"", "cut \\xe2\\x82" },
		{ STR_INIT("\xc2\x9b"
			   "31m"),
		  "\"\xc2\x9b"
		  "31m\"",
		  "\\xc2\\x9b"
		  "31m" },
		{ STR_INIT("\xe2\x80\xae"
			   "gpj"),
		  "\"\xe2\x80\xae"
		  "gpj\"",
		  "\\xe2\\x80\\xae"
		  "gpj" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(json);
		BUF(shown);
		struct json j = json_to(&json);

		json_str(&j, t[i].in);
		assert_string_equal(buf_z(&json), t[i].json);
		utf8_show(&shown, t[i].in);
		assert_string_equal(buf_z(&shown), t[i].shown);
	}
}

static void test_commas_place_themselves(void **state)
{
	BUF(b);
	struct json j = json_to(&b);

	(void)state;
	json_begin_object(&j);
	json_key(&j, "empty"), json_begin_object(&j), json_end_object(&j);
	json_key(&j, "none"), json_begin_array(&j), json_end_array(&j);
	json_key(&j, "list"), json_begin_array(&j);
	json_num(&j, -1);
	json_begin_array(&j), json_end_array(&j);
	json_begin_object(&j);
	json_key_str(&j, STR("k\n")), json_bool(&j, false);
	json_end_object(&j);
	json_none(&j);
	json_end_array(&j);
	json_key(&j, "z"), json_z(&j, NULL);
	json_key(&j, "y"), json_z(&j, "y");
	json_key(&j, "big"), json_num(&j, INT64_C(9007199254740991));
	json_end_object(&j);
	assert_string_equal(buf_z(&b),
			    "{\"empty\":{},\"none\":[],\"list\":[-1,[],{\"k\\n\":false},null],\"z\":null,\"y\":\"y\","
			    "\"big\":9007199254740991}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings_are_harmless),
		cmocka_unit_test(test_commas_place_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
