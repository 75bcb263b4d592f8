/* What clients say to AUTH, and what of it is a user and a password. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "base/base64.h"
#include "wire/sasl.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static void base64(void **state)
{
	static const struct {
		const char *in;
		bool ok;
		struct str out;
	} t[] = {
		{ "", true, STR_INIT("") },
		{ "Zg==", true, STR_INIT("f") },
		{ "Zm8=", true, STR_INIT("fo") },
		{ "Zm9v", true, STR_INIT("foo") },
		{ "Zm9vYmFy", true, STR_INIT("foobar") },
		{ "AP+/", true, STR_INIT("\0\xff\xbf") },
		{ "Zg", false, STR_INIT("") },
		{ "Zg=", false, STR_INIT("") },
		{ "Zh==", false, STR_INIT("") },     /* bits behind the end */
		{ "Zm9=", false, STR_INIT("") },     /* the same */
		{ "Zg==Zg==", false, STR_INIT("") }, /* padding in the middle */
		{ "Z===", false, STR_INIT("") },
		{ "====", false, STR_INIT("") },
		{ "=", false, STR_INIT("") },
		{ "Zm9v\n", false, STR_INIT("") },
		{ "Zm 9", false, STR_INIT("") },
		{ "Zm9-", false, STR_INIT("") },
		{ "\303\244Zg", false, STR_INIT("") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		buf_adds(&b, "as it was");
		if (base64_decode(str_of(t[i].in), &b) != t[i].ok || !str_eq(str_skip(buf_str(&b), 9), t[i].out))
			fail_msg("%s: %.*s", t[i].in, STR_ARG(buf_str(&b)));
	}
	for (unsigned char c = 0; c < 255; c++) { /* every byte comes back */
		char in[5] = { ALPHABET[c >> 2], "AQgw"[c & 3], '=', '=', 0 };
		BUF(b);

		assert_true(base64_decode(str_of(in), &b) && b.n == 1 && (unsigned char)b.p[0] == c);
	}
}

static void conversations(void **state)
{
	static const struct {
		enum sasl_mechanism m;
		const char *initial, *answers[3];
		enum sasl_step end;
		const char *user, *password;
		bool other;
	} t[] = {
		/* clang-format off */
		{ SASL_PLAIN, "AGFAYi5jAHB3", { 0 }, SASL_DONE, "a@b.c", "pw", false },
		{ SASL_PLAIN, NULL, { "AGFAYi5jAHB3" }, SASL_DONE, "a@b.c", "pw", false },
		{ SASL_PLAIN, "YUBCLmMAYUBiLmMAcHc=", { 0 }, SASL_DONE, "a@b.c", "pw", false },  /* as oneself */
		{ SASL_PLAIN, "eABhQGIuYwBwdw==", { 0 }, SASL_DONE, "a@b.c", "pw", true },       /* as x */
		{ SASL_PLAIN, "AGEAIA==", { 0 }, SASL_DONE, "a", " ", false },
		{ SASL_PLAIN, NULL, { "*" }, SASL_CANCELED, 0, 0, false },
		{ SASL_PLAIN, "*", { 0 }, SASL_CANCELED, 0, 0, false },
		{ SASL_PLAIN, "=", { 0 }, SASL_MALFORMED, 0, 0, false },
		{ SASL_PLAIN, NULL, { "" }, SASL_MALFORMED, 0, 0, false },
		{ SASL_PLAIN, NULL, { "=" }, SASL_MALFORMED, 0, 0, false },
		{ SASL_PLAIN, "AGEA", { 0 }, SASL_MALFORMED, 0, 0, false },          /* no password */
		{ SASL_PLAIN, "AABwdw==", { 0 }, SASL_MALFORMED, 0, 0, false },      /* no user */
		{ SASL_PLAIN, "YQBi", { 0 }, SASL_MALFORMED, 0, 0, false },          /* one NUL */
		{ SASL_PLAIN, "YWJj", { 0 }, SASL_MALFORMED, 0, 0, false },          /* none */
		{ SASL_PLAIN, "AGEAcAB3", { 0 }, SASL_MALFORMED, 0, 0, false },      /* three */
		{ SASL_PLAIN, "AGEAcHc", { 0 }, SASL_MALFORMED, 0, 0, false },
		{ SASL_PLAIN, "AGEAcHc= x", { 0 }, SASL_MALFORMED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "YUBiLmM=", "cHc=" }, SASL_DONE, "a@b.c", "pw", false },
		{ SASL_LOGIN, "YUBiLmM=", { "cHc=" }, SASL_DONE, "a@b.c", "pw", false },
		{ SASL_LOGIN, NULL, { "*" }, SASL_CANCELED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "YQ==", "*" }, SASL_CANCELED, 0, 0, false },
		{ SASL_LOGIN, "=", { 0 }, SASL_MALFORMED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "" }, SASL_MALFORMED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "YQ==", "" }, SASL_MALFORMED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "YQBi" }, SASL_MALFORMED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "YQ==", "YQBi" }, SASL_MALFORMED, 0, 0, false },
		{ SASL_LOGIN, NULL, { "YQ==", "**" }, SASL_MALFORMED, 0, 0, false },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		enum sasl_step step = SASL_MORE;
		struct sasl x;

		sasl_begin(&x, t[i].m);
		if (t[i].initial != NULL)
			step = sasl_initial(&x, str_of(t[i].initial));
		for (size_t k = 0; step == SASL_MORE && t[i].answers[k] != NULL; k++)
			step = sasl_take(&x, str_of(t[i].answers[k]));
		if (step != t[i].end || x.other != t[i].other)
			fail_msg("row %zu: step %d", i, step);
		if (step == SASL_DONE)
			assert_true(str_eqz(x.user, t[i].user) && str_eqz(x.password, t[i].password));
		sasl_clear(&x);
	}
}

