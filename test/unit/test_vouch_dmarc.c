/* RFC 9989: appendix B's examples, records (4.7, 4.8), the tree walk (4.10), policies, several authors (11.5). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include "../vouch/zone.h"
#include "base/clock.h"
#include "vouch/dmarc_walk.h"
#include "vouch/text.h"

static const struct {
	const char *record;
	bool is;
	const char *read; /* p sp np, adkim aspf, psd, t, pct */
} records[] = {
	/* clang-format off */
	{ "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com",  true, "none none none r r u n -1" },
	{ "v=DMARC1; p=quarantine; rua=mailto:a@example.com,mailto:b@x.example; t=y", true, "quarantine quarantine quarantine r r u y -1" },
	{ "v=DMARC1;p=reject;sp=quarantine;np=reject;adkim=s;aspf=S;psd=n", true, "reject quarantine reject s s n n -1" },
	{ " V = DMARC1 ; P = Reject ; PSD = Y ",                      true, "reject reject reject r r y n -1" },
	{ "v=DMARC1",                                                 true, "none none none r r u n -1" },
	{ "v=DMARC1;",                                                true, "none none none r r u n -1" },
	{ "v=DMARC1; sp=reject",                                      true, "none reject reject r r u n -1" },
	{ "v=DMARC1; p=reject; pct=0",                                true, "reject reject reject r r u y 0" },
	{ "v=DMARC1; p=reject; pct=0; t=n",                           true, "reject reject reject r r u n 0" },
	{ "v=DMARC1; p=reject; pct=50",                               true, "reject reject reject r r u n 50" },
	{ "v=DMARC1; p=reject; pct=101; t=maybe; psd=x; adkim=strict", true, "reject reject reject r r u n -1" },
	{ "v=DMARC1; p=reject; p=none; new=tag; =; ; noequals",       true, "reject reject reject r r u n -1" },
	{ "v=DMARC1; p=block",                                        true, "its p is not valid" },
	{ "v=DMARC1; p=",                                             true, "its p is not valid" },
	{ "v=DMARC1; p=reject; sp=all",                               true, "its sp is not valid" },
	{ "v=DMARC1; p=reject; np=all; rua=nonsense",                 true, "its np is not valid" },
	{ "v=DMARC1; p=block; rua=nonsense,mailto:a@x.example!10m",   true, "none none none r r u n -1" },
	{ "v=DMARC1; p=reject; sp=block; rua=https://x.example/",     true, "none none none r r u n -1" },
	{ "v=dmarc1; p=none",   false, NULL },
	{ "v=DMARC12; p=none",  false, NULL },
	{ "p=none; v=DMARC1",   false, NULL },
	{ "v=DMARC1 p=none",    false, NULL },
	{ "v=spf1 -all",        false, NULL },
	{ "",                   false, NULL },
	/* clang-format on */
};

static void reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		struct str txt = str_of(records[i].record);
		struct dmarc_record r;
		BUF(b);

		if (dmarc_record_is(txt) != records[i].is)
			fail_msg("%s", records[i].record);
		if (!records[i].is)
			continue;
		r = dmarc_record_read(txt);
		if (r.unusable != NULL)
			buf_adds(&b, r.unusable);
		else
			buf_fmt(&b, "%s %s %s %c %c %c %c %d", dmarc_policy_word(r.p), dmarc_policy_word(r.sp),
				dmarc_policy_word(r.np), r.adkim_strict ? 's' : 'r', r.aspf_strict ? 's' : 'r', r.psd,
				r.test ? 'y' : 'n', r.pct);
		if (strcmp(buf_z(&b), records[i].read) != 0)
			fail_msg("%s: %s", records[i].record, buf_z(&b));
	}
}

#define D(name, text) \
	{ \
		"_dmarc." name, "TXT", "v=DMARC1; " text, \
		{ \
			0 \
		} \
	}

static const struct zone_row world[] = {
	D("example.com", "p=reject; sp=quarantine; np=reject"),
	D("signing.example.com", "p=none"),
	D("strict.example.com", "p=reject; adkim=s; aspf=s"),
	D("test.example.com", "p=reject; t=y"),
	D("pct.example.com", "p=quarantine; pct=0"),
	D("apart.example.com", "p=reject; psd=n"),
	D("twice.example.com", "p=none"),
	D("twice.example.com", "p=none"),
	{ "_dmarc.twice.example.com", "TXT", "unrelated", { 0 } },
	{ "_dmarc.joined.example.com", "TXT", "v=DMARC1; p=re\1ject", { 0 } },
	{ "mail.example.com", "A", "192.0.2.1", { 0 } },
	{ "noaddress.example.com", "NS", "ns.example", { 0 } },
	{ "unsure.example.com", "FAIL", "", { 0 } },
	D("bank.example", "p=quarantine; sp=reject; psd=y"),
	D("giant.bank.example", "p=reject"),
	D("broken.example", "p=block"),
	D("brokenrua.example", "p=block; rua=mailto:a@broken.example"),
	{ "_dmarc.silent.example", "FAIL", "", { 0 } },
	D("sub.silent.example", "p=reject"),
	D("list.only.example", "p=reject"),
	D("sub.listed.co.uk", "p=reject"),
	D("top", "p=reject"),
	D("psdtop", "p=reject; psd=y"),
	{ "_dmarc.deadtop", "FAIL", "", { 0 } },
	D("a.deadtop", "p=reject"),
};

