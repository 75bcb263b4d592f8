#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "vouch/tags.h"

/* What comes out is written as name=[value] with spaces between. */
static const struct {
	const char *in, *out, *why;
} t[] = {
	/* clang-format off */
	{ "a=b",                         "a=[b]",                 NULL },
	{ "a=b;",                        "a=[b]",                 NULL },
	{ "a=b; \r\n\t",                 "a=[b]",                 NULL },
	{ " a \r\n = \t b c ; d = e=f ", "a=[b c] d=[e=f]",       NULL },
	{ "a=;b=",                       "a=[] b=[]",             NULL },
	{ "a_1=x;A=y;a=z",               "a_1=[x] A=[y] a=[z]",   NULL },
	{ "a=d\xc3\xa9j\xc3\xa0",        "a=[d\xc3\xa9j\xc3\xa0]", NULL },
	{ "h=a : b\r\n : c",             "h=[a : b\r\n : c]",     NULL },
	{ "",                            "",                      "a tag has no name" },
	{ ";",                           "",                      "a tag has no name" },
	{ "a=b;;c=d",                    "a=[b]",                 "a tag has no name" },
	{ "=b",                          "",                      "a tag has no name" },
	{ "1a=b",                        "",                      "a tag's name does not begin with a letter" },
	{ "_a=b",                        "",                      "a tag's name does not begin with a letter" },
	{ "a",                           "",                      "a tag has no =" },
	{ "a b=c",                       "",                      "a tag has no =" },
	{ "a-b=c",                       "",                      "a tag has no =" },
	{ "a=1;b=2;a=3;c=4",             "a=[1] b=[2]",           "a tag comes twice" },
	{ "a=1;a=1",                     "a=[1]",                 "a tag comes twice" },
	{ "a=\x01",                      "",                      "a tag holds a byte that cannot stand there" },
	{ "a=\x7f",                      "",                      "a tag holds a byte that cannot stand there" },
	{ "a=\xff",                      "",                      "a tag holds a byte that cannot stand there" },
	{ "a=\xc3",                      "",                      "a tag holds a byte that cannot stand there" },
	/* clang-format on */
};

static void show(const struct tags *tags, char *out, size_t n)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < tags->n && at < n; i++)
		at += (size_t)snprintf(out + at, n - at, "%s%.*s=[%.*s]", i > 0 ? " " : "", STR_ARG(tags->list[i].name),
				       STR_ARG(tags->list[i].value));
}

static void lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct tags tags;
		char out[200];
		bool good = tags_parse(str_of(t[i].in), &tags);

		show(&tags, out, sizeof(out));
		if (good != (t[i].why == NULL) || strcmp(out, t[i].out) != 0)
			fail_msg("row %zu: %s (%s)", i, out, good ? "" : tags.why);
		if (!good)
			assert_string_equal(tags.why, t[i].why);
	}
}

static void limits(void **state)
{
	ARENA(a);
	struct tags tags;
	struct str list = STR("");

	(void)state;
	for (int i = 0; i < TAGS_MAX; i++)
		list = arena_fmt(&a, "%.*st%d=x;", STR_ARG(list), i);
	assert_true(tags_parse(list, &tags));
	assert_int_equal(tags.n, TAGS_MAX);
	list = arena_fmt(&a, "%.*smore=x", STR_ARG(list));
	assert_false(tags_parse(list, &tags));
	assert_string_equal(tags.why, "too many tags");
	list = arena_fmt(&a, "a=%*s", TAGS_TEXT_MAX, "x");
	assert_false(tags_parse(list, &tags));
	assert_string_equal(tags.why, "the list of tags is too long");
}

static void a_place_is_all_between_the_signs(void **state)
{
	struct tags tags;

	(void)state;
	assert_true(tags_parse(STR("bh=1; b= \r\n x y ;c=2"), &tags));
	assert_true(str_eqz(tags_get(&tags, "b")->place, " \r\n x y "));
	assert_true(str_eqz(tags_get(&tags, "b")->value, "x y"));
	assert_null(tags_get(&tags, "B"));
}

static void items_of_a_list(void **state)
{
	static const char *const want[] = { "a", "", "b c", "" };
	struct str rest = STR(" a :: b c\r\n :"), item;
	size_t n = 0;

	(void)state;
	for (; tags_item(&rest, &item); n++)
		assert_true(n < COUNT(want) && str_eqz(item, want[n]));
	assert_int_equal(n, COUNT(want));
	rest = STR("");
	assert_true(tags_item(&rest, &item) && item.n == 0 && !tags_item(&rest, &item));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_place_is_all_between_the_signs),
		cmocka_unit_test(items_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
