/* Rows of RFC 7208: syntax (4.6.1, 12), limits (4.6.4), mechanisms (5), modifiers (6), macros (7). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include "../vouch/zone.h"
#include "base/clock.h"
#include "vouch/spf.h"
#include "vouch/spf_inside.h"
#include "vouch/text.h"

static const struct {
	const char *record, *why, *wrong;
} records[] = {
	/* clang-format off */
	{ "v=spf1",                                   NULL, NULL },
	{ "v=spf1 a  mx   -all ",                     NULL, NULL },
	{ "v=spf1 +A ?Mx ~PTR -EXISTS:%{i}.x.example -ALL", NULL, NULL },
	{ "v=spf1 a/24//64 mx:a.example/0//0",        NULL, NULL },
	{ "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::ffff:1.2.3.4", NULL, NULL },
	{ "v=spf1 foo=bar x-y_z.1=%{c}%{r}%{t} op=",  NULL, NULL },
	{ "v=spf1 a:foo-bar.xn--4gbrim include:a.1a", NULL, NULL },
	{ "v=spf1 include:%{d1r+-,/_=.}",             NULL, NULL },
	{ "v=spf1 a:x.%%",                            NULL, NULL },
	{ "v=spf1 exp=a.example redirect=b.example",  NULL, NULL },
	{ "v=spf1 moo",                 "unknown mechanism", "moo" },
	{ "v=spf1 --all",               "unknown mechanism", "--all" },
	{ "v=spf1 all:a.example",       "this mechanism takes no argument", "all:a.example" },
	{ "v=spf1 include",             "no domain", "include" },
	{ "v=spf1 a:",                  "no domain", "a:" },
	{ "v=spf1 a:museum",            "not a full domain name", "a:museum" },
	{ "v=spf1 a:1.2.3.4",           "not a full domain name", "a:1.2.3.4" },
	{ "v=spf1 a:example.-com",      "not a full domain name", "a:example.-com" },
	{ "v=spf1 a:example.com,b.com,", "not a full domain name", "a:example.com,b.com," },
	{ "v=spf1 ptr/24",              "malformed mechanism", "ptr/24" },
	{ "v=spf1 include:a.example/24", "not a full domain name", "include:a.example/24" },
	{ "v=spf1 a/33",                "bad length of a network", "a/33" },
	{ "v=spf1 a//129",              "bad length of a network", "a//129" },
	{ "v=spf1 mx/024",              "bad length of a network", "mx/024" },
	{ "v=spf1 a/24/64",             "bad length of a network", "a/24/64" },
	{ "v=spf1 ip4",                 "no address", "ip4" },
	{ "v=spf1 ip4:192.0.2",         "bad address", "ip4:192.0.2" },
	{ "v=spf1 ip4:192.0.2.01",      "bad address", "ip4:192.0.2.01" },
	{ "v=spf1 ip4:192.0.2.1/33",    "bad length of a network", "ip4:192.0.2.1/33" },
	{ "v=spf1 ip4:2001:db8::1",     "bad address", "ip4:2001:db8::1" },
	{ "v=spf1 ip6:2001:db8::1/129", "bad length of a network", "ip6:2001:db8::1/129" },
	{ "v=spf1 ip6:192.0.2.1",       "bad address", "ip6:192.0.2.1" },
	{ "v=spf1 exists:%{x}.a",       "unknown macro", "exists:%{x}.a" },
	{ "v=spf1 exists:%(i).a.b",     "a % that begins no macro", "exists:%(i).a.b" },
	{ "v=spf1 exists:a.b%",         "a % that begins no macro", "exists:a.b%" },
	{ "v=spf1 exists:%{i",          "malformed macro", "exists:%{i" },
	{ "v=spf1 exists:%{i0}.a.b",    "a macro keeps zero parts", "exists:%{i0}.a.b" },
	{ "v=spf1 exists:%{i1r2}.a.b",  "malformed macro", "exists:%{i1r2}.a.b" },
	{ "v=spf1 exists:%{c}.a.b",     "a macro that is for explanations only", "exists:%{c}.a.b" },
	{ "v=spf1 foo=%{z}",            "malformed macro", "foo=%{z}" },
	{ "v=spf1 a:caf\303\251.example", "a character that is not allowed", "a:caf\303\251.example" },
	{ "v=spf1 a\tmx",               "malformed mechanism", "a\tmx" },
	{ "v=spf1 redirect=a.b redirect=a.b", "a modifier stands twice", "redirect=a.b" },
	{ "v=spf1 exp=",                "no domain", "exp=" },
	{ "v=spf1 redirect:a.b",        "unknown mechanism", "redirect:a.b" },
	{ "v=spf1 =all",                "unknown mechanism", "=all" },
	/* clang-format on */
};

