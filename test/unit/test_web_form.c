/* From an address and a body to decoded values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/http.h"

static void targets(void **state)
{
	static const struct {
		const char *prefix, *in;
		int code;
		const char *path;
	} t[] = {
		{ "/", "/", 0, "/" },
		{ "/", "/api/trace", 0, "/api/trace" },
		{ "/", "/a%20b%C3%A9", 0, "/a b\xc3\xa9" },
		{ "/", "/a/", 0, "/a/" },
		{ "/", "/a+b", 0, "/a+b" },
		{ "/", "/x#y?z=1", 0, "/x" },
		{ "/mail/", "/mail/", 0, "/" },
		{ "/mail/", "/mail/a", 0, "/a" },
		{ "/mail/", "/mail", 301, NULL },
		{ "/mail/", "/", 404, NULL },
		{ "/mail/", "/mailbox", 404, NULL },
		{ "/mail/", "/mail/../x", 400, NULL },
		{ "/", "", 400, NULL },
		{ "/", "*", 400, NULL },
		{ "/", "a", 400, NULL },
		{ "/", "http://a/", 400, NULL },
		{ "/", "//", 400, NULL },
		{ "/", "/a//b", 400, NULL },
		{ "/", "/.", 400, NULL },
		{ "/", "/..", 400, NULL },
		{ "/", "/a/../b", 400, NULL },
		{ "/", "/%2e%2E/b", 400, NULL },
		{ "/", "/a%2fb", 400, NULL },
		{ "/", "/a%2Fb", 400, NULL },
		{ "/", "/a%5cb", 400, NULL },
		{ "/", "/a\\b", 400, NULL },
		{ "/", "/%", 400, NULL },
		{ "/", "/%2", 400, NULL },
		{ "/", "/%zz", 400, NULL },
		{ "/", "/%00", 400, NULL },
		{ "/", "/%0a", 400, NULL },
		{ "/", "/%7f", 400, NULL },
		{ "/", "/%ff", 400, NULL },
		{ "/", "/%c0%ae", 400, NULL }, /* a dot, spelt too long */
		{ "/", "/.hidden", 0, "/.hidden" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(mem);
		struct web_request q = { .mem = &mem };
		const char *why;

		if (http_target(str_of(t[i].in), str_of(t[i].prefix), &q, &why) != t[i].code)
			fail_msg("%s", t[i].in);
		if (t[i].code == 0)
			assert_true(str_eqz(q.path, t[i].path));
	}
}

static void values(void **state)
{
	static const struct {
		const char *type, *in; /* type NULL: of a query */
		int code;
		const char *a, *b;
	} t[] = {
		{ NULL, "a=1&b=2", 0, "1", "2" },
		{ NULL, "&&a=1&", 0, "1", "" },
		{ NULL, "a", 0, "", "" },
		{ NULL, "a=x+y%2Bz&b=%C3%A9", 0, "x y+z", "\xc3\xa9" },
		{ NULL, "a==&b=a=b", 0, "=", "a=b" },
		{ NULL, "a=1&a=2", 400, NULL, NULL },
		{ NULL, "=1", 400, NULL, NULL },
		{ NULL, "a=%", 400, NULL, NULL },
		{ NULL, "a=%00", 400, NULL, NULL },
		{ NULL, "%0a=1", 400, NULL, NULL },
		{ "application/x-www-form-urlencoded", "a=1&b=x+y", 0, "1", "x y" },
		{ "application/json", "{\"a\":\"x\",\"b\":12}", 0, "x", "12" },
		{ "Application/JSON", " {\"a\":true,\"b\":null} ", 0, "true", "" },
		{ "application/json", "{\"a\":\"\\u00e9\\n\"}", 0, "\xc3\xa9\n", "" },
		{ "application/json", "{}", 0, "", "" },
		{ "application/json", "[]", 400, NULL, NULL },
		{ "application/json", "{\"a\":{}}", 400, NULL, NULL },
		{ "application/json", "{\"a\":1.5}", 400, NULL, NULL },
		{ "application/json", "{\"a\":1,\"a\":2}", 400, NULL, NULL },
		{ "application/json", "{\"a\":\"\\u0000\"}", 400, NULL, NULL },
		{ "application/json", "{\"\":1}", 400, NULL, NULL },
		{ "application/json", "{\"a\":1}x", 400, NULL, NULL },
		{ "application/json", "{\"a\":\"\xff\"}", 400, NULL, NULL },
		{ "text/xml", "<a/>", 415, NULL, NULL },
		{ "multipart/form-data", "--x\r\n", 0, NULL, NULL },
		{ "", "a=1", 415, NULL, NULL },
		{ "text/xml", "", 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(mem);
		struct web_request q = { .mem = &mem };
		const char *why;
		int code = t[i].type != NULL ? http_body(str_of(t[i].type), str_of(t[i].in), &q, &why)
					     : http_target(arena_fmt(&mem, "/?%s", t[i].in), STR("/"), &q, &why);

		if (code != t[i].code)
			fail_msg("row %zu %s: %d", i, t[i].in, code);
		if (code != 0)
			continue;
		assert_true(str_eqz(web_param(&q, "a"), t[i].a) && str_eqz(web_param(&q, "b"), t[i].b));
	}
}

static void a_body_adds_to_the_query_and_both_are_limited(void **state)
{
	ARENA(mem);
	struct web_request q = { .mem = &mem };
	const char *why;
	BUF(many);

	(void)state;
	assert_int_equal(http_target(STR("/x?a=1"), STR("/"), &q, &why), 0);
	assert_int_equal(http_body(STR("text/plain"), STR("a whole\nmessage"), &q, &why), 0);
	assert_true(str_eqz(web_param(&q, "text"), "a whole\nmessage") && str_eqz(web_param(&q, "a"), "1"));
	assert_int_equal(http_body(STR("application/json"), STR("{\"a\":2}"), &q, &why), 400);
	assert_true(web_has_param(&q, "a") && !web_has_param(&q, "b"));
	for (int i = 0; i <= WEB_PARAMS_MAX; i++)
		buf_fmt(&many, "v%d=&", i);
	q.nparams = 0;
	assert_int_equal(http_body(STR("application/x-www-form-urlencoded"), buf_str(&many), &q, &why), 400);
	assert_int_equal(q.nparams, WEB_PARAMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),
		cmocka_unit_test(values),
		cmocka_unit_test(a_body_adds_to_the_query_and_both_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
