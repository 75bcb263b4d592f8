/* Entries that are matched one by one or asked in DNS: keywords, header patterns, lists in DNS, folders of names. */
#include "list_rows.h"

#include <stdio.h>
#include <string.h>
#include "spent.h"

static const struct row entries[] = {
	/* clang-format off */
	{ LIST_KEYWORD, "dynamic", { "1.2.3.4.dynamic.example.com", "dynamic-1-2.a.b", "x-dynamic.b.c" },
	  { "1.2.3.4.dynamics.example.com", "1.2.3.4.example.com", "1.dynamic.com", "dynamic.com", "1.a.dynamic" }, NULL },
	{ LIST_KEYWORD, "DHCP", { "1.dhcp.b.c" }, { "1.2.dhcp.com", "1.xdhcp.b.c", "1.dhcp3.b.c" }, NULL },
	{ LIST_KEYWORD, ".example.com", { "1.example.com", "a.b.example.com" },
	  { "1.badexample.com", "1.example.com.evil.org", "com" }, NULL },
	{ LIST_KEYWORD, ".com", { "1.example.com", "a.com" }, { "com.example.org", "1.xcom" }, NULL },
	{ LIST_KEYWORD, "cable dynamic .example.com", { "1.2.cable.modem.dynamic.customer.example.com" },
	  { "1.2.cable.modem.static.customer.example.com", "1.dynamic.cable.x.example.com",
	    "1.2.cable.dynamic.customer.example.org" }, NULL },
	{ LIST_KEYWORD, "a b", { "a.b.x.y", "a-b.x.y" }, { "b.a.x.y", "a.x.y" }, NULL },
	{ LIST_KEYWORD, "a a", { "a.a.x.y" }, { "a.x.y", "aa.x.y" }, NULL },
	{ LIST_KEYWORD, "-dsl-", { "x-dsl-y.a.b" }, { "dsl.a.b" }, NULL },
	{ LIST_KEYWORD, "", { 0 }, { 0 }, "no keyword" },
	{ LIST_KEYWORD, ".", { 0 }, { 0 }, "a keyword is of letters, digits, - and _, or a domain with a dot before it" },
	{ LIST_KEYWORD, "a!", { 0 }, { 0 }, "a keyword is of letters, digits, - and _, or a domain with a dot before it" },
	{ LIST_KEYWORD, ".com dynamic", { 0 }, { 0 }, "a domain (.example.com) is the last word" },

	{ LIST_HEADER, "Subject: *casino*", { "SUBJECT: a Casino night", "subject: casino" },
	  { "X-Subject: casino", "Subject: cas ino", "To: casino" }, NULL },
	{ LIST_HEADER, "Subject: casino", { "subject: CASINO" }, { "Subject: casinos", "Subject: a casino" }, NULL },
	{ LIST_HEADER, "Subject:*c?a[l1]is*", { "Subject: cialis", "Subject: Got some cialis for you",
	  "Subject: Need cXalis?", "Subject: Order cia1is today" }, { "Subject: calis", "Subject: cia2is" }, NULL },
	{ LIST_HEADER, "X-[!A-M]*: 1", { "X-Nail: 1", "x-z: 1" }, { "X-Mail: 1", "X-: 1", "X-Nail: 11" }, NULL },
	{ LIST_HEADER, "*: a*b*c", { "x: abc", "x: a-b-c", "x: abbc" }, { "x: acb", "x: ab", "a: bc" }, NULL },
	{ LIST_HEADER, "*: x*x", { "a: xx", "a: xyx" }, { "a: x" }, NULL },
	{ LIST_HEADER, "s: a\\*b", { "s: a*b" }, { "s: aab", "s: ab" }, NULL },
	{ LIST_HEADER, "s:  two   spaces", { "s: two spaces" }, { "s: twospaces" }, NULL },
	{ LIST_HEADER, "s: [a-]", { "s: a", "s: -" }, { "s: b" }, NULL },
	{ LIST_HEADER, "*:*", { "a: b", ":" }, { "", "a" }, NULL },
	{ LIST_HEADER, "Subject", { 0 }, { 0 }, "no colon: a header line is \"Name: value\"" },
	{ LIST_HEADER, "s: [a", { 0 }, { 0 }, "a [ without its ]" },
	{ LIST_HEADER, "s:?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", { 0 }, { 0 },
	  "more than 64 bytes between two stars, with ? or [ among them" },
	/* clang-format on */
};

static void entries_as_a_table(void **state)
{
	(void)state;
	check_entries(entries, COUNT(entries));
}

