/* What we sign, read back: by our own verifier here, by others in test/story/test_dkim.py. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "vouch/dkim_sign.h"
#include "vouch_desk.h"

#define MAIL "From: a@example.com\r\nTo: b\r\nSubject: s\r\n\r\n"

static EVP_PKEY *ed25519(void)
{
	static const unsigned char seed[32] = { 1 };

	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
}

static struct str record_of(struct arena *a, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	bool ed = EVP_PKEY_is_a(key, "ED25519");
	struct str text = in_base64(a, ed ? der + n - 32 : der, ed ? 32 : (size_t)n);

	OPENSSL_free(der);
	return arena_fmt(a, "k=%s; p=%.*s", ed ? "ed25519" : "rsa", STR_ARG(text));
}

static void check(EVP_PKEY *key, enum canon head, enum canon body, const char *names, const char *identity)
{
	ARENA(a);
	BUF(out);
	struct dkim_signer signer = { .domain = STR_INIT("example.com"),
				      .selector = STR_INIT("s"),
				      .identity = str_of(identity),
				      .key = key,
				      .head = head,
				      .body = body,
				      .names = str_of(names),
				      .time = NOW,
				      .expiry = NOW + 1000 };
	struct record records[] = { { "s._domainkey.example.com", arena_z(&a, record_of(&a, key)) }, { NULL, NULL } };
	struct desk d = { .records = records };
	struct signatures s;
	struct body b;
	struct err e;
	int want;

	body_init(&b);
	want = body_want(&b, body, BODY_ALL);
	body_add(&b, STR("x  y \r\n\r\n"));
	body_end(&b);
	assert_int_equal(dkim_sign(&signer, STR(MAIL), body_digest(&b, want), &out, &e), 0);
	body_clear(&b);
	buf_adds(&out, MAIL);
	desk_verify(&d, &a, buf_str(&out), STR("x  y \r\n\r\n"), 0, &s);
	if (s.dkim.list[0].result != DKIM_PASS)
		fail_msg("%.*s: %s", STR_ARG(s.dkim.list[0].why), out.p);
	assert_int_equal(s.dkim.list[0].s.time, NOW);
	assert_int_equal(s.dkim.list[0].s.expiry, NOW + 1000);
	assert_int_equal(s.dkim.list[0].s.head, head);
	assert_int_equal(s.dkim.list[0].s.body, body);
	assert_true(str_eqz(s.dkim.list[0].identity, *identity != '\0' ? identity : "@example.com"));
	signatures_clear(&s);
}

static void both_kinds_of_keys_in_all_forms(void **state)
{
	EVP_PKEY *keys[] = { ed25519(), EVP_RSA_gen(1024) };

	(void)state;
	for (int form = 0; form < 4; form++)
		for (size_t k = 0; k < COUNT(keys); k++) {
			check(keys[k], form / 2, form % 2, "From:To:Subject:From", "");
			check(keys[k], form / 2, form % 2, "from", "joe@sub.example.com");
		}
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
}

/* No line is longer than mail should have them, however many names there are. */
static void lines_are_short(void **state)
{
	static const unsigned char digest[SHA256_SIZE];
	struct dkim_signer s = { .domain = STR_INIT("a-rather-long-name-of-a-domain-for-which-mail-is-signed.example"),
				 .selector = STR_INIT("selector-of-2026"),
				 .names = STR_INIT(
				     "From:To:Cc:Subject:Date:Message-ID:MIME-Version:Content-Type:In-Reply-To:"
				     "References:List-Id:List-Unsubscribe:List-Unsubscribe-Post:From") };
	BUF(out);
	struct str rest, line;
	struct err e;
	size_t lines = 0;

	(void)state;
	s.key = ed25519();
	assert_int_equal(dkim_sign(&s, STR(MAIL), digest, &out, &e), 0);
	EVP_PKEY_free(s.key);
	for (rest = buf_str(&out); rest.n > 0; lines++) {
		str_cut(rest, STR("\r\n"), &line, &rest);
		if (line.n > 78 || (lines > 0) != (line.p[0] == '\t'))
			fail_msg("line %zu: %.*s", lines, STR_ARG(line));
	}
	assert_in_range(lines, 7, 12);
}

static void what_cannot_be_signed(void **state)
{
	static const unsigned char digest[SHA256_SIZE];
	struct dkim_signer s = { .domain = STR_INIT("example.com"),
				 .selector = STR_INIT("s"),
				 .names = STR_INIT("To") };
	BUF(out);
	struct err e;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");

	(void)state;
	s.key = ed25519();
	buf_adds(&out, "before");
	assert_int_equal(dkim_sign(&s, STR(MAIL), digest, &out, &e), -1);
	assert_string_equal(e.text, "a signature must name From");
	EVP_PKEY_free(s.key);
	s.key = key;
	s.names = STR("From");
	assert_int_equal(dkim_sign(&s, STR(MAIL), digest, &out, &e), -1);
	assert_string_equal(e.text, "the key of s cannot sign");
	assert_string_equal(out.p, "before");
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_of_keys_in_all_forms),
		cmocka_unit_test(lines_are_short),
		cmocka_unit_test(what_cannot_be_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