static const struct {
	const char *from, *spf, *dkim; /* what passed; "~" in front: temperror instead; "a b" two signatures */
	const char *want;              /* result policy record organization, what is aligned */
} cases[] = {
	/* clang-format off */
	/* B.1.1, B.1.2: the records there are relaxed ones of example.com */
	{ "example.com", "example.com", "", "pass none example.com example.com spf" },
	{ "example.com", "child.example.com", "", "pass none example.com example.com spf" },
	{ "child.example.com", "example.net", "", "fail reject example.com example.com" },
	{ "example.com", "", "example.com", "pass none example.com example.com dkim0" },
	{ "child.example.com", "", "example.com", "pass none example.com example.com dkim0" },
	{ "child.example.com", "", "example.net", "fail reject example.com example.com" },
	/* B.3.1 */
	{ "example.com", "mail.example.com", "example.com", "pass none example.com example.com spf dkim0" },
	/* B.4.1, B.4.2, B.4.3 */
	{ "example.com", "example.com", "signing.example.com", "pass none example.com example.com spf dkim0" },
	{ "a.b.c.d.e.f.g.h.i.j.k.example.com", "example.com", "signing.example.com",
	  "pass none example.com example.com spf dkim0" },
	{ "giant.bank.example", "mail.giant.bank.example", "mail.mega.bank.example",
	  "pass none giant.bank.example giant.bank.example spf" },
	{ "giant.bank.example", "", "mail.mega.bank.example", "fail reject giant.bank.example giant.bank.example" },
	{ "a.b.mega.bank.example", "", "", "fail reject bank.example mega.bank.example" },
	{ "a.b.c.d.e.f.g.h.i.mega.bank.example", "mega.bank.example", "", "pass none bank.example mega.bank.example spf" },
	{ "bank.example", "", "giant.bank.example", "fail quarantine bank.example bank.example" },
	/* policies */
	{ "example.com", "", "", "fail reject example.com example.com" },
	{ "mail.example.com", "", "", "fail quarantine example.com example.com" },
	{ "noaddress.example.com", "", "", "fail quarantine example.com example.com" },
	{ "nothing.example.com", "", "", "fail reject example.com example.com" },
	{ "unsure.example.com", "", "", "fail quarantine example.com example.com" },
	{ "signing.example.com", "", "", "fail none signing.example.com example.com" },
	{ "test.example.com", "", "", "fail quarantine test.example.com example.com" },
	{ "pct.example.com", "", "", "fail none pct.example.com example.com" },
	{ "joined.example.com", "", "", "fail reject joined.example.com example.com" },
	{ "nowhere.example", "nowhere.example", "", "none none  nowhere.example" },
	/* strict */
	{ "strict.example.com", "strict.example.com", "example.com", "pass none strict.example.com example.com spf" },
	{ "strict.example.com", "example.com", "a.strict.example.com", "fail reject strict.example.com example.com" },
	/* psd=n cuts an organization off */
	{ "apart.example.com", "example.com", "x.apart.example.com", "pass none apart.example.com apart.example.com dkim0" },
	{ "example.com", "apart.example.com", "", "fail reject example.com example.com" },
	/* two records are none */
	{ "twice.example.com", "", "", "fail reject example.com example.com" },
	/* malformed records */
	{ "broken.example", "broken.example", "", "permerror none broken.example broken.example" },
	{ "brokenrua.example", "", "", "fail none brokenrua.example brokenrua.example" },
	/* top-level domains */
	{ "some.top", "", "some.top", "none none  some.top" },
	{ "some.psdtop", "", "x.some.psdtop other.psdtop", "pass none psdtop some.psdtop dkim0" },
	{ "x.a.deadtop", "a.deadtop", "", "pass none a.deadtop a.deadtop spf" },
	/* failures */
	{ "silent.example", "silent.example", "", "temperror none  silent.example" },
	{ "x.silent.example", "silent.example", "", "temperror none  x.silent.example" },
	{ "sub.silent.example", "sub.silent.example", "", "pass none sub.silent.example sub.silent.example spf" },
	{ "sub.silent.example", "x.sub.silent.example", "", "temperror none sub.silent.example sub.silent.example" },
	{ "sub.silent.example", "other.example", "", "fail reject sub.silent.example sub.silent.example" },
	{ "example.com", "~mail.example.com", "other.example", "temperror none example.com example.com" },
	{ "example.com", "~other.example", "", "fail reject example.com example.com" },
	{ "example.com", "", "~example.com mail.example.com", "pass none example.com example.com dkim1" },
	/* RFC 7489: a record below the organizational domain only */
	{ "sub.listed.co.uk", "listed.co.uk", "", "pass none sub.listed.co.uk sub.listed.co.uk spf" },
	{ "sub.listed.co.uk", "other.co.uk", "co.uk", "fail reject sub.listed.co.uk sub.listed.co.uk" },
	/* not quite within */
	{ "example.com", "badexample.com", "com", "fail reject example.com example.com" },
	{ "example.com", "", "\033.example.com", "pass none example.com example.com dkim0" },
	/* clang-format on */
};

