/* Key records (RFC 6376 3.6.1, 8301, 8463). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/base64.h"
#include "vouch_desk.h"

/* 1024 bits: of RFC 6376 appendix C, as SubjectPublicKeyInfo. */
#define RSA_P \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7" \
	"/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb" \
	"to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
#define ED "k=ed25519;p=" ED_PUBLIC

enum { TESTING = 1, STRICT = 2, NO_SHA256 = 4, NO_EMAIL = 8, REVOKED = 16 };

static const struct {
	const char *record, *why;
	int flags;
} t[] = {
	/* clang-format off */
	{ "p=" RSA_P,                                   NULL, 0 },
	{ "v=DKIM1; k=rsa; p=" RSA_P,                   NULL, 0 },
	{ "v=DKIM1; g=*; n=a note; x_y=1; p=" RSA_P ";", NULL, 0 },
	{ ED,                                           NULL, 0 },
	{ "k=ed25519; p= 11qYAYKxCrfVS/7T\t yWQHOg7hcvPapiMlr\r\nwIaaPcHURo=", NULL, 0 },
	{ "t=y;" ED,                                    NULL, TESTING },
	{ "t=s;" ED,                                    NULL, STRICT },
	{ "t= y : s : unknown ;" ED,                    NULL, TESTING | STRICT },
	{ "t=;" ED,                                     NULL, 0 },
	{ "h=sha256;" ED,                               NULL, 0 },
	{ "h=sha1 : sha256;" ED,                        NULL, 0 },
	{ "h=sha1;" ED,                                 NULL, NO_SHA256 },
	{ "h=SHA256;" ED,                               NULL, NO_SHA256 },
	{ "s=email;" ED,                                NULL, 0 },
	{ "s=*;" ED,                                    NULL, 0 },
	{ "s=tlsrpt : email;" ED,                       NULL, 0 },
	{ "s=tlsrpt;" ED,                               NULL, NO_EMAIL },
	{ "p=",                                         NULL, REVOKED },
	{ "v=DKIM1; p= ; t=y",                          NULL, REVOKED | TESTING },
	{ "k=ed25519; p=",                              NULL, REVOKED },
	{ "",                                           "a tag has no name", 0 },
	{ "some other text",                            "a tag has no =", 0 },
	{ "v=spf1 -all",                                "v= is not DKIM1, or not first", 0 },
	{ "v=DKIM2; p=" RSA_P,                          "v= is not DKIM1, or not first", 0 },
	{ "v=dkim1; p=" RSA_P,                          "v= is not DKIM1, or not first", 0 },
	{ "k=rsa; v=DKIM1; p=" RSA_P,                   "v= is not DKIM1, or not first", 0 },
	{ "v=DKIM1; k=rsa",                             "the record has no p=", 0 },
	{ "k=dsa; p=" RSA_P,                            "k= is of no known kind", 0 },
	{ "k=RSA; p=" RSA_P,                            "k= is of no known kind", 0 },
	{ "p=" RSA_P "; p=",                            "a tag comes twice", 0 },
	{ "p=" RSA_P "*",                               "p= is not base64", 0 },
	{ "p=AAAA",                                     "p= is not an RSA key", 0 },
	{ "p=" ED_PUBLIC,                               "p= is not an RSA key", 0 },
	{ "k=ed25519;p=" RSA_P,                         "p= is not an Ed25519 key", 0 },
	{ "k=ed25519;p=AAAA",                           "p= is not an Ed25519 key", 0 },
	/* clang-format on */
};

static int flags_of(const struct key *k)
{
	return (k->testing ? TESTING : 0) | (k->strict ? STRICT : 0) | (k->no_sha256 ? NO_SHA256 : 0) |
	       (k->no_email ? NO_EMAIL : 0) | (k->revoked ? REVOKED : 0);
}

static void records(void **state)
{
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct key k;
		const char *why = key_read(str_of(t[i].record), &a, &k);

		if ((why == NULL) != (t[i].why == NULL) || (why != NULL && strcmp(why, t[i].why) != 0))
			fail_msg("row %zu: %s", i, why != NULL ? why : "a key");
		if (why == NULL && flags_of(&k) != t[i].flags)
			fail_msg("row %zu: flags %d", i, flags_of(&k));
		if (why == NULL && (k.pkey == NULL) != k.revoked)
			fail_msg("row %zu: no key", i);
		key_clear(&k);
	}
}

/* One element in DER. */
static struct str der(struct arena *a, int tag, struct str content)
{
	char *out = arena_alloc(a, content.n + 4);
	size_t n = 0;

	out[n++] = (char)tag;
	if (content.n > 0xff)
		out[n++] = (char)0x82, out[n++] = (char)(content.n >> 8);
	else if (content.n > 0x7f)
		out[n++] = (char)0x81;
	out[n++] = (char)content.n;
	memcpy(out + n, content.p, content.n);
	return str_mem(out, n + content.n);
}

static struct str joined(struct arena *a, struct str x, struct str y)
{
	char *out = arena_alloc(a, x.n + y.n + 1);

