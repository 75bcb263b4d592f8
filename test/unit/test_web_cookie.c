/* Cookie and Set-Cookie (RFC 6265), and how often one address may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "web/cookie.h"
#include "web/rate.h"

static const struct {
	struct str header;
	bool secure;
	const char *values; /* with a space behind each */
} cookies[] = {
	{ STR_INIT(""), false, "" },
	{ STR_INIT("telltale=a"), false, "a " },
	{ STR_INIT("telltale=a"), true, "" },
	{ STR_INIT("__Host-telltale=a"), true, "a " },
	{ STR_INIT("__Host-telltale=a"), false, "" },
	{ STR_INIT("__host-telltale=a"), true, "" }, /* names have cases */
	{ STR_INIT("x=1; telltale=a; y=2"), false, "a " },
	{ STR_INIT("x=1;telltale=a;y=2"), false, "a " },
	{ STR_INIT("  telltale=a  ;"), false, "a " },
	{ STR_INIT("telltale=\"a\""), false, "a " },
	{ STR_INIT("telltale=\"\""), false, "" },
	{ STR_INIT("telltale=\""), false, "\" " },
	{ STR_INIT("telltale=; telltale=b"), false, "b " },
	{ STR_INIT("telltale=a; telltale=b"), false, "a b " },
	{ STR_INIT("telltale"), false, "" },
	{ STR_INIT("=telltale"), false, "" },
	{ STR_INIT(";;;=;"), false, "" },
	{ STR_INIT("xtelltale=a; telltalex=b; telltale =c"), false, "" },
	{ STR_INIT("telltale=a=b"), false, "a=b " },
	{ STR_INIT("x=\"; telltale=a"), false, "a " },
};

static void every_cookie(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cookies); i++) {
		struct str rest = cookies[i].header, value;
		BUF(found);

		while (cookie_next(&rest, cookies[i].secure, &value))
			buf_fmt(&found, "%.*s ", STR_ARG(value));
		assert_string_equal(buf_z(&found), cookies[i].values);
	}
}

static const struct {
	const char *value, *prefix;
	bool secure;
	const char *header;
} put[] = {
	{ "ab", "/", false, "telltale=ab; Path=/; HttpOnly; SameSite=Strict" },
	{ "ab", "/log/", false, "telltale=ab; Path=/log/; HttpOnly; SameSite=Strict" },
	{ "ab", "/log/", true, "__Host-telltale=ab; Path=/; HttpOnly; SameSite=Strict; Secure" },
	{ "", "/log/", false, "telltale=; Path=/log/; HttpOnly; SameSite=Strict; Max-Age=0" },
	{ "", "/", true, "__Host-telltale=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0" },
};

/* What was set is found again. */
static void every_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(put); i++) {
		struct str rest, value;
		BUF(b);

		cookie_put(&b, str_of(put[i].value), put[i].secure, str_of(put[i].prefix));
		assert_string_equal(buf_z(&b), put[i].header);
		rest = buf_str(&b);
		assert_int_equal(cookie_next(&rest, put[i].secure, &value), put[i].value[0] != '\0');
		assert_true(put[i].value[0] == '\0' || str_eqz(value, put[i].value));
	}
}

/* Three at once, then one a second. */
static const struct {
	const char *ip;
	int64_t now, wait;
} asked[] = {
	{ "192.0.2.1", 1000, 0 },
	{ "192.0.2.1", 1000, 0 },
	{ "::ffff:192.0.2.1", 1000, 0 },
	{ "192.0.2.1", 1000, 1000 },
	{ "192.0.2.1", 1400, 600 }, /* what was not allowed does not count */
	{ "192.0.2.2", 1400, 0 },
	{ "192.0.2.1", 2000, 0 },
	{ "192.0.2.1", 2000, 1000 },
	{ "2001:db8::1", 2000, 0 },
	{ "2001:db8::2", 2000, 0 },
	{ "2001:db8:0:0:ffff::1", 2000, 0 },
	{ "2001:db8::1", 2000, 1000 },
	{ "2001:db8:0:1::1", 2000, 0 },
	{ "192.0.2.1", 90000, 0 },
	{ "192.0.2.1", 90000, 0 },
	{ "192.0.2.1", 90000, 0 },
	{ "192.0.2.1", 90001, 999 }, /* it never holds more than three */
	{ "", 90001, 0 },
};

static void every_question(void **state)
{
	struct rate *r = rate_new(3, 1000);

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++)
		if (rate_take(r, str_of(asked[i].ip), asked[i].now) != asked[i].wait)
			fail_msg("row %zu", i);
	rate_free(r);
}

/* Whoever has a whole network to ask from is not forgotten by asking from more of it. */
static void many_addresses(void **state)
{
	struct rate *r = rate_new(2, 1000000);
	struct str one = STR("198.51.100.1");

	(void)state;
	assert_int_equal(rate_take(r, one, 5), 0);
	assert_int_equal(rate_take(r, one, 5), 0);
	for (unsigned i = 0; i < 3 * RATE_KEYS; i++) {
		BUF(ip);

		buf_fmt(&ip, "10.%u.%u.%u", i >> 16, (i >> 8) & 255, i & 255);
		assert_int_equal(rate_take(r, buf_str(&ip), 5), 0);
	}
	assert_true(rate_take(r, one, 5) > 0);
	rate_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cookie),
		cmocka_unit_test(every_header),
		cmocka_unit_test(every_question),
		cmocka_unit_test(many_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