static size_t signatures(const char *words, struct dmarc_signature *out)
{
	struct str rest = str_of(words), word;
	size_t n = 0;

	for (word = str_word(&rest); word.n > 0; word = str_word(&rest)) {
		bool later = word.p[0] == '~';

		out[n++] = (struct dmarc_signature){ str_skip(word, later), !later, later };
	}
	return n;
}

static struct dmarc check(const struct str *from, size_t n, const char *spf, const char *dkim, struct zone *z,
			  struct arena *a)
{
	struct dmarc_signature *signature = arena_alloc(a, 64 * sizeof(*signature)), s = { 0 };
	struct dmarc_question q = { .from = from, .from_n = n, .dkim = signature, .deadline = deadline_in(1000) };
	struct vouch_ask ask = zone_ask(z);
	struct dmarc d;

	z->rows = world;
	z->n = COUNT(world);
	q.dkim_n = signatures(dkim, signature);
	signatures(spf, &s);
	q.spf_domain = s.domain;
	q.spf_pass = s.pass;
	q.spf_temperror = s.temperror;
	dmarc_check(&ask, &q, a, &d);
	return d;
}

static void results(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA(a);
		struct zone z = { 0 };
		struct str from = arena_fmt(&a, "X <x@%s>", cases[i].from);
		struct dmarc d = check(&from, 1, cases[i].spf, cases[i].dkim, &z, &a);
		struct dmarc_signature s[2];
		BUF(b);

		buf_fmt(&b, "%s %s %.*s %.*s%s", dmarc_word(d.result), dmarc_policy_word(d.policy), STR_ARG(d.record),
			STR_ARG(d.organization), d.spf_aligned ? " spf" : "");
		for (size_t k = 0, n = signatures(cases[i].dkim, s); k < n; k++)
			if (d.dkim_aligned[k])
				buf_fmt(&b, " dkim%zu", k);
		if (strcmp(buf_z(&b), cases[i].want) != 0)
			fail_msg("%s, SPF %s, DKIM %s: %s (%.*s)", cases[i].from, cases[i].spf, cases[i].dkim,
				 buf_z(&b), STR_ARG(d.why));
		assert_true(d.why.n > 0);
		assert_null(d.from);
	}
}

static void the_walk_asks_eight_names_at_most_and_all_at_once(void **state)
{
	ARENA(a);
	struct zone z = { 0 };
	struct str from = STR("a@a.b.c.d.e.f.g.h.i.j.mail.example.com");

	(void)state;
	check(&from, 1, "", "", &z, &a);
	assert_string_equal(z.names,
			    "16 _dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com; 16 _dmarc.g.h.i.j.mail.example.com; "
			    "16 _dmarc.h.i.j.mail.example.com; 16 _dmarc.i.j.mail.example.com; "
			    "16 _dmarc.j.mail.example.com; 16 _dmarc.mail.example.com; 16 _dmarc.example.com; "
			    "16 _dmarc.com; 1 a.b.c.d.e.f.g.h.i.j.mail.example.com; ");
	assert_int_equal(z.rounds, 2);
	z = (struct zone){ 0 };
	from = STR("a@a.b.c.d.e.f.example.com"); /* eight labels */
	check(&from, 1, "a.b.c.d.e.f.example.com", "", &z, &a);
	assert_int_equal(z.asked, 8);
	assert_int_equal(z.rounds, 1);
}

static void only_those_who_may_be_aligned_are_walked(void **state)
{
	ARENA(a);
	struct zone z = { 0 };
	struct str from = STR("a@example.com");

	(void)state;
	check(&from, 1, "bounce.mail.example.com", "esp.example x.example.com x.example.com", &z, &a);
	assert_int_equal(z.rounds, 2);
	assert_int_equal(z.asked, 2 + 3); /* of the other domains: bounce.mail, mail, x */
}

