/* DKIM-Signature fields: what each is worth, and why (RFC 6376 6.1, RFC 8301, RFC 8601 2.7.1). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "vouch_desk.h"

#define BODY "hi\r\n"
#define MAIL "From: a@example.com\r\nTo: b\r\nSubject: s\r\n\r\n"
#define A "v=1; a=ed25519-sha256; d=example.com; s=s; "
#define T A "h=from; bh=@" /* @: the hash of BODY */

static const struct {
	const char *tags, *key, *header;
	enum dkim_result result;
	const char *why;
} t[] = {
	/* clang-format off */
	{ T,                                  ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; c=relaxed/relaxed",            ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; c=relaxed",                    ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; q=dns/txt",                    ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; q=dns/other : dns/txt",        ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; unknown=tag; z=From:a",        ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; t=1699999999; x=1700000001",   ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; x=1700000000",                 ED_KEY, MAIL, DKIM_PASS, "" }, /* this very second */
	{ T "; t=1700080000",                 ED_KEY, MAIL, DKIM_PASS, "" }, /* a clock that is ahead of ours */
	{ T "; i=@example.com",               ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; i=joe@SUB.EXAMPLE.COM",        ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; l=4",                          ED_KEY, MAIL, DKIM_PASS, "" },
	{ T "; l=0000000000000000000000000000000000000000000000000000000000000000000000000004", ED_KEY, MAIL, DKIM_PASS, "" },
	{ "v=1; a=ed25519-sha256; d=Example.Com; s=S; h=FROM : To:subject:not-there; bh= @", ED_KEY, MAIL, DKIM_PASS, "" },
	{ A "h=from::to:; bh=@",              ED_KEY, MAIL, DKIM_PASS, "" },
	{ A "h=from:dkim-signature; bh=@",    ED_KEY, MAIL, DKIM_PASS, "" }, /* it does not sign itself */

	/* Written wrongly. */
	{ "v=2; a=ed25519-sha256; d=example.com; s=s; h=from; bh=@", ED_KEY, MAIL, DKIM_NEUTRAL, "v= is not 1" },
	{ "a=ed25519-sha256; d=example.com; s=s; h=from; bh=@",      ED_KEY, MAIL, DKIM_NEUTRAL, "v= is missing" },
	{ "v=1; d=example.com; s=s; h=from; bh=@",                   ED_KEY, MAIL, DKIM_NEUTRAL, "a= is missing" },
	{ "v=1; a=ed25519-sha256; s=s; h=from; bh=@",                ED_KEY, MAIL, DKIM_NEUTRAL, "d= is missing" },
	{ "v=1; a=ed25519-sha256; d=example.com; h=from; bh=@",      ED_KEY, MAIL, DKIM_NEUTRAL, "s= is missing" },
	{ A "bh=@",                           ED_KEY, MAIL, DKIM_NEUTRAL, "h= is missing" },
	{ A "h=from",                         ED_KEY, MAIL, DKIM_NEUTRAL, "bh= is missing" },
	{ T "; v=1",                          ED_KEY, MAIL, DKIM_NEUTRAL, "a tag comes twice" },
	{ T "; ; x=1",                        ED_KEY, MAIL, DKIM_NEUTRAL, "a tag has no name" },
	{ T "; c=Relaxed",                    ED_KEY, MAIL, DKIM_NEUTRAL, "c= is unknown" },
	{ T "; c=relaxed/relaxed/relaxed",    ED_KEY, MAIL, DKIM_NEUTRAL, "c= is unknown" },
	{ T "; c=",                           ED_KEY, MAIL, DKIM_NEUTRAL, "c= is unknown" },
	{ T "; q=dns",                        ED_KEY, MAIL, DKIM_NEUTRAL, "q= knows no way that we know" },
	{ T "; t=now",                        ED_KEY, MAIL, DKIM_NEUTRAL, "t= is not a number" },
	{ T "; t=99999999999999999999",       ED_KEY, MAIL, DKIM_NEUTRAL, "t= is not a number" },
	{ T "; x=-1",                         ED_KEY, MAIL, DKIM_NEUTRAL, "x= is not a number" },
	{ T "; t=1700000000; x=1700000000",   ED_KEY, MAIL, DKIM_NEUTRAL, "x= is not after t=" },
	{ T "; l=",                           ED_KEY, MAIL, DKIM_NEUTRAL, "l= is not a number" },
	{ T "; l=4x",                         ED_KEY, MAIL, DKIM_NEUTRAL, "l= is not a number" },
	{ T "; l=10000000000000000000000000000000000000000000000000000000000000000000000000000", ED_KEY, MAIL, DKIM_NEUTRAL, "l= is not a number" },
	{ T "; i=example.com",                ED_KEY, MAIL, DKIM_NEUTRAL, "i= has no domain" },
	{ A "h=from:a b; bh=@",               ED_KEY, MAIL, DKIM_NEUTRAL, "h= has what is no field name" },
	{ A "h=from; bh=AAAA",                ED_KEY, MAIL, DKIM_NEUTRAL, "bh= is not base64 of a SHA-256 hash" },
	{ A "h=from; bh=x",                   ED_KEY, MAIL, DKIM_NEUTRAL, "bh= is not base64 of a SHA-256 hash" },
	{ "v=1; a=ed25519-sha256; d=a..b; s=s; h=from; bh=@",          ED_KEY, MAIL, DKIM_NEUTRAL, "d= is not a domain name" },
	{ "v=1; a=ed25519-sha256; d=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; s=s; h=from; bh=@", ED_KEY, MAIL, DKIM_NEUTRAL, "d= is not a domain name" },
	{ "v=1; a=ed25519-sha256; d=example.com.; s=s; h=from; bh=@",  ED_KEY, MAIL, DKIM_NEUTRAL, "d= is not a domain name" },
	{ "v=1; a=ed25519-sha256; d=ex\xc3\xa4mple.com; s=s; h=from; bh=@", ED_KEY, MAIL, DKIM_NEUTRAL, "d= is not a domain name" },
	{ "v=1; a=ed25519-sha256; d=example.com; s=s/x; h=from; bh=@", ED_KEY, MAIL, DKIM_NEUTRAL, "s= is not a selector" },
	{ "v=1; a=ed25519-sha512; d=example.com; s=s; h=from; bh=@",   ED_KEY, MAIL, DKIM_NEUTRAL, "a= is an unknown algorithm" },

	/* For good. */
	{ "v=1; a=rsa-sha1; d=example.com; s=s; h=from; bh=@",         ED_KEY, MAIL, DKIM_PERMERROR, "rsa-sha1 is no longer valid" },
	{ "v=1; a=rsa-sha1; d=example.com; s=s; h=from; bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=", ED_KEY, MAIL, DKIM_PERMERROR, "rsa-sha1 is no longer valid" },
	{ A "h=; bh=@",                       ED_KEY, MAIL, DKIM_PERMERROR, "From is not signed" },
	{ A "h=to:subject; bh=@",             ED_KEY, MAIL, DKIM_PERMERROR, "From is not signed" },
	{ T "; i=joe@other.example",          ED_KEY, MAIL, DKIM_PERMERROR, "i= is not at d=" },
	{ T "; i=joe@badexample.com",         ED_KEY, MAIL, DKIM_PERMERROR, "i= is not at d=" },
	{ T "; i=example.com@com",            ED_KEY, MAIL, DKIM_PERMERROR, "i= is not at d=" },
	{ T,                                  "p=",   MAIL, DKIM_PERMERROR, "the key is revoked" },
	{ T,                                  "v=DKIM1; k=ed25519", MAIL, DKIM_PERMERROR, "the key record is wrong: the record has no p=" },
	{ T,                                  "h=sha1; " ED_KEY,   MAIL, DKIM_PERMERROR, "the key is not for SHA-256" },
	{ T,                                  "s=tlsrpt; " ED_KEY, MAIL, DKIM_PERMERROR, "the key is not for mail" },
	{ T "; i=joe@sub.example.com",        "t=s; " ED_KEY,      MAIL, DKIM_PERMERROR, "the key is for addresses at d= itself only" },
	{ T "; i=joe@Example.com",            "t=s; " ED_KEY,      MAIL, DKIM_PASS, "" },
	{ "v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=@", ED_KEY, MAIL, DKIM_PERMERROR, "the key is of another kind than a=" },
	{ "v=1; a=ed25519-sha256; d=example.com; s=other; h=from; bh=@", ED_KEY, MAIL, DKIM_PERMERROR, "there is no key" },
	{ T,                                  NULL,   MAIL, DKIM_TEMPERROR, "the key could not be fetched: no answer in time" },

	/* Not accepted. */
	{ T "; x=1699999999",                 ED_KEY, MAIL, DKIM_POLICY, "the signature has expired" },
	{ T "; t=1700090000",                 ED_KEY, MAIL, DKIM_POLICY, "the signature is from the future" },
	{ T,                                  ED_KEY, "From: a\r\nFrom: b\r\n\r\n", DKIM_POLICY, "there is a From that is not signed" },
	{ A "h=from:from; bh=@",              ED_KEY, "From: a\r\nFrom: b\r\n\r\n", DKIM_PASS, "" },
	{ "v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=@",
	  "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAIWmlgix/84GJ+dfgjm7LTc9EPdfkftlgiPpCq4/kbDAZmU0VvYKDljjleJ1dfvS+CGy9U/kk1tG3EeEvb82xAcCAwEAAQ==",
	  MAIL, DKIM_POLICY, "the RSA key has less than 1024 bits" },

	/* Not what was signed. */
	{ T "; l=5",                          ED_KEY, MAIL, DKIM_FAIL, "the body is shorter than l=" },
	{ T "; l=9999999999999999999999999999", ED_KEY, MAIL, DKIM_FAIL, "the body is shorter than l=" },
	{ T "; l=3",                          ED_KEY, MAIL, DKIM_FAIL, "the body is not the one that was signed" },
	{ A "h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", ED_KEY, MAIL, DKIM_FAIL, "the body is not the one that was signed" },
	{ T "; l=0",                          "p=",   MAIL, DKIM_PERMERROR, "the key is revoked" }, /* the key is looked at first */
	{ T,                                  "k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", MAIL, DKIM_FAIL, "the signature does not match" },
	/* clang-format on */
};

/* The row's tags with the hash of BODY where @ stands. */
static const char *with_hash(struct arena *a, const char *tags)
{
	struct str before, after, hash = body_hash(a, BODY);

	if (!str_cut(str_of(tags), STR("bh=@"), &before, &after) &&
	    !str_cut(str_of(tags), STR("bh= @"), &before, &after))
		return tags;
	return arena_z(a, arena_fmt(a, "%.*sbh= %.*s%.*s", STR_ARG(before), STR_ARG(hash), STR_ARG(after)));
}

static struct str sign(struct arena *a, const char *tags, const char *header)
{
	return signed_field(a, "DKIM-Signature", SIGNATURE_DKIM, with_hash(a, tags), header);
}

static void rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct record records[] = { { "s._domainkey.example.com", t[i].key }, { NULL, NULL } };
		struct desk d = { .records = records };
		struct signatures s;

		desk_verify(&d, &a, sign(&a, t[i].tags, t[i].header), STR(BODY), i % 3, &s);
		assert_int_equal(s.dkim.n, 1);
		if (s.dkim.list[0].result != t[i].result || !str_eqz(s.dkim.list[0].why, t[i].why))
			fail_msg("row %zu: %s, %.*s", i, dkim_word(s.dkim.list[0].result), STR_ARG(s.dkim.list[0].why));
		signatures_clear(&s);
	}
}