static void syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		struct spf_record r;

		assert_true(spf_record_is(str_of(records[i].record)));
		if (spf_record_read(str_of(records[i].record), &r) != (records[i].why == NULL))
			fail_msg("%s: %s", records[i].record, r.why == NULL ? "accepted" : r.why);
		if (records[i].why != NULL &&
		    (strcmp(r.why, records[i].why) != 0 || !str_eqz(r.wrong, records[i].wrong)))
			fail_msg("%s: %s: %.*s", records[i].record, r.why, STR_ARG(r.wrong));
	}
}

static void a_very_long_name_is_a_mistake(void **state)
{
	struct spf_record r;
	BUF(b);

	(void)state;
	buf_adds(&b, "v=spf1 a:");
	while (b.n < 9 + SPF_SPEC_MAX - 4)
		buf_addc(&b, 'x');
	buf_adds(&b, ".com");
	assert_true(spf_record_read(buf_str(&b), &r));
	buf_adds(&b, "m");
	assert_false(spf_record_read(buf_str(&b), &r));
	assert_string_equal(r.why, "too long");
}

static void versions(void **state)
{
	(void)state;
	assert_true(spf_record_is(STR("V=SPF1 -all")));
	assert_false(spf_record_is(STR("v=spf10")));
	assert_false(spf_record_is(STR("v=spf1\tall")));
	assert_false(spf_record_is(STR(" v=spf1")));
	assert_false(spf_record_is(STR("v=spf")));
}

#define TEN(x) x x x x x x x x x x

/* One world for all rows below. */
static const struct zone_row world[] = {
	/* clang-format off */
	{ "plain.example",    "TXT",  "unrelated", { 0 } },
	{ "plain.example",    "TXT",  "v=spf1 ip4:192.0.2.\1" "0/24 ip6:2001:db8::/32 -all", { 0 } },
	{ "two.example",      "TXT",  "v=spf1 -all", { 0 } },
	{ "two.example",      "TXT",  "v=spf1 -all", { 0 } },
	{ "silent.example",   "FAIL", "", { 0 } },
	{ "broken.example",   "TXT",  "v=spf1 ip4:192.0.2.1 moo", { 0 } },
	{ "inc.example",      "TXT",  "v=spf1 include:mid.example ~all", { 0 } },
	{ "mid.example",      "TXT",  "v=spf1 include:plain.example ?all", { 0 } },
	{ "notinc.example",   "TXT",  "v=spf1 -include:plain.example +all exp=why.example", { 0 } },
	{ "why.example",      "TXT",  "No mail of %{d} from %{i}\1%_please", { 0 } },
	{ "incnone.example",  "TXT",  "v=spf1 include:nothing.example -all", { 0 } },
	{ "redir.example",    "TXT",  "v=spf1 redirect=plain.example", { 0 } },
	{ "redirnone.example", "TXT", "v=spf1 redirect=nothing.example", { 0 } },
	{ "aaa.example",      "TXT",  "v=spf1 a:host.example -all", { 0 } },
	{ "host.example",     "A",    "192.0.2.7", { 0 } },
	{ "host.example",     "AAAA", "2001:db8::7", { 0 } },
	{ "mx.example",       "TXT",  "v=spf1 mx -all", { 0 } },
	{ "mx.example",       "MX",   "10 dead.example", { 0 } },
	{ "mx.example",       "MX",   "20 silent.example", { 0 } },
	{ "mx.example",       "MX",   "30 host.example", { 0 } },
	{ "void.example",     "TXT",  "v=spf1 a:n1.example mx:n2.example exists:n3.example +all", { 0 } },
	{ "void2.example",    "TXT",  "v=spf1 a:n1.example mx:n2.example a:bad..name.example +all", { 0 } },
	{ "ptr.example",      "TXT",  "v=spf1 ptr -all", { 0 } },
	{ "8.2.0.192.in-addr.arpa", "PTR", "liar.example", { 0 } },
	{ "8.2.0.192.in-addr.arpa", "PTR", "out.ptr.example", { 0 } },
	{ "out.ptr.example",  "A",    "192.0.2.8", { 0 } },
	{ "many.example",     "TXT",  "v=spf1 a:%{ir}.many.example " TEN("a:host.example ") "-all", { 0 } },
	{ "loop.example",     "TXT",  "v=spf1 include:loop.example", { 0 } },
	{ "long.example",     "TXT",  "v=spf1 -all exp=long.text.example", { 0 } },
	{ "long.text.example", "TXT", TEN(TEN("%{s}, ")), { 0 } },
	{ "odd.example",      "TXT",  "v=spf1 -all exp=odd.text.example", { 0 } },
	{ "odd.text.example", "TXT",  "helo was %{h}", { 0 } },
	{ "badexp.example",   "TXT",  "v=spf1 -all exp=bad.text.example", { 0 } },
	{ "bad.text.example", "TXT",  "line\nbreak", { 0 } },
	/* clang-format on */
};