	memcpy(out, x.p, x.n);
	memcpy(out + x.n, y.p, y.n);
	return str_mem(out, x.n + y.n);
}

/* A modulus of that many bits, all of them ones, as a positive INTEGER. */
static struct str modulus(struct arena *a, unsigned bits)
{
	size_t n = bits / 8 + 1;
	char *out = arena_alloc(a, n);

	memset(out, 0xff, n);
	out[0] = (char)((1u << bits % 8) - 1);
	return der(a, 0x02, str_mem(out, n));
}

static struct str rsa_record(struct arena *a, unsigned bits, struct str exponent)
{
	struct str pair = der(a, 0x30, joined(a, modulus(a, bits), der(a, 0x02, exponent)));
	struct str text = in_base64(a, (const unsigned char *)pair.p, pair.n);

	return arena_fmt(a, "p=%.*s", STR_ARG(text));
}

/* Sizes, in the shape without SubjectPublicKeyInfo. */
static void sizes_of_rsa_keys(void **state)
{
	static const struct {
		unsigned bits;
		bool weak, vast;
	} sizes[] = {
		{ 7, true, false },     { 512, true, false },   { 1023, true, false },  { 1024, false, false },
		{ 1032, false, false }, { 2048, false, false }, { 3000, false, false }, { 4096, false, false },
		{ 4097, false, true },  { 16384, false, true },
	};
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct key k;
		const char *why = key_read(rsa_record(&a, sizes[i].bits, STR("\1\0\1")), &a, &k);

		if (why != NULL || k.bits != sizes[i].bits || k.weak != sizes[i].weak || k.vast != sizes[i].vast)
			fail_msg("row %zu: %s, %u bits", i, why != NULL ? why : "", k.bits);
		assert_int_equal(k.pkey == NULL, k.weak || k.vast);
		key_clear(&k);
	}
}

static void exponents_of_rsa_keys(void **state)
{
	static const struct {
		struct str e;
		const char *why;
	} rows[] = {
		{ STR_INIT("\3"), NULL },
		{ STR_INIT("\1\1\1\1\1\1\1\1"), NULL },
		{ STR_INIT("\1"), "p= is not an RSA key" },
		{ STR_INIT("\0"), "p= is not an RSA key" },
		{ STR_INIT(""), "p= is not an RSA key" },
		{ STR_INIT("\2"), "p= is not an RSA key" },
		{ STR_INIT("\x81"), "p= is not an RSA key" }, /* negative */
		{ STR_INIT("\1\1\1\1\1\1\1\1\1"), "the RSA key has a huge exponent" },
	};
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct key k;
		const char *why = key_read(rsa_record(&a, 1024, rows[i].e), &a, &k);

		if ((why == NULL) != (rows[i].why == NULL) || (why != NULL && strcmp(why, rows[i].why) != 0))
			fail_msg("row %zu: %s", i, why != NULL ? why : "a key");
		key_clear(&k);
	}
}

/* Cut anywhere, or with one byte more, it is no key; changed anywhere, it is none or another, and nothing breaks. */
static void der_in_all_ways_wrong(void **state)
{
	BUF(der_of);
	struct str n, e;

	(void)state;
	assert_true(base64_decode(STR(RSA_P), &der_of));
	assert_true(key_read_rsa(buf_str(&der_of), &n, &e));
	assert_int_equal(n.n, 128);
	for (size_t cut = 0; cut < der_of.n; cut++)
		assert_false(key_read_rsa(str_take(buf_str(&der_of), cut), &n, &e));
	for (size_t i = 0; i < der_of.n; i++) {
		char was = der_of.p[i];

		for (int c = 0; c < 256; c++) {
			der_of.p[i] = (char)c;
			if (key_read_rsa(buf_str(&der_of), &n, &e))
				assert_true(n.n > 0 && e.n > 0 && n.p >= der_of.p && n.p + n.n <= der_of.p + der_of.n);
		}
		der_of.p[i] = was;
	}
	buf_addc(&der_of, '\0');
	assert_false(key_read_rsa(buf_str(&der_of), &n, &e));
}

static void texts_of_records(void **state)
{
	static const struct {
		struct str rdata;
		const char *text; /* NULL: malformed */
	} rows[] = {
		{ STR_INIT(""), "" },           { STR_INIT("\0"), "" },      { STR_INIT("\3abc"), "abc" },
		{ STR_INIT("\2ab\1c"), "abc" }, { STR_INIT("\4abc"), NULL }, { STR_INIT("\3abc\1"), NULL },
	};
	static const char large[KEY_RECORD_MAX + 1];
	ARENA(a);
	struct str text;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool good = key_text(rows[i].rdata, &a, &text);

		assert_int_equal(good, rows[i].text != NULL);
		if (good)
			assert_true(str_eqz(text, rows[i].text));
	}
	assert_false(key_text(str_mem(large, sizeof(large)), &a, &text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(sizes_of_rsa_keys),
		cmocka_unit_test(exponents_of_rsa_keys),
		cmocka_unit_test(der_in_all_ways_wrong),
		cmocka_unit_test(texts_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
