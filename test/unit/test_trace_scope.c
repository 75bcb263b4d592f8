/* Who sees what, and in which bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "trace/answer.h"

static void addresses_of_others_are_masked(void **state)
{
	static const struct {
		const char *domain, *mailbox, *text, *want;
	} t[] = {
		{ "", "", "from john@other.example", "from john@other.example" },
		{ "example.com", "", "from john@other.example to me@example.com",
		  "from j***n@other.example to me@example.com" },
		{ "example.com", "", "to: <ME@EXAMPLE.COM>, <bo@x.example>", "to: <ME@EXAMPLE.COM>, <b***@x.example>" },
		{ "example.com", "", "a@notexample.com a@example.com.evil.test",
		  "a***@notexample.com a***@example.com.evil.test" },
		{ "", "me@example.com", "you@example.com me@example.com", "y***u@example.com me@example.com" },
		{ "example.com", "", "550_<mr.x@big.example>_unknown", "550_<m***x@big.example>_unknown" },
		{ "example.com", "", "john@@x@example.com@", "j***n@***@x***@e***m@" },
		{ "example.com", "", "no address here @", "no address here ***@" },
		{ "example.com", "", "to, <\"john, the doe\"@x.example>", "to, <\"***\"@x.example>" },
		{ "example.com", "", "<\"a b\"@example.com> <\"a b\"@x.example>",
		  "<\"a b\"@example.com> <\"***\"@x.example>" },
		{ "example.com", "", "id=john%40other.example;ip=192.0.2.1", "i***n%40other.example;ip=192.0.2.1" },
		{ "example.com", "", "SIZE=40960 a%40b", "SIZE=40960 a%40b" },
		{ "example.com", "", "john\\x40other.example", "j***n\\x40other.example" },
		{ "example.com", "", "to me@example.com. And you.", "to me@example.com. And you." },
		{ "example.com", "", "prvs=12ab=john@x.example", "j***n@x.example" },
		{ "", "me@example.com", "prvs=12ab=me@example.com", "prvs=12ab=me@example.com" },
		{ "example.com", "", "list-john=x.example@example.com", "l***e@example.com" },
		{ "example.com", "", "SRS0=h=t=x.example=john@example.com", "S***n@example.com" },
		{ "example.com", "", "john%x.example@example.com me+x=y@example.com",
		  "j***e@example.com me+x=y@example.com" },
		{ "example.com", "", "<\"a\\\"john\"@x.example>", "<\"***\"@x.example>" },
		{ "example.com", "", "<\"a\\x5c\"john\"@x.example>", "<\"***\"@x.example>" },
		{ "example.com", "", "\xc3\xa9mile@x.example", "\xc3\xa9***e@x.example" },
		{ "example.com", "", "me@example.com@x.example", "m***@e***m@x.example" },
		{ "example.com", "", "me@example.com=bob@x.example", "m***@e***b@x.example" },
		{ "example.com", "", "me@example.com,bob@x.example", "me@example.com,b***b@x.example" },
		{ "example.com", "", "no pair\"@x.example \"@x.example", "no pair\"***@x.example \"***@x.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct scope sc = { .domain = str_of(t[i].domain), .mailbox = str_of(t[i].mailbox) };
		BUF(b);

		scope_mask(&sc, &b, str_of(t[i].text));
		assert_int_equal(sc.masked, !str_eqz(str_of(t[i].text), t[i].want));
		if (!str_eqz(buf_str(&b), t[i].want))
			fail_msg("%s: %s", t[i].text, buf_z(&b));
	}
}

static void look_alikes_are_numbered(void **state)
{
	static const char text[] = "john@x.example jean@x.example JOHN@x.example jan@x.example john@y.example";
	static const char want[] =
	    "j***n@x.example j***n(2)@x.example J***N@x.example j***n(3)@x.example j***n@y.example";
	ARENA(mem);
	struct scope sc = { .domain = STR("example.com"), .mem = &mem };
	BUF(b);

	(void)state;
	scope_mask(&sc, &b, str_of(text));
	assert_string_equal(buf_z(&b), want);
	scope_clear(&sc);
}

/* Bytes that no local part should have, as a field of a log may hold them: what is shown reads as an address, so to
 * mask it again changes nothing. */