static void verify_with(const char *key, struct arena *a, struct str header, struct str body, struct signatures *s)
{
	struct record records[] = { { "s._domainkey.example.com", key }, { NULL, NULL } };
	struct desk d = { .records = records };

	desk_verify(&d, a, header, body, 0, s);
}

static void what_is_known_of_a_signature(void **state)
{
	ARENA(a);
	struct signatures s;
	const struct dkim_signature *one = NULL;

	(void)state;
	verify_with("t=y; " ED_KEY, &a, sign(&a, T "; i=joe@sub.example.com; l=4", MAIL), STR(BODY "and more\r\n"), &s);
	one = &s.dkim.list[0];
	assert_int_equal(one->result, DKIM_PASS);
	assert_true(str_eqz(one->domain, "example.com") && str_eqz(one->selector, "s"));
	assert_true(str_eqz(one->identity, "joe@sub.example.com") && str_eqz(one->algorithm, "ed25519-sha256"));
	assert_int_equal(one->b.n, DKIM_B_SHOWN);
	assert_int_equal(one->bits, 256);
	assert_int_equal(one->body_unsigned, 10);
	assert_true(one->testing);
	signatures_clear(&s);
}

/* Known even if something else is wrong; but nothing that could not stand in a log line. */
static void what_is_known_of_a_wrong_one(void **state)
{
	ARENA(a);
	struct signatures s;

	(void)state;
	verify_with(ED_KEY, &a, STR("DKIM-Signature: v=1; d=example.com; s=a/b; a=x\"y; b=A\r\nFrom: a\r\n\r\n"),
		    STR(""), &s);
	assert_int_equal(s.dkim.list[0].result, DKIM_NEUTRAL);
	assert_true(str_eqz(s.dkim.list[0].domain, "example.com") && str_eqz(s.dkim.list[0].identity, "@example.com"));
	assert_int_equal(s.dkim.list[0].selector.n + s.dkim.list[0].algorithm.n + s.dkim.list[0].b.n, 0);
	signatures_clear(&s);
}