static void a_flood_of_signatures_is_not_looked_at(void **state)
{
	ARENA(a);
	struct zone z = { 0 };
	struct str from = STR("a@example.com");
	BUF(b);

	(void)state;
	for (int i = 0; i < 60; i++)
		buf_fmt(&b, "s%d.example.com ", i);
	assert_int_equal(check(&from, 1, "", buf_z(&b), &z, &a).result, DMARC_PASS);
	assert_int_equal(z.asked, 2 + DMARC_DOMAINS_MAX);
}

static const struct {
	const char *from, *second, *dkim;
	enum dmarc_result result;
	enum dmarc_policy policy;
	const char *author, *why;
} doubtful[] = {
	/* clang-format off */
	{ "a@example.com, b@nowhere.example", NULL, "example.com", DMARC_PERMERROR, DMARC_POLICY_NONE, "nowhere.example",
	  "From has addresses of several domains" },
	{ "a@example.com, b@test.example.com", NULL, "nowhere.example", DMARC_FAIL, DMARC_POLICY_REJECT, "example.com",
	  "From has addresses of several domains; nothing that passed (DKIM of nowhere.example) is aligned with example.com, "
	  "and example.com asks for reject" },
	{ "a@nowhere.example", "b@example.com", "nowhere.example", DMARC_FAIL, DMARC_POLICY_REJECT, "example.com",
	  "there is more than one From; nothing that passed (DKIM of nowhere.example) is aligned with example.com, "
	  "and example.com asks for reject" },
	{ "a@example.com <a@nowhere.example>", NULL, "nowhere.example", DMARC_FAIL, DMARC_POLICY_REJECT, "example.com",
	  "addresses without a comma between them; nothing that passed (DKIM of nowhere.example) is aligned with example.com, "
	  "and example.com asks for reject" },
	{ "a@example.com <a@example.com>", NULL, "example.com", DMARC_PASS, DMARC_POLICY_NONE, "example.com",
	  "DKIM of example.com passed and is aligned with example.com" },
	{ "a@example.c\303\266m", NULL, "example.c", DMARC_PERMERROR, DMARC_POLICY_NONE, "example.c",
	  "addresses without a comma between them" },
	{ "nobody", NULL, "example.com", DMARC_PERMERROR, DMARC_POLICY_NONE, "", "an address has no domain" },
	{ NULL, NULL, "example.com", DMARC_PERMERROR, DMARC_POLICY_NONE, "", "there is no From" },
	/* clang-format on */
};

static void doubts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(doubtful); i++) {
		ARENA(a);
		struct zone z = { 0 };
		struct str from[] = { str_of(doubtful[i].from), str_of(doubtful[i].second) };
		size_t n = (size_t)(doubtful[i].from != NULL) + (size_t)(doubtful[i].second != NULL);
		struct dmarc d = check(from, n, "", doubtful[i].dkim, &z, &a);

		if (d.result != doubtful[i].result || d.policy != doubtful[i].policy ||
		    !str_eqz(d.author, doubtful[i].author) || !str_eqz(d.why, doubtful[i].why))
			fail_msg("%zu: %s %s %.*s: %.*s", i, dmarc_word(d.result), dmarc_policy_word(d.policy),
				 STR_ARG(d.author), STR_ARG(d.why));
		assert_non_null(d.from);
	}
}

static const struct {
	const char *from, *spf, *why;
} sentences[] = {
	/* clang-format off */
	{ "a@nowhere.example", "", "nowhere.example has no DMARC record" },
	{ "a@silent.example", "", "_dmarc.silent.example could not be asked: SERVFAIL" },
	{ "a@broken.example", "", "the record of broken.example is no policy: its p is not valid" },
	{ "a@test.example.com", "esp.example", "nothing that passed (SPF of esp.example) is aligned with test.example.com, and "
	  "test.example.com asks for reject, but only tests it" },
	{ "a@example.com", "~mail.example.com", "what may be aligned with example.com could not be checked" },
	{ "a@example.com", "mail.example.com", "SPF of mail.example.com passed and is aligned with example.com" },
	/* clang-format on */
};

static void words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sentences); i++) {
		ARENA(a);
		struct zone z = { 0 };
		struct str from = str_of(sentences[i].from);
		struct dmarc d = check(&from, 1, sentences[i].spf, "", &z, &a);

		if (!str_eqz(d.why, sentences[i].why))
			fail_msg("%.*s", STR_ARG(d.why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(results),
		cmocka_unit_test(the_walk_asks_eight_names_at_most_and_all_at_once),
		cmocka_unit_test(only_those_who_may_be_aligned_are_walked),
		cmocka_unit_test(a_flood_of_signatures_is_not_looked_at),
		cmocka_unit_test(doubts),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
