/* The lists of a configuration: what is wrong is named, and what telltaled packs is what telltale-smtpd reads. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "gate/rules.h"

static int read_conf(const char *text, struct err *e)
{
	struct conf c;
	int rc;

	if (conf_parse(&c, str_of(text), "t.conf", e) < 0)
		return -1;
	rc = rules_check(&c, e);
	conf_clear(&c);
	return rc;
}

static void what_is_wrong_is_named_by_its_line(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_conf("gate { }\nrelay { }\n", &e), 0);
	assert_int_equal(read_conf("gate {\n ip-blacklist-entry = { \"192.0.2.7\",\n \"x\" } }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:3: ip-blacklist-entry \"x\": an octet is 0 to 255");
	assert_int_equal(read_conf("\ngate { ip-relay-entry = \"0.0.0.0/0\" }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:2: ip-relay-entry \"0.0.0.0/0\": this would let everybody relay");
	assert_int_equal(read_conf("\ngate { ip-relay-file = \"/nonexistent/x\" }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:2: ip-relay-file: open /nonexistent/x: No such file or directory");
	assert_int_equal(read_conf("gate { rdns-blacklist-dir = \"/nonexistent/x\" }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:1: rdns-blacklist-dir: open /nonexistent/x: No such file or directory");
	assert_int_equal(read_conf("gate { rdns-whitelist-dir = \"/etc/passwd\" }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:1: rdns-whitelist-dir: /etc/passwd is not a folder");
	assert_int_equal(read_conf("gate { header-blacklist-entry = \"Subject\" }\n", &e), -1);
	assert_string_equal(e.text,
			    "t.conf:1: header-blacklist-entry \"Subject\": no colon: a header line is \"Name: value\"");
	assert_int_equal(read_conf("gate { dns-whitelist-entry = \"a=b\" }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:1: dns-whitelist-entry \"a=b\": an octet is 0 to 255");
	assert_int_equal(read_conf("gate { ip-in-rdns-keyword-blacklist-entry = \".a b\" }\n", &e), -1);
	assert_string_equal(e.text, "t.conf:1: ip-in-rdns-keyword-blacklist-entry \".a b\": a domain (.example.com) is "
				    "the last word");
}

/* What rules_read() makes of these bytes. */
static int read_packed(const struct conf *c, struct str packed, struct rules *out, struct err *e)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, packed);
	return rules_read(c, &b, out, e);
}

/* A folder is walked by telltaled; its files' paths are what telltale-smtpd reads. */
static void a_packed_folder(void **state)
{
	char dir[] = "/tmp/names-XXXXXX", sub[64], file[96], loop[96];
	struct conf c;
	struct rules r;
	struct hit h;
	struct err e;
	BUF(text);
	BUF(packed);

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sub, sizeof(sub), "%s/com", dir);
	snprintf(file, sizeof(file), "%s/com/example", dir);
	snprintf(loop, sizeof(loop), "%s/com/loop", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	close(open(file, O_WRONLY | O_CREAT, 0600));
	buf_fmt(&text, "gate { rdns-blacklist-dir = \"%s\" graylist-exception-rdns-dir = \"%s/\" }\n", dir, dir);
	assert_int_equal(conf_parse(&c, buf_str(&text), "t.conf", &e), 0);
	assert_int_equal(symlink("..", loop), 0);
	assert_int_equal(rules_pack(&c, &packed, &e), -1);
	assert_non_null(strstr(e.text, "this link leads in a circle"));
	unlink(loop);
	buf_reset(&packed);
	if (rules_pack(&c, &packed, &e) < 0)
		fail_msg("%s", e.text);
	unlink(file);
	rmdir(sub);
	rmdir(dir);
	assert_int_equal(read_packed(&c, buf_str(&packed), &r, &e), 0);
	assert_true(list_find(r.lists.rdns_blacklist, STR("mail.example.com"), &h) && str_eqz(h.file, file) &&
		    h.line == 0);
	assert_true(list_find(r.lists.graylist_exception_rdns, STR("example.com"), &h));
	rules_clear(&r);
	conf_clear(&c);
}

/* telltaled packs, telltale-smtpd reads: the same files in the same order, or nothing. */
static void packed_lists(void **state)
{
	char one[] = "/tmp/list-XXXXXX", two[] = "/tmp/list-XXXXXX";
	FD(first) = mkstemp(one);
	FD(second) = mkstemp(two);
	struct conf c, other;
	struct rules r;
	struct hit h;
	struct err e;
	BUF(text);
	BUF(packed);

	(void)state;
	assert_int_equal(io_write_all(first, "192.0.2.7\n", 10) | io_write_all(second, "192.0.2.\n", 9), 0);
	buf_fmt(&text, "gate { ip-blacklist-file = { \"%s\", \"%s\" } }\ngate { ip-relay-file = \"%s\" }\n", two, one,
		one);
	assert_int_equal(conf_parse(&c, buf_str(&text), "t.conf", &e), 0);
	assert_int_equal(conf_parse(&other, STR("gate { ip-blacklist-entry = \"192.0.2.7\" }\n"), "o.conf", &e), 0);
	assert_int_equal(rules_pack(&c, &packed, &e), 0);
	unlink(one);
	unlink(two);
	assert_int_equal(read_packed(&c, buf_str(&packed), &r, &e), 0);
	assert_true(list_find(r.lists.ip_blacklist, STR("192.0.2.7"), &h) && str_eqz(h.file, two) && h.line == 1);
	assert_true(list_find(r.lists.ip_relay, STR("192.0.2.7"), &h) && str_eqz(h.file, one));
	assert_false(list_empty(r.lists.ip_blacklist));
	assert_true(list_empty(r.lists.ip_whitelist));
	rules_clear(&r);
	for (size_t n = 0; n < packed.n; n++)
		assert_int_equal(read_packed(&c, str_take(buf_str(&packed), n), &r, &e), -1);
	assert_int_equal(read_packed(&c, str_of(NULL), &r, &e), -1);
	assert_string_equal(e.text, "t.conf:1: ip-blacklist-file: its content was not handed over");
	assert_int_equal(read_packed(&other, str_of(NULL), &r, &e), 0);
	rules_clear(&r);
	conf_clear(&c);
	conf_clear(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named_by_its_line),
		cmocka_unit_test(packed_lists),
		cmocka_unit_test(a_packed_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