/* A list in DNS is no list that a value is on: it is asked. */
static void lists_in_dns(void **state)
{
	static const struct {
		const char *entry, *name;
		size_t codes;
		const char *why;
	} t[] = {
		{ "Zen.Example.net", "zen.example.net", 0, NULL },
		{ "zen.example.net.", "zen.example.net", 0, NULL },
		{ "zen.example.net=127.0.0.2", "zen.example.net", 1, NULL },
		{ "zen.example.net=127.0.0.2-11,127.0.0.20", "zen.example.net", 2, NULL },
		{ "zen.example.net=127.0.1.0/24", "zen.example.net", 1, NULL },
		{ "", NULL, 0, "not the name of a list in DNS" },
		{ "=127.0.0.2", NULL, 0, "not the name of a list in DNS" },
		{ "a b", NULL, 0, "not the name of a list in DNS" },
		{ "zen.example.net=", NULL, 0, "an octet is 0 to 255" },
		{ "zen.example.net=127.0.0.2,", NULL, 0, "an octet is 0 to 255" },
		{ "zen.example.net=x", NULL, 0, "an octet is 0 to 255" },
		{ "zen.example.net=127.1-99.0.1", NULL, 0, "too many answers" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct list *l = list_new(LIST_ZONE);
		const struct list_zone *z;
		const char *why = "";
		size_t n;
		int rc = list_add(l, str_of(t[i].entry), &why);

		if (rc != (t[i].why == NULL ? 0 : -1) || (rc < 0 && strcmp(why, t[i].why) != 0))
			fail_msg("%s: %d %s", t[i].entry, rc, why);
		list_seal(l);
		z = list_zones(l, &n);
		assert_int_equal(n, rc == 0);
		if (rc == 0)
			assert_true(str_eqz(z->name, t[i].name) && z->ncodes == t[i].codes);
		list_free(l);
	}
}

static void a_folder_of_names(void **state)
{
	static const struct {
		const char *path, *on, *off; /* on NULL: it makes no name */
	} t[] = {
		{ "com/e/example/mail.example.com", "mail.example.com", "example.com" },
		{ "com/e/example/example.com", "a.mail.example.com", "badexample.com" },
		{ "com/c/com", "a.com", "a.org" },
		{ "com/example/mail", "x.mail.example.com", "example.com" },
		{ "com/example", "a.example.com", "com" },
		{ "com", "a.com", "a.org" },
		{ "org/e/example/mail.example.com", NULL, NULL },
		{ "com/a b", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct list *l = list_new(LIST_NAME);
		struct err e = { 0 };
		struct hit h;
		char text[64];
		int rc;

		snprintf(text, sizeof(text), "%s\n", t[i].path);
		rc = list_add_paths(l, str_of(text), "/d", &e);
		if (rc != (t[i].on != NULL ? 0 : -1))
			fail_msg("%s: %d %s", t[i].path, rc, e.text);
		list_seal(l);
		if (rc == 0) {
			assert_true(list_find(l, str_of(t[i].on), &h));
			snprintf(text, sizeof(text), "/d/%s", t[i].path);
			assert_true(str_eqz(h.file, text) && h.line == 0);
			assert_false(list_find(l, str_of(t[i].off), &h));
		}
		list_free(l);
	}
}

/* A domain may set patterns: they cost memory in every visit of somebody who writes to it. */
static void patterns_with_sets_have_a_limit(void **state)
{
	struct list *l = list_new(LIST_HEADER);
	const char *why = "";
	int n = 0;
	BUF(entry);

	(void)state;
	buf_adds(&entry, "s:");
	for (int i = 0; i < 50; i++)
		buf_adds(&entry, "?*[ab]*");
	while (n < 100 && list_add(l, buf_str(&entry), &why) == 0)
		n++;
	assert_in_range(n, 1, 20);
	assert_string_equal(why, "too many parts with ? or [ in the patterns of this list");
	/* Others are taken still. */
	assert_int_equal(list_add(l, STR("Subject: *a*b*"), &why), 0);
	list_free(l);
}

/* Patterns and headers that make others backtrack for ever. */
static void no_header_makes_matching_slow(void **state)
{
	static const char *const patterns[] = { "*: *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
						"*:*a?a?a?a?a?a?a?a?a?a?a?a?b*", "*:*[a]*[a]*[a]*[a]*[a]*[a]*[a]*c",
						"*:*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab*" };
	struct list *l = list_new(LIST_HEADER);
	int64_t began = spent();
	const char *why;
	struct hit h;
	BUF(line);

	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++)
		assert_int_equal(list_add(l, str_of(patterns[i]), &why), 0);
	list_seal(l);
	buf_adds(&line, "x: ");
	for (int i = 0; i < 1000000; i++)
		buf_addc(&line, 'a');
	assert_false(list_find(l, buf_str(&line), &h));
	/* Backtracking would be at it for years. */
	assert_in_range(spent() - began, 0, 10000);
	list_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_as_a_table),
		cmocka_unit_test(lists_in_dns),
		cmocka_unit_test(a_folder_of_names),
		cmocka_unit_test(patterns_with_sets_have_a_limit),
		cmocka_unit_test(no_header_makes_matching_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
