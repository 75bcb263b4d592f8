/* The Authenticated Received Chain (RFC 8617 5.2), on chains made here: what the public suite does not ask. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "vouch_desk.h"

#define BODY "hi\r\n"
#define MAIL "From: a@example.com\r\nTo: b\r\n\r\n"
#define WHO "a=ed25519-sha256; d=example.com; s=s"

/* What t=s says of i= does not concern ARC, whose i= is another one. */
static const struct record records[] = { { "s._domainkey.example.com", "t=s; " ED_KEY }, { NULL, NULL } };

/* How to make a set otherwise than it should be; NULL: as it should be. */
struct odd {
	const char *aar, *message, *seal, *cv, *hashed;
	bool no_aar, no_message, no_seal;
};

/* The fields in the order in which a seal is over them are all that is above, so sets are sealed in one go:
 * the seal's digest is made as RFC 8617 5.1.1 says, from the relaxed fields of all sets. */
struct chain {
	struct arena *a;
	struct str header;  /* topmost set first */
	struct str relaxed; /* all sets so far as a seal sees them */
};

static struct str relaxed_of(struct arena *a, struct str field)
{
	return canon_relaxed(a, field);
}

static struct str seal_field(struct chain *c, const char *tags)
{
	struct str bare = arena_fmt(c->a, "ARC-Seal: %s; b=", tags), form = relaxed_of(c->a, bare), b;
	unsigned char digest[SHA256_SIZE], bytes[64];
	struct sha256 *s = sha256_new();

	sha256_add(s, c->relaxed);
	sha256_add(s, str_take(form, form.n - 2));
	sha256_get(s, digest);
	sha256_free(s);
	sign_digest(digest, bytes);
	b = in_base64(c->a, bytes, sizeof(bytes));
	return arena_fmt(c->a, "%.*s%.*s\r\n", STR_ARG(bare), STR_ARG(b));
}

static void under(struct chain *c, struct str field)
{
	struct str form = relaxed_of(c->a, field);

	c->relaxed = arena_fmt(c->a, "%.*s%.*s", STR_ARG(c->relaxed), STR_ARG(form));
}

static void above(struct chain *c, struct str field)
{
	c->header = arena_fmt(c->a, "%.*s%.*s", STR_ARG(field), STR_ARG(c->header));
}

static struct str message_field(struct chain *c, int i, const struct odd *o)
{
	struct str hash = body_hash(c->a, o->hashed != NULL ? o->hashed : BODY), field;
	const char *tags = o->message, *header = arena_z(c->a, c->header);

	if (tags == NULL)
		tags = arena_z(c->a, arena_fmt(c->a, "i=%d; " WHO "; h=from:to; bh=%.*s", i, STR_ARG(hash)));
	field = signed_field(c->a, "ARC-Message-Signature", SIGNATURE_ARC, tags, header);
	return str_take(field, field.n - c->header.n);
}

static void add_set(struct chain *c, int i, const struct odd *o)
{
	const char *cv = o->cv != NULL ? o->cv : i == 1 ? "none" : "pass";
	struct str message = message_field(c, i, o), seal;
	struct str aar = arena_fmt(
	    c->a, "ARC-Authentication-Results: %s\r\n",
	    o->aar != NULL ? o->aar : arena_z(c->a, arena_fmt(c->a, "i=%d; hop%d.example;\r\n spf=pass", i, i)));
	const char *tags = o->seal;

	if (tags == NULL)
		tags = arena_z(c->a, arena_fmt(c->a, "i=%d; " WHO "; cv=%s", i, cv));
	under(c, aar);
	under(c, message);
	seal = seal_field(c, tags);
	under(c, seal);
	if (!o->no_aar)
		above(c, aar);
	if (!o->no_message)
		above(c, message);
	if (!o->no_seal)
		above(c, seal);
}

static void verify(struct chain *c, struct signatures *s)
{
	struct desk d = { .records = records };

	desk_verify(&d, c->a, c->header, STR(BODY), 1, s);
	assert_true(d.calls <= 1 && d.questions <= 1);
}

static void chains_of_every_length(void **state)
{
	ARENA(a);
	struct chain c = { .a = &a, .header = STR_INIT(MAIL) };
	struct signatures s;

	(void)state;
	for (int n = 1; n <= ARC_SETS_MAX; n++) {
		add_set(&c, n, &(struct odd){ NULL });
		verify(&c, &s);
		if (s.arc.result != ARC_PASS)
			fail_msg("%d sets: %.*s at %u", n, STR_ARG(s.arc.why), s.arc.failed);
		assert_int_equal(s.arc.n, n);
		assert_int_equal(s.arc.oldest_pass, 0);
		assert_true(str_eq(s.arc.saw, arena_fmt(&a, "hop%d.example; spf=pass", n)));
		assert_true(str_eqz(s.arc.sets[0].seal.domain, "example.com"));
		signatures_clear(&s);
	}
	add_set(&c, ARC_SETS_MAX + 1, &(struct odd){ NULL });
	verify(&c, &s);
	assert_int_equal(s.arc.result, ARC_FAIL);
	assert_true(str_eqz(s.arc.why, "more than 50 sets"));
	signatures_clear(&s);
}