/* RFC 6376 A.2, with the key of appendix C. */
static void the_example_of_the_rfc(void **state)
{
	static const char header[] = "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
				     "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
				     "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
				     "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
				     "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
				     "        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
				     "        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
				     "        4bmp/YzhwvcubU4=;\r\n"
				     "Received: from client1.football.example.com  [192.0.2.1]\r\n"
				     "      by submitserver.example.com with SUBMISSION;\r\n"
				     "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
				     "From: Joe SixPack <joe@football.example.com>\r\n"
				     "To: Suzie Q <suzie@shopping.example.net>\r\n"
				     "Subject: Is dinner ready?\r\n"
				     "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
				     "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
				     "\r\n";
	static const char body[] = "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
	static const struct record records[] = {
		{ "brisbane._domainkey.example.com",
		  "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7"
		  "/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb"
		  "to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB" },
		{ NULL, NULL },
	};
	struct desk d = { .records = records };

	(void)state;
	for (size_t cut = 0; cut < sizeof(body); cut++) {
		ARENA(a);
		struct signatures s;

		desk_verify(&d, &a, STR(header), STR(body), cut, &s);
		assert_int_equal(s.dkim.list[0].result, DKIM_PASS);
		assert_int_equal(s.dkim.list[0].bits, 1024);
		signatures_clear(&s);
	}
}