static const struct {
	const char *ip, *sender;
	enum spf_result result;
	const char *term, *where, *via;
	unsigned lookups, voids;
} cases[] = {
	/* clang-format off */
	{ "192.0.2.1",        "a@plain.example",   SPF_PASS,      "ip4:192.0.2.0/24", "plain.example", "", 0, 0 },
	{ "::ffff:192.0.2.1", "a@plain.example",   SPF_PASS,      "ip4:192.0.2.0/24", "plain.example", "", 0, 0 },
	{ "2001:db8::9",      "a@plain.example",   SPF_PASS,      "ip6:2001:db8::/32", "plain.example", "", 0, 0 },
	{ "198.51.100.1",     "a@plain.example",   SPF_FAIL,      "-all", "plain.example", "", 0, 0 },
	{ "198.51.100.1",     "a@PLAIN.example.",  SPF_FAIL,      "-all", "PLAIN.example", "", 0, 0 },
	{ "192.0.2.1",        "a@nothing.example", SPF_NONE,      "", "nothing.example", "", 0, 0 },
	{ "192.0.2.1",        "a@[192.0.2.1]",     SPF_NONE,      "", "[192.0.2.1]", "", 0, 0 },
	{ "192.0.2.1",        "a@localhost",       SPF_NONE,      "", "localhost", "", 0, 0 },
	{ "192.0.2.1",        "a@x..example",      SPF_NONE,      "", "x..example", "", 0, 0 },
	{ "nonsense",         "a@plain.example",   SPF_NONE,      "", "", "", 0, 0 },
	{ "192.0.2.1",        "a@two.example",     SPF_PERMERROR, "", "two.example", "", 0, 0 },
	{ "192.0.2.1",        "a@silent.example",  SPF_TEMPERROR, "", "silent.example", "", 0, 0 },
	{ "192.0.2.1",        "a@broken.example",  SPF_PERMERROR, "moo", "broken.example", "", 0, 0 },
	{ "192.0.2.1",        "a@inc.example",     SPF_PASS,      "ip4:192.0.2.0/24", "plain.example",
	  "include:mid.example > include:plain.example", 2, 0 },
	{ "198.51.100.1",     "a@inc.example",     SPF_SOFTFAIL,  "~all", "inc.example", "", 2, 0 },
	{ "192.0.2.1",        "a@notinc.example",  SPF_FAIL,      "ip4:192.0.2.0/24", "plain.example",
	  "-include:plain.example", 1, 0 },
	{ "192.0.2.1",        "a@incnone.example", SPF_PERMERROR, "", "nothing.example", "include:nothing.example", 1, 0 },
	{ "198.51.100.1",     "a@redir.example",   SPF_FAIL,      "-all", "plain.example", "redirect=plain.example", 1, 0 },
	{ "192.0.2.1",        "a@redirnone.example", SPF_PERMERROR, "", "nothing.example",
	  "redirect=nothing.example", 1, 0 },
	{ "192.0.2.7",        "a@aaa.example",     SPF_PASS,      "a:host.example", "aaa.example", "", 1, 0 },
	{ "2001:db8::7",      "a@aaa.example",     SPF_PASS,      "a:host.example", "aaa.example", "", 1, 0 },
	{ "192.0.2.7",        "a@mx.example",      SPF_PASS,      "mx", "mx.example", "", 1, 0 },
	{ "192.0.2.9",        "a@mx.example",      SPF_TEMPERROR, "mx", "mx.example", "", 1, 0 },
	{ "192.0.2.9",        "a@void.example",    SPF_PERMERROR, "exists:n3.example", "void.example", "", 3, 3 },
	{ "192.0.2.9",        "a@void2.example",   SPF_PASS,      "+all", "void2.example", "", 3, 2 },
	{ "192.0.2.8",        "a@ptr.example",     SPF_PASS,      "ptr", "ptr.example", "", 1, 0 },
	{ "192.0.2.9",        "a@ptr.example",     SPF_FAIL,      "-all", "ptr.example", "", 1, 0 },
	{ "192.0.2.9",        "a@many.example",    SPF_PERMERROR, "a:host.example", "many.example", "", 10, 1 },
	/* clang-format on */
};

