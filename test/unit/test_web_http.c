/* The head of a request: what is understood, and what is refused as two servers could understand it in two ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/http.h"

#define HOST "Host: a\r\n"

static const struct {
	const char *in;
	int code;
	const char *target;
	bool keep;
	size_t length;
} heads_told[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", 0, "/", true, 0 },
	{ "HEAD /x?y HTTP/1.0\r\n" HOST "\r\n", 0, "/x?y", false, 0 },
	{ "GET / HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n\r\n", 0, "/", true, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 0, "/", false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n", 0, "/", true, 12 },
	{ "POST / HTTP/1.1\r\n" HOST "content-length: 1048576\r\n\r\n", 0, "/", true, 1048576 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413, NULL, false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400, NULL, false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400, NULL, false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400, NULL, false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, NULL, false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400, NULL, false, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 501, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 0, "/", true, 0 },
	{ "GET / HTTP/1.1\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Cookie: a\r\nCookie: b\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Origin:\r\nOrigin: b\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\r\nX: b\r\n\r\n", 0, "/", true, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\n" HOST "\r\n", 400, NULL, false, 0 },
	{ "get / HTTP/1.1\r\n" HOST "\r\n", 405, NULL, false, 0 },
	{ "PUT / HTTP/1.1\r\n" HOST "\r\n", 405, NULL, false, 0 },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505, NULL, false, 0 },
	{ "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400, NULL, false, 0 },
	{ "GET /\xd1\x84 HTTP/1.1\r\n" HOST "\r\n", 400, NULL, false, 0 },
	{ "GET / http/1.1\r\n" HOST "\r\n", 400, NULL, false, 0 },
	{ " GET / HTTP/1.1\r\n" HOST "\r\n", 400, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n\r\n", 417, NULL, false, 0 },
	{ "GET / HTTP/1.1\r\n" HOST "X-Http-Method-Override: PUT\r\n\r\n", 400, NULL, false, 0 },
};

static void heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads_told); i++) {
		struct str in = str_of(heads_told[i].in);
		struct http_head h;
		const char *why;

		assert_int_equal(http_head_length(in), in.n);
		if (http_head_parse(in, &h, &why) != heads_told[i].code)
			fail_msg("row %zu: %s", i, why != NULL ? why : "taken");
		assert_int_equal(why == NULL, heads_told[i].code == 0);
		if (heads_told[i].code != 0)
			continue;
		assert_true(str_eqz(h.target, heads_told[i].target));
		assert_int_equal(h.keep, heads_told[i].keep);
		assert_int_equal(h.length, heads_told[i].length);
	}
}

static void fields_are_taken_as_they_are(void **state)
{
	static const char in[] =
	    "POST / HTTP/1.1\r\nhost: a:1\r\nCOOKIE: x=y; z \r\nX-Telltale-Token:  t\r\n"
	    "Content-Type: text/plain ; charset=utf-8\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n"
	    "Last-Event-ID: 1-2\r\nAccept-Encoding: br, gzip\r\n\r\n";
	struct http_head h;
	const char *why;

	(void)state;
	assert_int_equal(http_head_parse(str_of(in), &h, &why), 0);
	assert_true(str_eqz(h.host, "a:1") && str_eqz(h.cookie, "x=y; z") && str_eqz(h.token, "t"));
	assert_true(str_eqz(h.type, "text/plain") && h.expects && str_eqz(h.last_event, "1-2"));
	assert_true(http_takes_gzip(h.encoding));
	assert_int_equal(h.origin.n, 0);
}

static void a_head_is_cut_and_limited(void **state)
{
	BUF(b);

	(void)state;
	assert_int_equal(http_head_length(STR("")), 0);
	assert_int_equal(http_head_length(STR("GET / HTTP/1.1\r\nHost: a\r\n")), 0);
	assert_int_equal(http_head_length(STR("a\r\n\r\nb\r\n\r\n")), 5);
	while (b.n < HTTP_HEAD_MAX - 1)
		buf_addc(&b, 'x');
	assert_int_equal(http_head_length(buf_str(&b)), 0);
	buf_addc(&b, 'x');
	assert_int_equal(http_head_length(buf_str(&b)), -1);
}

static void encodings(void **state)
{
	static const struct {
		const char *in;
		bool takes;
	} t[] = {
		{ "", false },
		{ "gzip", true },
		{ "GZIP", true },
		{ "br, gzip", true },
		{ "gzip;q=0", false },
		{ "gzip; q=0.000", false },
		{ "gzip;q=0.5", true },
		{ "identity", false },
		{ "xgzip", false },
		{ "br;q=1, gzip", true },
		{ "gzip;q=0, identity", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(http_takes_gzip(str_of(t[i].in)), t[i].takes);
}

static void hosts(void **state)
{
	static const struct {
		const char *in, *want;
	} t[] = {
		{ "MX.Example.com", "mx.example.com" },
		{ "mx.example.com:8025", "mx.example.com" },
		{ "[::1]:80", "::1" },
		{ "[::1]", "::1" },
		{ "127.0.0.1:", "127.0.0.1" },
		{ "", "" },
		{ ":80", "" },
		{ "a b", "" },
		{ "a:b", "" },
		{ "a:99999", "" },
		{ "[::1", "" },
		{ "::1", "" },
		{ "user@a", "" },
		{ "a/b", "" },
	};
	ARENA(mem);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_true(str_eqz(http_host(str_of(t[i].in), &mem), t[i].want));
}

static bool is_ten(const void *with, struct str address)
{
	(void)with;
	return str_starts(address, STR("10."));
}

static void forwarded(void **state)
{
	static const struct {
		const char *in, *want;
	} t[] = {
		{ "", "" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "6.6.6.6, 192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1, 10.0.0.1", "192.0.2.1" },
		{ "6.6.6.6,192.0.2.1 ,10.0.0.1,10.0.0.2", "192.0.2.1" },
		{ "10.0.0.1", "10.0.0.1" },
		{ "192.0.2.1, ", "" },
		{ "6.6.6.6, ,10.0.0.1", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_true(str_eqz(http_forwarded(str_of(t[i].in), is_ten, NULL), t[i].want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
		cmocka_unit_test(fields_are_taken_as_they_are),
		cmocka_unit_test(a_head_is_cut_and_limited),
		cmocka_unit_test(encodings),
		cmocka_unit_test(hosts),
		cmocka_unit_test(forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