/* Any of them may be the one, in any order; what is no key is passed over. */
static void several_records(void **state)
{
	static const char other[] = "k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static const char *const sets[][3] = {
		{ ED_KEY, other, "v=spf1 -all" },
		{ other, "v=spf1 -all", ED_KEY },
		{ "p=", "", ED_KEY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		ARENA(a);
		struct signatures s;
		struct record records[4] = { { NULL, NULL } };
		struct desk d = { .records = records };

		for (size_t k = 0; k < 3; k++)
			records[k] = (struct record){ "s._domainkey.example.com", sets[i][k] };
		desk_verify(&d, &a, sign(&a, T, MAIL), STR(BODY), 0, &s);
		assert_int_equal(s.dkim.list[0].result, DKIM_PASS);
		assert_int_equal(s.dkim.list[0].bits, 256);
		signatures_clear(&s);
	}
}

static void one_question_for_all_and_each_key_once(void **state)
{
	static const struct record records[] = { { "s._domainkey.example.com", ED_KEY }, { NULL, NULL } };
	struct desk d = { .records = records };
	struct signatures s;
	struct str header;
	ARENA(a);

	(void)state;
	header = sign(&a, T "; i=b@example.com", arena_z(&a, sign(&a, T, MAIL)));
	header = sign(&a, "v=1; a=ed25519-sha256; d=other.example; s=s; h=from; bh=@", arena_z(&a, header));
	desk_verify(&d, &a, header, STR(BODY), 0, &s);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.questions, 2);
	assert_int_equal(s.dkim.n, 3);
	assert_int_equal(s.dkim.list[0].result, DKIM_PERMERROR);
	assert_int_equal(s.dkim.list[1].result, DKIM_PASS);
	assert_int_equal(s.dkim.list[2].result, DKIM_PASS);
	signatures_clear(&s);
}

static void nobody_is_asked_for_nothing(void **state)
{
	static const char *const headers[] = { MAIL, "", "\r\n", "DKIM-Signature: x\r\nFrom: a\r\n\r\n" };
	struct desk d = { .records = &(struct record){ NULL, NULL } };

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		ARENA(a);
		struct signatures s;

		desk_verify(&d, &a, str_of(headers[i]), STR(BODY), 0, &s);
		assert_int_equal(d.calls, 0);
		assert_false(signatures_any(&s));
		assert_int_equal(s.dkim.n, i == 3);
		signatures_clear(&s);
	}
}