static void checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA(a);
		struct zone z = { .rows = world, .n = COUNT(world) };
		struct vouch_ask ask = zone_ask(&z);
		struct spf_question q = { str_of(cases[i].ip), STR("helo.example"), str_of(cases[i].sender),
					  STR("us.example"), 0 };
		struct spf spf;

		spf_check(&ask, &q, &a, &spf);
		if (spf.result != cases[i].result || !str_eqz(spf.term, cases[i].term) ||
		    !str_eqz(spf.where, cases[i].where) || !str_eqz(spf.via, cases[i].via) ||
		    spf.lookups != cases[i].lookups || spf.voids != cases[i].voids)
			fail_msg("%s %s: %s, %.*s of %.*s via %.*s, %u lookups, %u void: %.*s", cases[i].ip,
				 cases[i].sender, spf_word(spf.result), STR_ARG(spf.term), STR_ARG(spf.where),
				 STR_ARG(spf.via), spf.lookups, spf.voids, STR_ARG(spf.why));
		assert_false(spf.helo);
		if (spf.result == SPF_NONE || spf.result >= SPF_TEMPERROR)
			assert_true(spf.why.n > 0);
	}
}

static struct spf check(const char *ip, const char *helo, const char *sender, struct zone *z, struct arena *a)
{
	struct vouch_ask ask = zone_ask(z);
	struct spf_question q = { str_of(ip), str_of(helo), str_of(sender), STR("us.example"), deadline_in(1000) };
	struct spf spf;

	z->rows = world;
	z->n = COUNT(world);
	spf_check(&ask, &q, a, &spf);
	return spf;
}

static void a_null_path_is_judged_by_the_helo_name(void **state)
{
	ARENA(a);
	struct zone z = { 0 };
	struct spf spf = check("192.0.2.1", "plain.example", "", &z, &a);

	(void)state;
	assert_int_equal(spf.result, SPF_PASS);
	assert_true(spf.helo);
	assert_true(str_eqz(spf.domain, "plain.example"));
}

