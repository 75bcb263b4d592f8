/* Chains that we seal, hop after hop, read back by our own verifier; by others in test/story/test_arc_seal.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "vouch/arc_seal.h"
#include "vouch_desk.h"

#define NAMES "From:From:To:Subject:DKIM-Signature"
#define BODY "x  y \r\n\r\n"

static EVP_PKEY *key;
static struct record records[] = { { "s._domainkey.hop.example", NULL }, { NULL, NULL } };
static struct desk desk = { .records = records };
static struct arena mem;

static int setup(void **state)
{
	unsigned char *der = NULL;
	int n;

	(void)state;
	key = EVP_RSA_gen(1024);
	n = i2d_PUBKEY(key, &der);
	records[0].text = arena_fmt(&mem, "k=rsa; p=%.*s", STR_ARG(in_base64(&mem, der, (size_t)n))).p;
	OPENSSL_free(der);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	arena_clear(&mem);
	return 0;
}

static void hash(struct str body, unsigned char out[SHA256_SIZE])
{
	struct body b;
	int want;

	body_init(&b);
	want = body_want(&b, CANON_RELAXED, BODY_ALL);
	body_add(&b, body);
	body_end(&b);
	memcpy(out, body_digest(&b, want), SHA256_SIZE);
	body_clear(&b);
}

/* The header with one set more on top; false: none may. */
static bool seal(struct str header, struct str body, struct buf *out)
{
	unsigned char digest[SHA256_SIZE];
	struct signatures v;
	struct canon_head h;
	struct arc_next next;
	struct arc_seal s = { 0 };
	struct err e;
	BUF(results);
	BUF(older);
	BUF(fields);
	bool may;

	desk_verify(&desk, &mem, header, body, 0, &v);
	canon_head_read(&h, &mem, header);
	may = arc_next(&v.arc, &next);
	if (may) {
		hash(body, digest);
		assert_true(arc_results(next.instance, STR("Authentication-Results: hop.example;\r\n\tspf=pass\r\n"),
					&results));
		assert_true(arc_older(&v.arc, &v.head, &older));
		assert_true(dkim_sign_gather(&h, STR(NAMES), CANON_RELAXED, &fields));
		s.signer = (struct dkim_signer){ .domain = STR("hop.example"),
						 .selector = STR("s"),
						 .key = key,
						 .head = CANON_RELAXED,
						 .body = CANON_RELAXED,
						 .names = STR(NAMES),
						 .time = NOW,
						 .instance = next.instance };
		s.before = next.before;
		s.fields = buf_str(&fields);
		s.results = buf_str(&results);
		s.older = buf_str(&older);
		s.body = digest;
		assert_int_equal(arc_seal_over(&s, out, &e), 0);
		buf_addstr(out, buf_str(&results));
		buf_addstr(out, header);
	}
	canon_head_clear(&h);
	signatures_clear(&v);
	return may;
}

static struct arc verified(struct str header, struct str body)
{
	struct signatures v;
	struct arc c;

	desk_verify(&desk, &mem, header, body, 3, &v);
	c = v.arc;
	signatures_clear(&v);
	return c;
}

static const struct str mail = STR_INIT("From: a@b.example\r\nTo:  c\r\nSubject: s\r\n");

static void fifty_hops_pass_and_one_more_is_none(void **state)
{
	struct str header = mail;
	struct arc c;

	(void)state;
	for (unsigned i = 1; i <= ARC_SETS_MAX; i++) {
		BUF(out);

		assert_true(seal(header, STR(BODY), &out));
		header = arena_str(&mem, buf_str(&out));
		if (i > 3 && i < ARC_SETS_MAX)
			continue;
		c = verified(header, STR(BODY));
		if (c.result != ARC_PASS)
			fail_msg("%u: %.*s\n%.*s", i, STR_ARG(c.why), STR_ARG(header));
		assert_int_equal(c.n, i);
		assert_int_equal(c.oldest_pass, 0);
		assert_true(str_starts(str_trim(c.saw), STR("hop.example;")));
	}
	{
		BUF(out);

		assert_false(seal(header, STR(BODY), &out));
	}
}

/* A list wrote into the body: its hop is sealed as broken, over its own set alone, and then the chain is over. */
static void a_broken_chain_is_sealed_as_broken_once(void **state)
{
	BUF(one);
	BUF(two);
	BUF(three);
	struct arc c;

	(void)state;
	assert_true(seal(mail, STR(BODY), &one));
	assert_int_equal(verified(buf_str(&one), STR("other\r\n")).result, ARC_FAIL);
	assert_true(seal(buf_str(&one), STR("other\r\n"), &two));
	assert_true(str_find(buf_str(&two), STR("i=2;")) >= 0 && str_find(buf_str(&two), STR("cv=fail;")) >= 0);
	c = verified(buf_str(&two), STR("other\r\n"));
	assert_int_equal(c.result, ARC_FAIL);
	assert_true(str_eqz(c.why, "a hop found the chain broken"));
	assert_false(seal(buf_str(&two), STR("other\r\n"), &three));
}

static void what_is_changed_behind_a_seal_is_found(void **state)
{
	static const struct {
		const char *from, *to;
	} t[] = { { "spf=pass", "spf=fail" }, { "cv=none", "cv=pass" }, { "To:  c", "To: d" }, { "i=1", "i=2" } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(one);
		BUF(bad);
		ptrdiff_t at;

		assert_true(seal(mail, STR(BODY), &one));
		at = str_find(buf_str(&one), str_of(t[i].from));
		assert_true(at >= 0);
		buf_addstr(&bad, str_take(buf_str(&one), (size_t)at));
		buf_adds(&bad, t[i].to);
		buf_addstr(&bad, str_skip(buf_str(&one), (size_t)at + strlen(t[i].from)));
		assert_int_equal(verified(buf_str(&bad), STR(BODY)).result, ARC_FAIL);
	}
}

/* DNS is silent: nobody can say what the chain is worth, so nobody says it for ever. */
static void what_cannot_be_verified_now_is_not_sealed(void **state)
{
	const char *text = records[0].text;
	BUF(one);
	BUF(two);

	(void)state;
	assert_true(seal(mail, STR(BODY), &one));
	records[0].text = NULL;
	assert_false(seal(buf_str(&one), STR(BODY), &two));
	records[0].text = text;
}

static void results_are_ours(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: none */
	} t[] = {
		{ "Authentication-Results: mx.example; none\r\n",
		  "ARC-Authentication-Results: i=7; mx.example; none\r\n" },
		{ "Authentication-Results: mx.example; none", NULL },
		{ "X: y\r\n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(out);

		assert_int_equal(arc_results(7, str_of(t[i].in), &out), t[i].out != NULL);
		assert_string_equal(buf_z(&out), t[i].out != NULL ? t[i].out : "");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifty_hops_pass_and_one_more_is_none),
		cmocka_unit_test(a_broken_chain_is_sealed_as_broken_once),
		cmocka_unit_test(what_is_changed_behind_a_seal_is_found),
		cmocka_unit_test(what_cannot_be_verified_now_is_not_sealed),
		cmocka_unit_test(results_are_ours),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