static void a_mask_shows_no_delimiters(void **state)
{
	static const struct {
		const char *login, *want;
	} t[] = {
		{ "john", "j***n" },  { "dave:", "d***" },        { "@a.example:john", "***@a.example:john" },
		{ ":john", "***n" },  { "jo,hn;", "j***" },       { "john\"", "j***" },
		{ "\"john", "***n" }, { "\"john:\"", "\"***\"" }, { "(", "***" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct scope sc = { .domain = STR("example.com") };
		BUF(b);

		scope_mask_login(&sc, &b, str_of(t[i].login));
		if (!str_eqz(buf_str(&b), t[i].want))
			fail_msg("%s: %s", t[i].login, buf_z(&b));
	}
}

/* What fits is what is shown: a right guess and a wrong one fit alike. */
static void a_guess_is_not_confirmed(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} t[] = {
		{ "john@x.example", "john@x.example", true },
		{ "jean@x.example", "john@x.example", true },
		{ "mary@x.example", "john@x.example", false },
		{ "*ohn*", "john@x.example", false },
		{ "j***n(2)@x.example", "john@x.example", true },
		{ "*@x.example", "john@x.example", true },
		{ "joh*", "john@x.example", false },
		{ "me@example.com", "me@example.com", true },
		{ "ma@example.com", "me@example.com", false },
		{ "m*", "me@example.com", true },
		{ "john@*", "join@example.com", false },
		{ "join@*", "join@example.com", true },
	};
	struct scope sc = { .domain = STR("example.com") };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (scope_glob(&sc, str_of(t[i].pattern), str_of(t[i].text)) != t[i].fits)
			fail_msg("%s, %s", t[i].pattern, t[i].text);
}

static void hostile_bytes_do_not_reach_a_terminal(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} t[] = {
		{ STR_INIT("plain \\ text"), "plain \\ text" },
		{ STR_INIT("\033[31mred\007"), "\\x1b[31mred\\x07" },
		{ STR_INIT("a\0b\tc\n"), "a\\x00b\\x09c\\x0a" },
		{ STR_INIT("J\xc3\xb6rg"), "J\xc3\xb6rg" },
		{ STR_INIT("\xe2\x82\xac \xf0\x9f\x93\xa7"), "\xe2\x82\xac \xf0\x9f\x93\xa7" },
		{ STR_INIT("\xc2\x9b"
			   "31m"),
		  "\\xc2\\x9b31m" },                                   /* CSI as a C1 control */
		{ STR_INIT("\xc0\x9b"), "\\xc0\\x9b" },                /* overlong */
		{ STR_INIT("\xe2\x80\xaegnp"), "\\xe2\\x80\\xaegnp" }, /* right-to-left override */
		{ STR_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80" },       /* a surrogate */
		{ STR_INIT("\xe2\x82"), "\\xe2\\x82" },
		{ STR_INIT("\x7f\xff"), "\\x7f\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		answer_safe(&b, t[i].text);
		assert_string_equal(buf_z(&b), t[i].want);
	}
}

static void near_addresses_are_near(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} t[] = {
		{ "a@b.c", "a@b.c", 0 },   { "recipent@example.com", "recipient@example.com", 1 },
		{ "abc", "acb", 2 },       { "abc", "xyz", 3 },
		{ "abc", "abcdef", 3 },    { "", "ab", 2 },
		{ "kitten", "sitten", 1 }, { "Kitten", "kitten", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(near_distance(str_of(t[i].a), str_of(t[i].b), 2), t[i].distance);
		assert_int_equal(near_distance(str_of(t[i].b), str_of(t[i].a), 2), t[i].distance);
	}
}

/* The whole table, as it is defined. */
static unsigned whole_distance(struct str a, struct str b)
{
	unsigned d[16][16];

	for (size_t i = 0; i <= a.n; i++)
		for (size_t j = 0; j <= b.n; j++) {
			d[i][j] = (unsigned)(i > 0 ? i : j);
			if (i == 0 || j == 0)
				continue;
			d[i][j] = d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
			d[i][j] = d[i - 1][j] + 1 < d[i][j] ? d[i - 1][j] + 1 : d[i][j];
			d[i][j] = d[i][j - 1] + 1 < d[i][j] ? d[i][j - 1] + 1 : d[i][j];
		}
	return d[a.n][b.n];
}

static void distances_are_right_up_to_the_limit(void **state)
{
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[2][16];
		struct str s[2];
		unsigned limit = (unsigned)rand_r(&seed) % 4, want;

		for (int k = 0; k < 2; k++) {
			s[k] = str_mem(text[k], (size_t)rand_r(&seed) % 8);
			for (size_t i = 0; i < s[k].n; i++)
				text[k][i] = (char)('a' + rand_r(&seed) % 3);
		}
		want = whole_distance(s[0], s[1]);
		want = want > limit ? limit + 1 : want;
		if (near_distance(s[0], s[1], limit) != want)
			fail_msg("%.*s, %.*s within %u: %u, not %u", STR_ARG(s[0]), STR_ARG(s[1]), limit,
				 near_distance(s[0], s[1], limit), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_others_are_masked),
		cmocka_unit_test(look_alikes_are_numbered),
		cmocka_unit_test(a_mask_shows_no_delimiters),
		cmocka_unit_test(a_guess_is_not_confirmed),
		cmocka_unit_test(hostile_bytes_do_not_reach_a_terminal),
		cmocka_unit_test(near_addresses_are_near),
		cmocka_unit_test(distances_are_right_up_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