static void sentences(void **state)
{
	static const struct {
		const char *ip, *sender, *why;
	} t[] = {
		/* clang-format off */
		{ "192.0.2.1", "a@nothing.example", "nothing.example has no SPF record" },
		{ "192.0.2.1", "a@two.example",     "two.example has more than one SPF record" },
		{ "192.0.2.1", "a@silent.example",  "TXT of silent.example could not be asked: SERVFAIL" },
		{ "192.0.2.9", "a@mx.example",      "A of silent.example could not be asked: SERVFAIL" },
		{ "192.0.2.1", "a@broken.example",  "unknown mechanism: \"moo\", in the record of broken.example" },
		{ "192.0.2.1", "a@incnone.example", "nothing.example has no SPF record" },
		{ "192.0.2.1", "a@loop.example",    "more than 10 terms that ask DNS, in the record of loop.example" },
		{ "192.0.2.1", "a@void.example",    "more than 2 names that have no answer, in the record of void.example" },
		{ "192.0.2.1", "a@\033[2J",         "\"?[2J\" is not a full domain name" },
		{ "1.2.3",     "a@plain.example",   "the client's address is neither IPv4 nor IPv6" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct zone z = { 0 };
		struct spf spf = check(t[i].ip, "h.example", t[i].sender, &z, &a);

		if (!str_eqz(spf.why, t[i].why))
			fail_msg("%s: %.*s", t[i].sender, STR_ARG(spf.why));
	}
}

static void explanations(void **state)
{
	ARENA(a);
	struct zone z = { 0 };
	struct spf spf = check("192.0.2.1", "h.example", "a@notinc.example", &z, &a);

	(void)state;
	assert_true(str_eqz(spf.explanation, "No mail of notinc.example from 192.0.2.1 please"));
	spf = check("192.0.2.1", "h.example", "somebody@long.example", &z, &a);
	assert_int_equal(spf.explanation.n, SPF_EXPLANATION_MAX + 3);
	assert_true(str_ends(spf.explanation, STR("...")));
	spf = check("192.0.2.1", "\r\n250 OK\377", "a@odd.example", &z, &a);
	assert_true(str_eqz(spf.explanation, "helo was ??250 OK?"));
	spf = check("192.0.2.1", "h.example", "a@badexp.example", &z, &a);
	assert_int_equal(spf.explanation.n, 0);
}

static void hosts_of_an_mx_and_of_a_ptr_are_asked_for_at_once(void **state)
{
	ARENA(a);
	struct zone z = { 0 };

	(void)state;
	check("192.0.2.7", "h.example", "a@mx.example", &z, &a);
	assert_int_equal(z.rounds, 3); /* record, MX, three hosts */
	assert_int_equal(z.asked, 5);
	z.asked = z.rounds = 0;
	check("192.0.2.8", "h.example", "a@ptr.example", &z, &a);
	assert_int_equal(z.rounds, 3);
	assert_int_equal(z.asked, 4);
}

/* RFC 7208 7.4 and more; v6 is what an IPv6 client gets, NULL: the same, "": not looked at */
static void macros(void **state)
{
	static const struct {
		const char *text, *v4, *v6;
	} t[] = {
		/* clang-format off */
		{ "%{s}",      "strong-bad@email.example.com", NULL },
		{ "%{o}",      "email.example.com", NULL },
		{ "%{d}",      "email.example.com", NULL },
		{ "%{d4}",     "email.example.com", NULL },
		{ "%{d3}",     "email.example.com", NULL },
		{ "%{d2}",     "example.com", NULL },
		{ "%{d1}",     "com", NULL },
		{ "%{dr}",     "com.example.email", NULL },
		{ "%{d2r}",    "example.email", NULL },
		{ "%{d99999999999999}", "email.example.com", NULL },
		{ "%{l}",      "strong-bad", NULL },
		{ "%{l-}",     "strong.bad", NULL },
		{ "%{lr}",     "strong-bad", NULL },
		{ "%{lr-}",    "bad.strong", NULL },
		{ "%{l1r-}",   "strong", NULL },
		{ "%{S}",      "strong-bad%40email.example.com", NULL },
		{ "%{s2R@}",   NULL, NULL },
		{ "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com",
		  "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com" },
		{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", NULL },
		{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com", "" },
		{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com", "" },
		{ "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net", NULL },
		{ "%{c} %{r} %{h}", "192.0.2.3 us.example helo.example", "2001:db8::cb01 us.example helo.example" },
		{ "%{p}",      "unknown", "unknown" },
		{ "a%%b%_c%-", "a%b c%20", NULL },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (int six = 0; six < 2; six++) {
			ARENA(a);
			struct zone z = { 0 };
			struct vouch_ask ask = zone_ask(&z);
			struct spf_run r = { .ask = &ask, .a = &a, .family = six ? AF_INET6 : AF_INET };
			const char *want = six && t[i].v6 != NULL ? t[i].v6 : t[i].v4;
			struct str got;

			r.address = six ? STR("2001:db8::cb01") : STR("192.0.2.3");
			inet_bytes(r.family, r.address, r.ip);
			r.sender = STR("strong-bad@email.example.com");
			r.local = STR("strong-bad");
			r.domain = r.sender_domain = STR("email.example.com");
			r.helo = STR("helo.example");
			r.host = STR("us.example");
			assert_true(spf_macros_ok(str_of(t[i].text), true) == (want != NULL));
			if (want == NULL || *want == '\0')
				continue;
			got = spf_expand(&r, str_of(t[i].text), true);
			if (!str_eqz(got, want))
				fail_msg("%s: %.*s", t[i].text, STR_ARG(got));
		}
	}
}

static void a_long_name_loses_labels_on_the_left(void **state)
{
	ARENA(a);
	struct spf_run r = { .a = &a, .domain = STR("example.com") };
	struct str name;

	(void)state;
	r.local = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b");
	name = spf_target(&r, STR(TEN(TEN("%{l}.")) "%{d}"));
	assert_true(name.n <= 253 && name.n > 253 - 64);
	assert_true(str_ends(name, STR(".b.example.com")));
	assert_true(str_starts(name, STR("b.aaa")) || str_starts(name, STR("aaa")));
	name = spf_target(&r, STR("x.%{d}."));
	assert_true(str_eqz(name, "x.example.com"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syntax),
		cmocka_unit_test(a_very_long_name_is_a_mistake),
		cmocka_unit_test(versions),
		cmocka_unit_test(checks),
		cmocka_unit_test(a_null_path_is_judged_by_the_helo_name),
		cmocka_unit_test(sentences),
		cmocka_unit_test(explanations),
		cmocka_unit_test(hosts_of_an_mx_and_of_a_ptr_are_asked_for_at_once),
		cmocka_unit_test(macros),
		cmocka_unit_test(a_long_name_loses_labels_on_the_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
