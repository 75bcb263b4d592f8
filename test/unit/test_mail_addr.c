/* Rows of RFC 5321 4.1.2 and of addresses met in the wild. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "mail/addr.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void paths(void **state)
{
	static const struct {
		const char *in;
		int rc;
		const char *local, *domain, *text;
	} t[] = {
		/* clang-format off */
		{ "<bob@example.org>",             0, "bob",   "example.org",  "bob@example.org"       },
		{ "<Bob@Example.ORG>",             0, "Bob",   "Example.ORG",  "Bob@Example.ORG"       },
		{ "<>",                            0, "",      "",             ""                      },
		{ "<postmaster>",                  0, "postmaster", "",        "postmaster"            },
		{ "<@a.example,@b.example:c@d.e>", 0, "c",     "d.e",          "c@d.e"                 },
		{ "<\"a b\"@x.y>",                 0, "a b",   "x.y",          "\"a b\"@x.y"           },
		{ "<\"a\\\"b\\\\\"@x.y>",          0, "a\"b\\", "x.y",         "\"a\\\"b\\\\\"@x.y"    },
		{ "<\"plain\"@x.y>",               0, "plain", "x.y",          "plain@x.y"             },
		{ "<\"a@b\"@x.y>",                 0, "a@b",   "x.y",          "\"a@b\"@x.y"           },
		{ "<a..b.@docomo.ne.jp>",          0, "a..b.", "docomo.ne.jp", "a..b.@docomo.ne.jp"    },
		{ "<bounce+x=y@[192.0.2.1]>",      0, "bounce+x=y", "[192.0.2.1]", "bounce+x=y@[192.0.2.1]" },
		{ "<a@[IPv6:2001:db8::1]>",        0, "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
		{ "<a@x_y.example>",               0, "a",     "x_y.example",  "a@x_y.example"         },
		{ "<a@" L63 ".e>",                 0, "a",     L63 ".e",       "a@" L63 ".e"           },
		{ "<a@a" L63 ".e>",               -1, NULL, NULL, NULL },
		{ "<bob@>",                       -1, NULL, NULL, NULL },
		{ "<@example.org>",               -1, NULL, NULL, NULL },
		{ "<\"\"@example.org>",           -1, NULL, NULL, NULL },
		{ "<bob@example.org",             -1, NULL, NULL, NULL },
		{ "bob@example.org",              -1, NULL, NULL, NULL },
		{ "<bob@@example.org>",           -1, NULL, NULL, NULL },
		{ "<bob@-a.example>",             -1, NULL, NULL, NULL },
		{ "<bob@a..example>",             -1, NULL, NULL, NULL },
		{ "<bob@example.org.>",           -1, NULL, NULL, NULL },
		{ "<bob@[300.1.1.1]>",            -1, NULL, NULL, NULL },
		{ "<bob@[]>",                     -1, NULL, NULL, NULL },
		{ "<bob smith@x.y>",              -1, NULL, NULL, NULL },
		{ "<\"a\tb\"@x.y>",               -1, NULL, NULL, NULL },
		{ "<b\303\266b@x.y>",             -1, NULL, NULL, NULL },
		{ "<a@b@c.d>",                    -1, NULL, NULL, NULL },
		{ "",                             -1, NULL, NULL, NULL },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct cur c = cur_of(str_of(t[i].in));
		struct addr x = { 0 };

		if (addr_parse_path(&c, &a, &x) != t[i].rc)
			fail_msg("%s: %s", t[i].in, c.why == NULL ? "accepted" : c.why);
		if (t[i].rc < 0)
			continue;
		assert_true(str_eqz(x.local, t[i].local));
		assert_true(str_eqz(x.domain, t[i].domain));
		assert_true(str_eqz(addr_text(&a, &x), t[i].text));
		assert_int_equal(addr_null(&x), t[i].local[0] == '\0');
	}
}

static void lengths(void **state)
{
	static const struct {
		size_t local;
		int rc;
	} t[] = { { 1, 0 }, { 64, 0 }, { ADDR_LOCAL_MAX, 0 }, { ADDR_LOCAL_MAX + 1, -1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (int quoted = 0; quoted < 2; quoted++) {
			ARENA(a);
			BUF(b);
			struct addr x;

			buf_adds(&b, quoted ? "\"" : "");
			for (size_t k = 0; k < t[i].local; k++)
				buf_addc(&b, 'x');
			buf_adds(&b, quoted ? "\"@e.example" : "@e.example");
			assert_int_equal(addr_parse(buf_str(&b), &a, &x), t[i].rc);
		}
	}
}

static void bare(void **state)
{
	static const struct {
		const char *in, *key;
	} t[] = {
		{ "Bob@Example.Org", "bob@example.org" },
		{ "\"A B\"@X.Y", "a b@x.y" },
		{ "bob", NULL },
		{ "<a@b>", NULL },
		{ "a@b.c ", NULL },
		{ "@b.c", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct addr x;
		int rc = addr_parse(str_of(t[i].in), &a, &x);

		assert_int_equal(rc, t[i].key == NULL ? -1 : 0);
		if (rc == 0)
			assert_true(str_eqz(addr_key(&a, &x), t[i].key));
	}
}

static void nobody(void **state)
{
	static const struct {
		const char *sender;
		bool nobody;
	} t[] = {
		{ "", true }, { "#@[]", true }, { "#@[]x", false }, { "#", false }, { "bob@example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(addr_is_nobody(str_of(t[i].sender)), t[i].nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(paths), cmocka_unit_test(lengths), cmocka_unit_test(bare),
					    cmocka_unit_test(nobody) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
