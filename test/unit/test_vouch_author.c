/* Whom a From says a message is from: in RFC 5322, in the wild, and by those who want to be taken for others. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "base/buf.h"
#include "vouch/author.h"

static const struct {
	const char *from, *domains, *why;
} rows[] = {
	/* clang-format off */
	{ "a@example.com",                              "example.com", NULL },
	{ " <a@EXAMPLE.com> ",                          "example.com", NULL },
	{ "Joe Q. Public <joe.q@example.com>",          "example.com", NULL },
	{ "\"Joe, Q. <x@victim.example>\" <j@example.com>", "example.com", NULL },
	{ "=?utf-8?Q?a=40victim.example?= <j@example.com>", "example.com", NULL },
	{ "J\303\266rg <j@example.com>",                "example.com", NULL },
	{ "\"a b\"@example.com",                        "example.com", NULL },
	{ "\"a@victim.example\"@example.com",           "example.com", NULL },
	{ "\"\\\"a@victim.example\"@example.com",       "example.com", NULL },
	{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "silly.test", NULL },
	{ "a@example.com (x@victim.example (nested) )", "example.com", NULL },
	{ "a@(c)example.com",                           "example.com", NULL },
	{ "A\r\n B\r\n\t<a@example.com>\r\n",           "example.com", NULL },
	{ "a@example.com, b@EXAMPLE.com",               "example.com", NULL },
	{ ",a@example.com,,",                           "example.com", NULL },
	{ "Group: a@example.com, B <b@example.com>;",   "example.com", NULL },
	{ "Group: a@example.com;, b@example.com",       "example.com", NULL },
	{ "a@xn--bcher-kva.example",                    "xn--bcher-kva.example", NULL },
	{ "a@example.com, b@other.example",             "example.com other.example", "From has addresses of several domains" },
	{ "undisclosed:;",                              "", "From has no address" },
	{ "",                                           "", "From has no address" },
	/* malformed: whoever may be shown is judged */
	{ "a@victim.example <a@example.com>",           "victim.example example.com", "addresses without a comma between them" },
	{ "a@example.com <a@example.com>",              "example.com", "addresses without a comma between them" },
	{ "<a@example.com> <b@victim.example>",         "example.com victim.example", "addresses without a comma between them" },
	{ "a@victim.example(.example.com",              "victim.example", "something quoted does not end" },
	{ "\"a@victim.example <b@example.com>",         "victim.example example.com", "something quoted does not end" },
	{ "<@victim.example:a@example.com>",            "victim.example example.com", "an address does not end" },
	{ "<@victim.example,@b.example:a@example.com>", "victim.example b.example example.com", "an address does not end" },
	{ "a@@victim.example",                          "victim.example +", "a domain is malformed" },
	{ "a@victim.example@example.com",               "victim.example example.com", "addresses without a comma between them" },
	{ "a b@example.com",                            "example.com", "a local part is malformed" },
	{ "<a b@example.com>",                          "example.com", "a local part is malformed" },
	{ "@example.com",                               "example.com", "a local part is malformed" },
	{ "a@victim.example;b@example.com",             "victim.example example.com", "addresses without a comma between them" },
	{ "Group: a@example.com",                       "example.com", "a group does not end" },
	{ "G: H: a@example.com;;",                      "example.com", "a group in a group" },
	{ "a@[192.0.2.1]",                              " +", "a domain is malformed" },
	{ "a@example.com.",                             "example.com", "a domain is malformed" },
	{ "a@example .com",                             "example +", "addresses without a comma between them" },
	{ "a@b\303\274cher.example",                    "b +", "addresses without a comma between them" },
	{ "a@(c)victim.example, b@example.com (",       "victim.example example.com +", "something quoted does not end" },
	{ "( a@(c)victim.example, b@example.com",       "example.com +", "something quoted does not end" },
	{ "a@victim.example%00 <b@example.com>",        "victim.example example.com +", "addresses without a comma between them" },
	{ "just a name",                                "", "an address has no domain" },
	{ "<>",                                         "", "an address has no domain" },
	{ "<a>",                                        "", "an address has no domain" },
	{ "a@a.x,a@b.x,a@c.x,a@d.x,a@e.x,a@f.x",        "a.x b.x c.x d.x e.x +", "From has addresses of several domains" },
	/* clang-format on */
};

static void check(const struct str *from, size_t n, const char *domains, const char *why)
{
	ARENA(a);
	struct authors x;
	BUF(got);

	authors_read(from, n, &a, &x);
	for (size_t i = 0; i < x.n; i++)
		buf_fmt(&got, "%s%.*s", i > 0 ? " " : "", STR_ARG(x.domain[i]));
	buf_adds(&got, x.more ? " +" : "");
	if (strcmp(buf_z(&got), domains) != 0 || (x.why == NULL) != (why == NULL) ||
	    (why != NULL && strcmp(why, x.why) != 0))
		fail_msg("%.*s: %s; %s", STR_ARG(from[0]), buf_z(&got), x.why == NULL ? "nothing wrong" : x.why);
}

static void one_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str from = str_of(rows[i].from);

		check(&from, 1, rows[i].domains, rows[i].why);
	}
}

static void a_nul_byte_hides_nothing(void **state)
{
	struct str from = STR("a@example.com\0@victim.example");

	(void)state;
	check(&from, 1, "example.com victim.example +", "addresses without a comma between them");
}

static void none_and_several_fields(void **state)
{
	struct str two[] = { STR("a@example.com"), STR("b@victim.example") },
		   same[] = { STR("a@x.example"), STR("b@x.example") };
	struct str none[] = { STR("") };

	(void)state;
	check(none, 0, "", "there is no From");
	check(two, 2, "example.com victim.example", "there is more than one From");
	check(same, 2, "x.example", "there is more than one From");
}

static void nothing_is_endless(void **state)
{
	BUF(b);
	struct str from;

	(void)state;
	for (int i = 0; i < 200; i++)
		buf_addc(&b, '(');
	buf_adds(&b, "a@example.com");
	from = buf_str(&b);
	check(&from, 1, "example.com", "too many comments in comments");
	buf_reset(&b);
	while (b.n <= AUTHOR_FIELD_MAX)
		buf_adds(&b, " <a@example.com>,");
	from = buf_str(&b);
	check(&from, 1, "example.com", "From is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_field),
		cmocka_unit_test(a_nul_byte_hides_nothing),
		cmocka_unit_test(none_and_several_fields),
		cmocka_unit_test(nothing_is_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
