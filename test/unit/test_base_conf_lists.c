/* Options that are lists of texts and of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/conf.h"

static int parse(struct conf *c, const char *text, struct err *e)
{
	return conf_parse(c, str_of(text), "f", e);
}

static void is(struct str got, const char *want)
{
	assert_string_equal(conf_z(got), want);
}

/* What is written is refused with these words, or (why == NULL) accepted. */
static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{ "gate { ip-blacklist-entry = { \"192.0.2.7\" } ip-blacklist-entry = \"192.0.2.\" }\n", NULL },
		{ "gate { ip-blacklist-entry = {} ip-blacklist-file = {} }\n", NULL },
		{ "gate { ip-blacklist-entry = \"\" }\n",
		  "f:1: ip-blacklist-entry must have values of 1 to 512 bytes" },
		{ "gate {\n ip-blacklist-entry = \"a b\" }\n",
		  "f:2: ip-blacklist-entry must not have spaces in a value" },
		{ "gate {\n ip-relay-file = { \"\" } }\n", "f:2: ip-relay-file must not have an empty value" },
		{ "relay { ip-relay-entry = \"192.0.2.7\" }\n", "f:1: no such option 'ip-relay-entry'" },
		{ "gate { reject-recipient = unknown }\n",
		  "f:1: reject-recipient must be one of: none same-as-sender invalid unavailable" },
		{ "gate { greeting-delay-secs = 121 }\n", "f:1: greeting-delay-secs must be a number from 0 to 120" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct conf c;
		struct err e = { 0 };
		int rc = parse(&c, t[i].text, &e);

		if (rc != (t[i].why == NULL ? 0 : -1))
			fail_msg("%s: %s", t[i].text, e.text);
		assert_string_equal(e.text, t[i].why == NULL ? "" : t[i].why);
		if (rc == 0)
			conf_clear(&c);
	}
}

static void test_a_list_has_a_limit(void **state)
{
	struct conf c;
	struct err e;
	BUF(b);

	(void)state;
	for (int i = 0; i < 1001; i++)
		buf_adds(&b, "gate { ip-blacklist-entry = \"192.0.2.7\" }\n");
	assert_int_equal(conf_parse(&c, buf_str(&b), "f", &e), -1);
	assert_string_equal(e.text, "f:1001: ip-blacklist-entry has more than 1000 values");
}

static void test_a_list_knows_its_lines_and_files_are_absolute(void **state)
{
	struct conf c;
	struct err e;
	char here[4096], path[8192];

	(void)state;
	if (parse(&c,
		  "gate { ip-blacklist-entry = { \"192.0.2.1\",\n \"192.0.2.2\" } }\n"
		  "gate { ip-blacklist-file = { \"/etc/a\", \"./b\" }\n ip-blacklist-entry = \"192.0.2.3\" }\n",
		  &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(c.gate.ip_blacklist_entry.n, 3);
	assert_int_equal(c.gate.ip_blacklist_entry.line[0], 1);
	assert_int_equal(c.gate.ip_blacklist_entry.line[1], 2);
	assert_int_equal(c.gate.ip_blacklist_entry.line[2], 4);
	is(c.gate.ip_blacklist_entry.at[2], "192.0.2.3");
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(path, sizeof(path), "%s/b", here);
	assert_int_equal(c.gate.ip_blacklist_file.n, 2);
	is(c.gate.ip_blacklist_file.at[0], "/etc/a");
	is(c.gate.ip_blacklist_file.at[1], path);
	assert_int_equal(c.gate.ip_blacklist_file.line[1], 3);
	assert_int_equal(c.gate.ip_relay_entry.n, 0);
	conf_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_a_list_has_a_limit),
		cmocka_unit_test(test_a_list_knows_its_lines_and_files_are_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
