#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/conf_scan.h"

static const char sample[] =
    "hostname = \"mx.example.com\"          # greeting, Received, bounces\n"
    "contact  = \"postmaster@example.com\"  # named in refusals\n"
    "data-dir = \"./var\"\n"
    "listener \"25\"  { bind = {\"127.0.0.1:2525\"}  tls = \"starttls\" }\n"
    "listener \"465\" { bind = {\"127.0.0.1:2465\"}  tls = \"implicit\"  submission = true }\n"
    "listener \"587\" { bind = {\"127.0.0.1:2587\"}  tls = \"starttls\"  submission = true }   # submission\n"
    "tls      { certificate = \"var/tls/cert.pem\"  key = \"var/tls/key.pem\"  auth-without-tls = false }\n"
    "accounts { sqlite = \"var/accounts.db\" }\n"
    "recipients { per-message = 100  invalid-per-session = 10  quota-percent = 100 }\n"
    "limits   { sessions = 2000  sessions-per-client = 200  message-size = 50M  command-timeout = 5m }   # loopback\n"
    "gate     { reject-empty-rdns = true  rejection-code-empty-rdns = 554  policy-url = \"\" }   # spamdyke's\n"
    "queue    { lifetime = 2d  first-retry = 100s }\n"
    "relay    { }\n"
    "dns      { server = {}  zone = \"var/dns.zone\"  deadline = 10s }\n"
    "logs     { time = \"local\"  level = \"info\"  rotate = \"daily\"  keep = 90d }\n"
    "web      { bind = {\"127.0.0.1:8025\"} }\n"
    "users    { }                          # smtpd = \"tt-in\" ... : used only when started as root\n";

static int parse(struct conf *c, const char *text, struct err *e)
{
	return conf_parse(c, str_of(text), "f", e);
}

static void is(struct str got, const char *want)
{
	assert_string_equal(conf_z(got), want);
}

static void test_the_sample_of_the_manual(void **state)
{
	struct conf c;
	struct err e;
	char here[4096], path[8192];

	(void)state;
	if (parse(&c, sample, &e) < 0)
		fail_msg("%s", e.text);
	assert_non_null(getcwd(here, sizeof(here)));
	is(c.top.hostname, "mx.example.com");
	snprintf(path, sizeof(path), "%s/var/spool", here);
	is(c.top.spool_dir, path);
	snprintf(path, sizeof(path), "%s/var/tls/key.pem", here);
	is(c.tls.key, path);
	assert_int_equal(c.nports, 3);
	is(c.ports[1].label, "465");
	assert_int_equal(c.ports[1].tls, CONF_TLS_IMPLICIT);
	assert_true(c.ports[1].set.submission);
	assert_false(c.ports[0].set.submission);
	is(c.ports[2].set.bind.at[0], "127.0.0.1:2587");
	assert_int_equal(c.limits.message_size, 50 << 20);
	assert_int_equal(c.limits.command_timeout, 300000);
	assert_int_equal(c.queue.lifetime, 172800000);
	assert_int_equal(c.dns.server.n, 0);
	assert_int_equal(c.dns.deadline, 10000);
	is(c.web.bind.at[0], "127.0.0.1:8025");
	assert_int_equal(c.text.n, sizeof(sample) - 1);
	conf_clear(&c);
}