/* A whole number of quanta only. */
static void encode(struct str s, struct buf *out)
{
	assert_int_equal(s.n % 3, 0);
	for (size_t i = 0; i < s.n; i += 3) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		unsigned v = (unsigned)(p[0] << 16 | p[1] << 8 | p[2]);

		for (int shift = 18; shift >= 0; shift -= 6)
			buf_addc(out, ALPHABET[v >> shift & 63]);
	}
}

static void lengths(void **state)
{
	static const struct {
		size_t user, password; /* with the two NULs a multiple of three */
		enum sasl_step end;
	} t[] = {
		{ SASL_USER_MAX, SASL_PASSWORD_MAX, SASL_DONE },
		{ SASL_USER_MAX + 1, SASL_PASSWORD_MAX - 1, SASL_MALFORMED },
		{ SASL_USER_MAX - 1, SASL_PASSWORD_MAX + 1, SASL_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct sasl x;
		BUF(plain);
		BUF(b);

		for (size_t k = 0; k < t[i].user + t[i].password + 2; k++)
			buf_addc(&plain, k == 0 || k == 1 + t[i].user ? '\0' : 'i');
		encode(buf_str(&plain), &b);
		sasl_begin(&x, SASL_PLAIN);
		assert_int_equal(sasl_initial(&x, buf_str(&b)), t[i].end);
		sasl_clear(&x);
	}
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(sasl_mechanism(STR("plain")), SASL_PLAIN);
	assert_int_equal(sasl_mechanism(STR("LOGIN")), SASL_LOGIN);
	assert_int_equal(sasl_mechanism(STR("CRAM-MD5")), SASL_UNKNOWN);
	assert_int_equal(sasl_mechanism(STR("")), SASL_UNKNOWN);
	assert_string_equal(sasl_name(SASL_LOGIN), "LOGIN");
	assert_string_equal(sasl_name(SASL_UNKNOWN), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(base64), cmocka_unit_test(conversations),
					    cmocka_unit_test(lengths), cmocka_unit_test(names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
