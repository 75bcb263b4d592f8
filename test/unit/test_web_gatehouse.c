/* The address that an administrator's link begins with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "web/web.h"

static const struct {
	const char *conf, *url;
} rows[] = {
	{ "bind = {\"127.0.0.1:8025\"}", "http://127.0.0.1:8025/" },
	{ "bind = {\"[::1]:8025\", \"127.0.0.1:8025\"}", "http://[::1]:8025/" },
	{ "bind = {\"127.0.0.1:8025\"} host = {\"www.example.com\"}", "http://127.0.0.1:8025/" },
	{ "bind = {\"127.0.0.1:8025\"} address = \"https://log.example.com/mail/\"", "https://log.example.com/mail/" },
	{ "bind = {\"127.0.0.1:8025\"} proxy = {\"127.0.0.1\"}", "https://mx.example.com/" },
	{ "bind = {\"127.0.0.1:8025\"} proxy = {\"127.0.0.1\"} host = {\"www.example.com\"}",
	  "https://www.example.com/" },
	{ "bind = {\"127.0.0.1:8443\"} certificate = \"c\" key = \"k\"", "https://mx.example.com:8443/" },
	{ "bind = {\"0.0.0.0:443\"} certificate = \"c\" key = \"k\"", "https://mx.example.com/" },
	{ "bind = {\"0.0.0.0:8025\"}", "http://mx.example.com:8025/" },
	{ "bind = {\"[::]:80\"} host = {\"log.example.com\"}", "http://log.example.com/" },
};

static void every_way_to_the_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf c;
		struct err e = { 0 };
		ARENA(mem);
		BUF(text);

		buf_fmt(&text, "hostname = \"mx.example.com\"\nweb { %s }\n", rows[i].conf);
		if (conf_parse(&c, buf_str(&text), "test", &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		assert_true(str_eqz(web_url(&c, STR("/"), &mem), rows[i].url));
		assert_true(str_ends(web_url(&c, STR("/mail/"), &mem), STR("/mail/")));
		conf_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_way_to_the_page) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
