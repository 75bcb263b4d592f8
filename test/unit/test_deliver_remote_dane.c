/* TLSA records: which can judge a mail server's certificate (RFC 7672, 3.1), and what an answer amounts to. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include "deliver/remote_dane.h"
#include "deliver/remote_policy.h"

enum { BYTES_256 = 32, BYTES_512 = 64 };

static void one_record(void **state)
{
	static const struct {
		const char *head; /* usage, selector, digest */
		size_t n;         /* bytes behind */
		bool ok;
	} t[] = {
		{ "\3\1\1", BYTES_256, true },      { "\3\0\1", BYTES_256, true },  { "\3\1\2", BYTES_512, true },
		{ "\2\0\1", BYTES_256, true },      { "\2\1\2", BYTES_512, true },  { "\0\1\1", BYTES_256, false },
		{ "\1\1\1", BYTES_256, false },     { "\4\1\1", BYTES_256, false }, { "\377\1\1", BYTES_256, false },
		{ "\3\2\1", BYTES_256, false },     { "\3\1\3", BYTES_256, false }, { "\3\1\1", BYTES_256 - 1, false },
		{ "\3\1\1", BYTES_256 + 1, false }, { "\3\1\2", BYTES_256, false }, { "\3\1\1", 0, false },
		{ "\3\1\0", BYTES_256, false }, /* no key */
		{ "\3\0\0", BYTES_256, false }, /* no certificate */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		char rdata[3 + BYTES_512 + 1] = { 0 };
		struct tls_pin pin;

		memcpy(rdata, t[i].head, 3);
		assert_int_equal(tls_pin_read(str_mem(rdata, 3 + t[i].n), &pin), t[i].ok);
	}
	for (size_t n = 0; n < 3; n++)
		assert_false(tls_pin_read(str_mem("\3\1\1", n), &(struct tls_pin){ 0 }));
}

static void a_key_as_it_is(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char rdata[512] = { 3, 1, 0 }, *p = rdata + 3;
	struct tls_pin pin;
	size_t n;

	(void)state;
	n = (size_t)i2d_PUBKEY(key, &p) + 3;
	EVP_PKEY_free(key);
	assert_true(tls_pin_read(str_mem(rdata, n), &pin));
	assert_int_equal(pin.data.n, n - 3);
	assert_false(tls_pin_read(str_mem(rdata, n + 1), &pin)); /* something behind it */
	assert_false(tls_pin_read(str_mem(rdata, n - 1), &pin));
}

static void one_answer(void **state)
{
	static const char good[3 + BYTES_256] = "\3\1\1", pkix[3 + BYTES_256] = "\1\1\1";
	struct str records[] = { str_mem(pkix, sizeof(pkix)), str_mem(good, sizeof(good)), str_mem(good, 7) };
	const struct {
		enum dns_status status;
		bool secure;
		size_t at, n;
		enum dane_result result;
		size_t npins;
	} t[] = {
		{ DNS_FOUND, true, 0, 3, DANE_USABLE, 1 },   { DNS_FOUND, true, 1, 1, DANE_USABLE, 1 },
		{ DNS_FOUND, true, 0, 1, DANE_UNUSABLE, 0 }, { DNS_FOUND, true, 2, 1, DANE_UNUSABLE, 0 },
		{ DNS_FOUND, false, 0, 3, DANE_NONE, 0 },    { DNS_NONE, true, 0, 0, DANE_NONE, 0 },
		{ DNS_NONE, false, 0, 0, DANE_NONE, 0 },     { DNS_FAILED, false, 0, 0, DANE_FAILED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct dns_question q = { .status = t[i].status,
					  .secure = t[i].secure,
					  .rdata = records + t[i].at,
					  .n = t[i].n,
					  .why = STR("SERVFAIL") };
		struct dane d;
		ARENA(a);

		dane_judge(&q, &a, &d);
		if (d.result != t[i].result || d.npins != t[i].npins ||
		    (d.result == DANE_FAILED && !str_eqz(d.why, "SERVFAIL")))
			fail_msg("row %zu: %d, %zu pins", i, (int)d.result, d.npins);
	}
}

/* Where DNS vouches for nothing it is not asked, and what remains is what the configuration wants. */
static void what_is_wanted(void **state)
{
	static const struct {
		const char *word;
		bool smart;
		enum client_tls tls;
		bool verify, refused;
		const char *proof, *in_the_clear;
	} t[] = {
		{ "off", false, CLIENT_TLS_NEVER, false, false, "none", "none" },
		{ "opportunistic", false, CLIENT_TLS_MAY, false, false, "opportunistic", "none" },
		{ "opportunistic", true, CLIENT_TLS_MAY, false, false, "opportunistic", "none" },
		{ "required", false, CLIENT_TLS_MUST, false, false, "required", "none" },
		{ "required", true, CLIENT_TLS_MUST, true, false, "verified", "none" },
		{ "verified", false, CLIENT_TLS_MUST, true, false, "verified", "none" },
		{ "dane-only", false, CLIENT_TLS_MUST, false, true, "dane", "none" },
	};
	struct route_stop stop = { .host = STR("mx.far.example"), .ip = STR("192.0.2.1"), .port = 25 };
	struct remote_desk desk = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct remote_case c = { .desk = &desk,
					 .want = { remote_policy_level(str_of(t[i].word)), true, false },
					 .domain = STR("far.example"),
					 .smart = t[i].smart,
					 .mem = &a };
		struct remote_policy *p = remote_policy_for(&c, &stop);

		if (p->tls != t[i].tls || p->peer.verify != t[i].verify || (p->refusal.n > 0) != t[i].refused ||
		    strcmp(p->peer.name, "mx.far.example") != 0 ||
		    strcmp(remote_policy_word(p->proof, true), t[i].proof) != 0 ||
		    strcmp(remote_policy_word(p->proof, false), t[i].in_the_clear) != 0)
			fail_msg("row %zu: %s", i, t[i].word);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_record),
		cmocka_unit_test(a_key_as_it_is),
		cmocka_unit_test(one_answer),
		cmocka_unit_test(what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