/* A chain of three, one set of which is odd. */
static const struct {
	int at;
	struct odd odd;
	enum arc_result result;
	unsigned failed, oldest;
	const char *why;
} t[] = {
	/* clang-format off */
	{ 1, { .hashed = "other\r\n" },       ARC_PASS, 0, 2, "" },
	{ 2, { .hashed = "other\r\n" },       ARC_PASS, 0, 3, "" },
	{ 3, { .hashed = "other\r\n" },       ARC_FAIL, 3, 0, "ARC-Message-Signature: the body is not the one that was signed" },
	{ 1, { .cv = "pass" },                ARC_FAIL, 1, 0, "the first set does not say cv=none" },
	{ 2, { .cv = "none" },                ARC_FAIL, 2, 0, "a later set does not say cv=pass" },
	{ 3, { .cv = "fail" },                ARC_FAIL, 3, 0, "a hop found the chain broken" },
	{ 2, { .cv = "Pass" },                ARC_FAIL, 2, 0, "cv= is not none, pass or fail" },
	{ 1, { .no_aar = true },              ARC_FAIL, 1, 0, "a set has no ARC-Authentication-Results" },
	{ 2, { .no_message = true },          ARC_FAIL, 2, 0, "a set has no ARC-Message-Signature" },
	{ 3, { .no_seal = true },             ARC_FAIL, 3, 0, "a set has no ARC-Seal" },
	{ 2, { .aar = "i=1; twice" },         ARC_FAIL, 1, 0, "two ARC-Authentication-Results in a set" },
	{ 2, { .aar = "hop; i=2" },           ARC_FAIL, 0, 0, "an ARC-Authentication-Results does not begin with i=" },
	{ 2, { .aar = "i=51; hop" },          ARC_FAIL, 0, 0, "an ARC-Authentication-Results does not begin with i=" },
	{ 2, { .aar = "\r\n i = 2 ; hop" },   ARC_PASS, 0, 0, "" },
	{ 2, { .seal = "i=2; " WHO "; cv=pass; h=from" },    ARC_FAIL, 2, 0, "an ARC-Seal has h=" },
	{ 2, { .seal = "i=0; " WHO "; cv=pass" },            ARC_FAIL, 0, 0, "i= is not 1 to 50" },
	{ 2, { .seal = "i=4; " WHO "; cv=pass" },            ARC_FAIL, 2, 0, "a set has no ARC-Seal" },
	{ 3, { .seal = "i=3; a=ed25519-sha256; d=example.com; s=not-there; cv=pass" }, ARC_FAIL, 3, 0, "ARC-Seal: there is no key" },
	{ 3, { .seal = "i=3; a=rsa-sha1; d=example.com; s=s; cv=pass" }, ARC_FAIL, 3, 0, "rsa-sha1 is no longer valid" },
	{ 3, { .message = "i=3; " WHO "; h=from:arc-seal; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }, ARC_FAIL, 3, 0, "h= names ARC-Seal" },
	{ 3, { .message = "i=3; " WHO "; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }, ARC_FAIL, 3, 0, "h= is missing" },
	/* clang-format on */
};

static void one_odd_set(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(t); row++) {
		ARENA(a);
		struct chain c = { .a = &a, .header = STR_INIT(MAIL) };
		struct desk d = { .records = records };
		struct signatures s;

		for (int i = 1; i <= 3; i++)
			add_set(&c, i, i == t[row].at ? &t[row].odd : &(struct odd){ NULL });
		desk_verify(&d, &a, c.header, STR(BODY), 0, &s);
		if (s.arc.result != t[row].result || s.arc.failed != t[row].failed ||
		    s.arc.oldest_pass != t[row].oldest || !str_eqz(s.arc.why, t[row].why))
			fail_msg("row %zu: %s at %u, oldest %u, %.*s", row, arc_word(s.arc.result), s.arc.failed,
				 s.arc.oldest_pass, STR_ARG(s.arc.why));
		signatures_clear(&s);
	}
}

/* A byte of an old set changed: its seal and all later ones are broken; the first is named. */
static void a_changed_old_set(void **state)
{
	ARENA(a);
	struct chain c = { .a = &a, .header = STR_INIT(MAIL) };
	struct signatures s;
	char *copy, *at;

	(void)state;
	for (int i = 1; i <= 3; i++)
		add_set(&c, i, &(struct odd){ NULL });
	copy = arena_alloc(&a, c.header.n + 1);
	memcpy(copy, c.header.p, c.header.n);
	at = strstr(copy, "hop2.example");
	assert_non_null(at);
	at[3] = '7';
	c.header = str_mem(copy, c.header.n);
	verify(&c, &s);
	assert_int_equal(s.arc.result, ARC_FAIL);
	assert_int_equal(s.arc.failed, 2);
	assert_true(str_eqz(s.arc.why, "ARC-Seal: the signature does not match"));
	assert_false(s.arc.temporary);
	signatures_clear(&s);
}

static void a_silent_dns_is_a_temporary_failure(void **state)
{
	static const struct record silent[] = { { "s._domainkey.example.com", NULL }, { NULL, NULL } };
	ARENA(a);
	struct chain c = { .a = &a, .header = STR_INIT(MAIL) };
	struct desk d = { .records = silent };
	struct signatures s;

	(void)state;
	add_set(&c, 1, &(struct odd){ NULL });
	desk_verify(&d, &a, c.header, STR(BODY), 0, &s);
	assert_int_equal(s.arc.result, ARC_FAIL);
	assert_true(s.arc.temporary);
	signatures_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_of_every_length),
		cmocka_unit_test(one_odd_set),
		cmocka_unit_test(a_changed_old_set),
		cmocka_unit_test(a_silent_dns_is_a_temporary_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