/* The topmost ones are verified, some more are listed, the rest is counted. */
static void too_many_signatures(void **state)
{
	ARENA(a);
	BUF(all);
	struct str one = sign(&a, T, "");
	struct signatures s;

	(void)state;
	for (int i = 0; i < 2 * DKIM_LISTED_MAX; i++)
		buf_addstr(&all, one);
	buf_adds(&all, MAIL);
	one = sign(&a, T, MAIL);
	verify_with(ED_KEY, &a,
		    arena_fmt(&a, "%.*s%.*s", (int)(one.n - sizeof(MAIL) + 1), one.p, STR_ARG(buf_str(&all))),
		    STR(BODY), &s);
	assert_int_equal(s.dkim.total, 2 * DKIM_LISTED_MAX + 1);
	assert_int_equal(s.dkim.n, DKIM_LISTED_MAX);
	for (size_t i = 0; i < s.dkim.n; i++)
		assert_int_equal(s.dkim.list[i].result, i == 0                  ? DKIM_PASS
							: i < DKIM_VERIFIED_MAX ? DKIM_FAIL
										: DKIM_POLICY);
	assert_true(str_eqz(s.dkim.list[DKIM_VERIFIED_MAX].why, "too many signatures"));
	signatures_clear(&s);
}

static void too_many_fields(void **state)
{
	ARENA(a);
	BUF(all);
	struct signatures s;

	(void)state;
	buf_addstr(&all, sign(&a, T, "From: a\r\n"));
	for (int i = 0; i < CANON_FIELDS_MAX; i++)
		buf_adds(&all, "X:\r\n");
	verify_with(ED_KEY, &a, buf_str(&all), STR(BODY), &s);
	assert_int_equal(s.dkim.list[0].result, DKIM_POLICY);
	assert_true(str_eqz(s.dkim.list[0].why, "the header has too many fields"));
	assert_int_equal(s.arc.result, ARC_FAIL);
	signatures_clear(&s);
}

static void too_many_names(void **state)
{
	(void)state;
	for (int n = 999; n <= 1000; n++) {
		ARENA(a);
		BUF(tags);
		struct signatures s;

		buf_adds(&tags, T);
		buf_trunc(&tags, tags.n - sizeof("; bh=@") + 1);
		for (int i = 0; i < n; i++)
			buf_adds(&tags, ":x");
		buf_adds(&tags, "; bh=@");
		verify_with(ED_KEY, &a, sign(&a, buf_z(&tags), MAIL), STR(BODY), &s);
		assert_int_equal(s.dkim.list[0].result, n < 1000 ? DKIM_PASS : DKIM_NEUTRAL);
		assert_true(str_eqz(s.dkim.list[0].why, n < 1000 ? "" : "h= has too many names"));
		signatures_clear(&s);
	}
}

/* Signatures of a huge header cost what they cost, but not for ever. */
static void a_large_header_is_not_hashed_again_and_again(void **state)
{
	static char large[2 * 1024 * 1024];
	ARENA(a);
	BUF(all);
	struct signatures s;

	(void)state;
	memset(large, 'x', sizeof(large));
	for (int i = 0; i < 5; i++)
		buf_addstr(&all, sign(&a, A "h=from:large; bh=@", ""));
	buf_adds(&all, "From: a\r\nLarge: ");
	buf_add(&all, large, sizeof(large));
	buf_adds(&all, "\r\n\r\n");
	verify_with(ED_KEY, &a, buf_str(&all), STR(BODY), &s);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(s.dkim.list[i].result, i < 3 ? DKIM_FAIL : DKIM_POLICY);
	assert_true(str_eqz(s.dkim.list[4].why, "the header is too large to be hashed once more"));
	signatures_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(what_is_known_of_a_signature),
		cmocka_unit_test(what_is_known_of_a_wrong_one),
		cmocka_unit_test(the_example_of_the_rfc),
		cmocka_unit_test(several_records),
		cmocka_unit_test(one_question_for_all_and_each_key_once),
		cmocka_unit_test(nobody_is_asked_for_nothing),
		cmocka_unit_test(too_many_signatures),
		cmocka_unit_test(too_many_fields),
		cmocka_unit_test(too_many_names),
		cmocka_unit_test(a_large_header_is_not_hashed_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