/* What is written is refused with these words, or (why == NULL) accepted. */
static const struct {
	const char *text, *why;
} judged[] = {
	{ "", NULL },
	{ "relay { }", NULL },
	{ "hostname = \"a.example\"", NULL },
	{ "hostname = a.example\n", NULL },
	{ "listener 25 { bind = \"127.0.0.1:25\" }\n", NULL },
	{ "dns { server = { # ours\n \"9.9.9.9\", /* two\n lines */ \"::1@5353\" } }\n", NULL },
	{ "logs { level = verbose } // end\n", NULL },
	{ "data-dir = '/tmp/${x}'\n", NULL },
	{ "hostname = a.exam", "f:1: the file ends inside a word (the last line needs a newline)" },
	{ "\nhostname = a.exam  ", "f:2: the file ends inside a word (the last line needs a newline)" },
	{ "relay {", "f:1: the { of this line is not closed" },
	{ "relay { }\ndns {\n server = {\n", "f:3: the { of this line is not closed" },
	{ "relay { } }\n", "f:1: a } too many" },
	{ "relay { a { b { } } }\n", "f:1: a { too many" },
	{ "hostname = \"a", "f:1: this string is not closed on its line" },
	{ "\nhostname = \"a\n\"\n", "f:2: this string is not closed on its line" },
	{ "data-dir = 'a\n", "f:1: this string is not closed on its line" },
	{ "\n/* relay { }\n\n", "f:2: this comment is not closed" },
	{ "hostname =\n", "f:2: premature end of file" },
	{ "hostname\n", "f:2: premature end of file" },
	{ "listener \"25\"\n", "f:2: premature end of file" },
	{ "\nprot = 1\n", "f:2: no such option 'prot'" },
	{ "dns {\n zome = \"x\"\n}\n", "f:2: no such option 'zome'" },
	{ "include(\"/etc/passwd\")\n", "f:1: put quotes around this value" },
	{ "include = \"x\"\n", "f:1: no such option 'include'" },
	{ "\"tls|key\" = \"x\"\n", "f:1: the name of an option stands without quotes" },
	{ "tls|key = \"x\"\n", "f:1: put quotes around this value" },
	{ "data-dir = \"/a/${HOME}\"\n",
	  "f:1: ${...} is not expanded here; write it in single quotes if it is meant so" },
	{ "data-dir = ${HOME}\n", "f:1: a character that has no meaning outside of a string" },
	{ "data-dir = \"/a\\x41\"\n", "f:1: after a backslash only a backslash or the quote may stand" },
	{ "hostname = \"a\"; relay { }\n", "f:1: a character that has no meaning outside of a string" },
	{ "hostname + \"a\"\n", "f:1: a character that has no meaning outside of a string" },
	{ "hostname += \"a\"\n", "f:1: attempt to append to non-list option 'hostname'" },
	{ "hostname = { \"a\" }\n", "f:1: unexpected token '{'" },
	{ "tls \"x\" { }\n", "f:1: missing opening brace for section 'tls'" },
	{ "\r\n", "f:1: a carriage return: lines must end in a newline only" },
	{ "# \xff\n", "f:1: a byte that is neither printable text nor UTF-8" },
	{ "# \xc0\xaf\n", "f:1: a byte that is neither printable text nor UTF-8" },
	{ "\n# \x7f\n", "f:2: a byte that is neither printable text nor UTF-8" },
	{ "# gr\xc3\xbc\xc3\x9f\n", NULL },
	{ "hostname = \"m\xc3\xbc\"\n", "f:1: hostname must be printable ASCII without spaces" },
	{ "contact = \"a b\"\n", "f:1: contact must be printable ASCII without spaces" },
	{ "hostname = \"a/b\"\n", "f: hostname must be a domain name, not \"a/b\"" },
	{ "data-dir = \"\"\n", "f:1: data-dir must not be empty" },
	{ "dns { zone = \"\" }\n", NULL },
	{ "limits { workers = x }\n", "f:1: workers must be a number from 0 to 256" },
	{ "limits { workers = -1 }\n", "f:1: workers must be a number from 0 to 256" },
	{ "limits { workers = 257 }\n", "f:1: workers must be a number from 0 to 256" },
	{ "limits {\n\n sessions = 0 }\n", "f:3: sessions must be a number from 1 to 1000000" },
	{ "limits { sessions = 99999999999999999999 }\n", "f:1: sessions must be a number from 1 to 1000000" },
	{ "limits { message-size = 0 }\n", "f:1: message-size must be a size like 500, 64K, 50M or 2G, more than 0" },
	{ "limits { message-size = 5X }\n", "f:1: message-size must be a size like 500, 64K, 50M or 2G, more than 0" },
	{ "queue { lifetime = 2w }\n", "f:1: lifetime must be a duration like 10s, 5m, 2h or 3d, more than 0" },
	{ "queue { lifetime = off }\n", "f:1: lifetime must be a duration like 10s, 5m, 2h or 3d, more than 0" },
	{ "queue { delay-notice = never }\n",
	  "f:1: delay-notice must be a duration like 10s, 5m, 2h or 3d, more than 0" },
	{ "index { every = never }\n", NULL },
	{ "index { every = 15m }\n", NULL },
	{ "index { every = 0 }\n", "f:1: every must be a duration like 10s, 5m, 2h or 3d, more than 0, or never" },
	{ "queue { lifetime = \"\" }\n", "f:1: lifetime must be a duration like 10s, 5m, 2h or 3d, more than 0" },
	{ "gate { reject-empty-rdns = maybe }\n", "f:1: reject-empty-rdns must be true or false" },
	{ "gate { rejection-code-empty-rdns = 250 }\n",
	  "f:1: rejection-code-empty-rdns must be a number from 400 to 599" },
	{ "logs { time = \"utc+2\" }\n", "f:1: time must be one of: local utc" },
	{ "listener 25 { }\n", "f:1: listener \"25\" has no bind" },
	{ "listener 25 { bind = {} }\n", "f:1: listener \"25\" has no bind" },
	{ "listener \"\" { bind = \"127.0.0.1:25\" }\n", "f:1: a listener's label is 1 to 32 letters, digits, - or _" },
	{ "listener \"../x\" { bind = \"127.0.0.1:25\" }\n",
	  "f:1: a listener's label is 1 to 32 letters, digits, - or _" },
	{ "listener 25 { bind = \"127.0.0.1:25\" }\nlistener 25 { bind = \"127.0.0.1:26\" }\n",
	  "f:2: found duplicate title '25'" },
	{ "listener 25 { bind = \"127.0.0.1:25\" tls = \"ssl\" }\n",
	  "f:1: tls must be one of: none starttls implicit" },
	{ "listener 25 { bind = \"localhost:25\" }\n", "f:1: bind must be ADDRESS:PORT or [V6ADDRESS]:PORT" },
	{ "dns { server = \"9.9.9.9:53\" }\n", "f:1: server must be ADDRESS or ADDRESS@PORT" },
};

