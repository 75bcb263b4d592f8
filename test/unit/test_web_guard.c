/* What a browser was led to ask by somebody who is not us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/web.h"

static const char text[] = "hostname = \"mx.example.com\"\ndata-dir = \"/tmp\"\n"
			   "web { bind = {\"127.0.0.1:8025\"} host = {\"www.example.com\"} "
			   "address = \"https://log.example.com:8443/mail/\" proxy = {\"10.0.0.1\"} }\n";

static void hosts_that_are_ours(void **state)
{
	static const struct {
		const char *host;
		int code;
	} t[] = {
		{ "localhost", 0 },
		{ "localhost:8025", 0 },
		{ "127.0.0.1", 0 },
		{ "[::1]:1", 0 },
		{ "mx.example.com", 0 },
		{ "MX.EXAMPLE.COM:2", 0 },
		{ "www.example.com", 0 },
		{ "log.example.com", 0 },
		{ "og.example.com", 421 },
		{ "192.0.2.5", 0 },
		{ "192.0.2.6", 421 },
		{ "example.com", 421 },
		{ "www.example.com.", 421 },
		{ "xwww.example.com", 421 },
		{ "evil.example", 421 },
		{ "", 400 },
		{ "a b", 400 },
		{ "localhost:x", 400 },
	};
	ARENA(mem);
	struct web w = { 0 };
	struct conf c;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(conf_parse(&c, str_of(text), "x", &e), 0);
	w.conf = &c;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct web_request q = { .host = str_of(t[i].host), .mem = &mem };
		const char *why;

		if (web_guard_host(&w, &q, STR("192.0.2.5"), &why) != t[i].code)
			fail_msg("%s", t[i].host);
	}
	assert_true(web_trusts_proxy(&w, STR("10.0.0.1")) && !web_trusts_proxy(&w, STR("10.0.0.11")));
	conf_clear(&c);
}

static void origins(void **state)
{
	static const struct {
		const char *origin, *site;
		bool secure;
		int code;
	} t[] = {
		{ "", "", false, 0 },
		{ "", "same-origin", false, 0 },
		{ "", "none", false, 0 },
		{ "", "cross-site", false, 403 },
		{ "", "same-site", false, 403 },
		{ "http://a:1", "", false, 0 },
		{ "http://a:1", "cross-site", false, 0 }, /* the origin is what counts */
		{ "https://a:1", "", true, 0 },
		{ "https://a:1", "", false, 403 },
		{ "http://a:1", "", true, 403 },
		{ "http://a", "", false, 403 },
		{ "http://a:2", "", false, 403 },
		{ "http://b:1", "", false, 403 },
		{ "null", "", false, 403 },
		{ "null", "same-origin", false, 0 }, /* a form on a page of ours */
		{ "null", "cross-site", false, 403 },
		{ "null", "none", false, 403 },
		{ "file://", "", false, 403 },
		{ "http://a:1.evil.example", "", false, 403 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct web_request q = { .host = STR("a:1"), .origin = str_of(t[i].origin), .secure = t[i].secure };
		const char *why;

		if (web_guard_origin(&q, str_of(t[i].site), &why) != t[i].code)
			fail_msg("%s %s", t[i].origin, t[i].site);
	}
}

static void routes(void **state)
{
	static const struct {
		enum web_method method;
		const char *path, *route;
		bool other;
	} t[] = {
		{ WEB_GET, "/healthz", "/healthz", false },
		{ WEB_POST, "/healthz", NULL, true },
		{ WEB_GET, "/healthz/", NULL, false },
		{ WEB_GET, "/api/queue", "/api/queue", false },
		{ WEB_POST, "/api/queue", "/api/queue", true },
		{ WEB_GET, "/why/x", "/why/*", false },
		{ WEB_GET, "/why/", NULL, false },
		{ WEB_GET, "/why", NULL, false },
		{ WEB_GET, "/", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct web_request q = { .method = t[i].method, .path = str_of(t[i].path) };
		bool other;
		const struct web_route *r = web_route_of(&q, &other);

		assert_int_equal(r == NULL, t[i].route == NULL);
		if (r != NULL)
			assert_string_equal(r->path, t[i].route);
		else
			assert_int_equal(other, t[i].other);
	}
	/* Whoever changes something has the token: logging in has none yet, a letter's link bears its own. */
	for (size_t i = 0; i < web_nroutes; i++)
		assert_true(web_routes[i].method == WEB_GET || web_routes[i].token ||
			    strcmp(web_routes[i].path, "/api/login") == 0 ||
			    strcmp(web_routes[i].path, "/unsubscribe/*") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_that_are_ours),
		cmocka_unit_test(origins),
		cmocka_unit_test(routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
