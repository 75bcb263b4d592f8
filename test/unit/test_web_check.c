/* What web { } may be, and the sentence where it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/check.h"

static void sections(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: good */
	} t[] = {
		{ "", NULL },
		{ "prefix = \"no-slash-and-no-page\"", NULL },
		{ "bind = {\"127.0.0.1:1\"}", NULL },
		{ "bind = {\"[::1]:1\"}", NULL },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/\"", NULL },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/mail\"", NULL },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/a/b.c/\"", NULL },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"mail\"", "prefix" },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/a//b\"", "prefix" },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/../a\"", "prefix" },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/a;b\"", "prefix" },
		{ "bind = {\"127.0.0.1:1\"} prefix = \"/a%20b\"", "prefix" },
		{ "bind = {\"127.0.0.1:1\"} host = {\"www.example.com\", \"192.0.2.1\", \"2001:db8::1\"}", NULL },
		{ "bind = {\"127.0.0.1:1\"} host = {\"www.example.com:80\"}", "host" },
		{ "bind = {\"127.0.0.1:1\"} host = {\"a/b\"}", "host" },
		{ "bind = {\"127.0.0.1:1\"} session-idle = 1m session-most = 1m", NULL },
		{ "bind = {\"127.0.0.1:1\"} session-idle = 90d session-most = 90d", NULL },
		{ "bind = {\"127.0.0.1:1\"} session-idle = 59s", "session-idle }: it is from a minute" },
		{ "bind = {\"127.0.0.1:1\"} session-idle = 8d", "session-idle }: it is from a minute to session-most" },
		{ "bind = {\"127.0.0.1:1\"} session-most = 91d", "session-most }: it is 90 days" },
		{ "bind = {\"127.0.0.1:1\"} admin-session-idle = 30d admin-session-most = 30d", NULL },
		{ "bind = {\"127.0.0.1:1\"} admin-session-idle = 1s", "admin-session-idle }: it is from a minute" },
		{ "bind = {\"127.0.0.1:1\"} admin-session-idle = 13h", "to admin-session-most" },
		{ "bind = {\"127.0.0.1:1\"} admin-session-most = 31d", "admin-session-most }: it is 30 days" },
		{ "bind = {\"127.0.0.1:1\"} address = \"https://www.example.com/\"", NULL },
		{ "bind = {\"127.0.0.1:1\"} address = \"http://[::1]:8025/a/b/\"", NULL },
		{ "bind = {\"127.0.0.1:1\"} address = \"https://www.example.com\"", "address" },
		{ "bind = {\"127.0.0.1:1\"} address = \"www.example.com/\"", "address" },
		{ "bind = {\"127.0.0.1:1\"} address = \"https:///a/\"", "address" },
		{ "bind = {\"127.0.0.1:1\"} address = \"https://a\\\"b/\"", "address" },
		{ "bind = {\"127.0.0.1:1\"} address = \"https://a.example/b?c/\"", "address" },
		{ "bind = {\"127.0.0.1:1\", \"192.0.2.1:1\"}", "in the clear" },
		{ "bind = {\"0.0.0.0:1\"}", "in the clear" },
		{ "bind = {\"0.0.0.0:1\"} proxy = {\"192.0.2.1\"}", NULL },
		{ "bind = {\"0.0.0.0:1\"} certificate = \"/nowhere\" key = \"/nowhere\"", "certificate" },
		{ "bind = {\"127.0.0.1:1\"} certificate = \"/nowhere\"", "no key" },
		{ "bind = {\"127.0.0.1:1\"} key = \"/nowhere\"", "no certificate" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(mem);
		struct str text =
		    arena_fmt(&mem, "hostname = \"a.example\"\ndata-dir = \"/tmp\"\nweb { %s }\n", t[i].text);
		struct err e = { 0 };
		struct conf c;

		assert_int_equal(conf_parse(&c, text, "FILE", &e), 0);
		if ((web_check(&c, &e) == 0) != (t[i].why == NULL))
			fail_msg("%s: %s", t[i].text, e.text);
		if (t[i].why != NULL)
			assert_true(strstr(e.text, t[i].why) != NULL && strncmp(e.text, "FILE: web { ", 12) == 0);
		conf_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sections) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