static void test_what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(judged); i++) {
		struct conf c;
		struct err e = { 0 };
		int rc = parse(&c, judged[i].text, &e);

		if (judged[i].why == NULL && rc < 0)
			fail_msg("%s: %s", judged[i].text, e.text);
		if (judged[i].why != NULL)
			assert_int_equal(rc, -1);
		assert_string_equal(e.text, judged[i].why == NULL ? "" : judged[i].why);
		if (rc == 0)
			conf_clear(&c);
	}
}

static void test_repeated_things_add_up(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	if (parse(&c,
		  "dns { server = { \"9.9.9.1\", \"9.9.9.2\" } server = { \"9.9.9.3\" } deadline = 3s }\n"
		  "dns { server = {} }\n"
		  "dns { server += { \"9.9.9.4\" } deadline = 4s deadline = 5s }\n"
		  "listener a { bind = \"127.0.0.1:1\" bind = { \"[::1]:2\" } }\n",
		  &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(c.dns.server.n, 4);
	is(c.dns.server.at[0], "9.9.9.1");
	is(c.dns.server.at[3], "9.9.9.4");
	assert_int_equal(c.dns.deadline, 5000);
	assert_int_equal(c.ports[0].set.bind.n, 2);
	is(c.ports[0].set.bind.at[1], "[::1]:2");
	is(c.ports[0].set.tls, "none");
	conf_clear(&c);
}

static void test_defaults(void **state)
{
	struct conf c;
	struct err e;
	char contact[512];

	(void)state;
	if (parse(&c, "data-dir = \"/srv/tt\"\n", &e) < 0)
		fail_msg("%s", e.text);
	is(c.top.log_dir, "/srv/tt/logs");
	is(c.accounts.sqlite, "/srv/tt/accounts.db");
	is(c.dns.zone, "");
	assert_true(c.top.hostname.n > 0);
	snprintf(contact, sizeof(contact), "postmaster@%s", conf_z(c.top.hostname));
	is(c.top.contact, contact);
	assert_true(c.gate.reject_empty_rdns);
	assert_int_equal(c.queue.first_retry, 100000);
	assert_int_equal(c.queue.big_message, 256 << 10);
	assert_int_equal(c.nports, 0);
	conf_clear(&c);
}

/* A NUL would hide the rest from libconfuse; a huge list or file is refused. */
static void test_limits(void **state)
{
	static const char nul[] = "relay { }\n\0hostname = \"x\"\n";
	struct conf c;
	struct err e;
	BUF(b);

	(void)state;
	assert_int_equal(conf_parse(&c, str_mem(nul, sizeof(nul) - 1), "f", &e), -1);
	assert_string_equal(e.text, "f:2: a byte that is neither printable text nor UTF-8");
	for (int i = 0; i < 65; i++)
		buf_adds(&b, "dns { server = \"9.9.9.9\" }\n");
	assert_int_equal(conf_parse(&c, buf_str(&b), "f", &e), -1);
	assert_string_equal(e.text, "f:65: server has more than 64 values");
	buf_reset(&b);
	for (int i = 0; i < 65; i++)
		buf_fmt(&b, "listener l%d { bind = \"127.0.0.1:%d\" }\n", i, i + 1);
	assert_int_equal(conf_parse(&c, buf_str(&b), "f", &e), -1);
	assert_string_equal(e.text, "f:65: more than 64 listeners");
	buf_reset(&b);
	while (b.n <= 1 << 20)
		buf_adds(&b, "#\n");
	assert_int_equal(conf_parse(&c, buf_str(&b), "f", &e), -1);
	assert_string_equal(e.text, "f: is larger than 1 MiB");
	assert_int_equal(conf_load(&c, "/nonexistent/x", &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/x"));
}

/* Ends the text between two items of the top level?  Judged without the code under test: the sample's
 * items each end in their line's last } or " before the comment. */
static bool between_items(const char *text, size_t n)
{
	int depth = 0;
	bool quoted = false, comment = false, value = true;

	for (size_t i = 0; i < n; i++) {
		char ch = text[i];

		comment = (comment || (ch == '#' && !quoted)) && ch != '\n';
		if (comment || ch == ' ' || ch == '\n')
			continue;
		if (ch == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (ch == '{') - (ch == '}');
		value = (ch == '"' && !quoted) || ch == '}';
	}
	return depth == 0 && !quoted && value;
}

static void test_a_cut_file_is_never_a_smaller_configuration(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(sample); n++) {
		struct conf c;
		struct err e;
		int rc = conf_parse(&c, str_mem(sample, n), "f", &e);

		if (rc == 0 && !between_items(sample, n))
			fail_msg("cut at byte %zu was accepted", n);
		if (rc < 0 && e.text[0] == '\0')
			fail_msg("cut at byte %zu: no reason", n);
		if (rc == 0)
			conf_clear(&c);
		accepted += rc == 0;
	}
	assert_true(accepted > 17); /* after each item */
}

static void test_units(void **state)
{
	static const struct {
		const char *in;
		int64_t ms, bytes; /* 0: refused */
	} t[] = {
		{ "1", 1000, 1 },
		{ "10s", 10000, 0 },
		{ "5m", 300000, 0 },
		{ "2h", 7200000, 0 },
		{ "2d", 172800000, 0 },
		{ "64K", 0, 65536 },
		{ "50M", 0, 52428800 },
		{ "2G", 0, INT64_C(2147483648) },
		{ "0", 0, 0 },
		{ "", 0, 0 },
		{ "s", 0, 0 },
		{ "K", 0, 0 },
		{ "-1s", 0, 0 },
		{ "1.5h", 0, 0 },
		{ "1 s", 0, 0 },
		{ "5ms", 0, 0 },
		{ "9007199254740992", 0, INT64_C(9007199254740992) },
		{ "9007199254740993", 0, 0 },
		{ "8388609G", 0, 0 },
		{ "99999999999999999999d", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		int64_t ms = 0, bytes = 0;

		assert_int_equal(conf_duration(str_of(t[i].in), &ms), t[i].ms != 0);
		assert_int_equal(conf_size(str_of(t[i].in), &bytes), t[i].bytes != 0);
		assert_int_equal(ms, t[i].ms);
		assert_int_equal(bytes, t[i].bytes);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *in, *bind, *server;
		uint16_t port;
	} t[] = {
		{ "127.0.0.1:25", "127.0.0.1", NULL, 25 },
		{ "[::1]:65535", "::1", NULL, 65535 },
		{ "127.0.0.1", NULL, "127.0.0.1", 53 },
		{ "127.0.0.1@5353", NULL, "127.0.0.1", 5353 },
		{ "::1", NULL, "::1", 53 },
		{ "::1@1", NULL, "::1", 1 },
		{ "", NULL, NULL, 0 },
		{ ":25", NULL, NULL, 0 },
		{ "[]:25", NULL, NULL, 0 },
		{ "[:25", NULL, NULL, 0 },
		{ "]:25", NULL, NULL, 0 },
		{ "127.0.0.1:0", NULL, NULL, 0 },
		{ "127.0.0.1:65536", NULL, NULL, 0 },
		{ "127.0.0.1:", NULL, NULL, 0 },
		{ "127.0.0.1@", NULL, NULL, 0 },
		{ "@53", NULL, NULL, 0 },
		{ "*:25", NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str address;
		uint16_t port;

		assert_int_equal(conf_bind(str_of(t[i].in), &address, &port), t[i].bind != NULL);
		if (t[i].bind != NULL)
			assert_true(str_eqz(address, t[i].bind) && port == t[i].port);
		assert_int_equal(conf_server(str_of(t[i].in), &address, &port), t[i].server != NULL);
		if (t[i].server != NULL)
			assert_true(str_eqz(address, t[i].server) && port == t[i].port);
	}
}

static void test_where_it_is_looked_for(void **state)
{
	(void)state;
	unsetenv("TELLTALE_CONFIG");
	assert_string_equal(conf_find("a"), "a");
	assert_int_equal(chdir("/"), 0);
	assert_string_equal(conf_find(NULL), "/etc/telltale/telltale.conf");
	setenv("TELLTALE_CONFIG", "b", 1);
	assert_string_equal(conf_find(NULL), "b");
	assert_string_equal(conf_find("a"), "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_sample_of_the_manual),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_repeated_things_add_up),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_cut_file_is_never_a_smaller_configuration),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_where_it_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
