/* config-dir: what may stand in it, which files count for whom and in which order, a hundred thousand of them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "gate/packed.h"
#include "gate/rules.h"
#include "spent.h"

static char root[] = "/tmp/config-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static void wipe(void)
{
	if (root[strlen(root) - 1] != 'X')
		nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	memset(root + strlen(root) - 6, 'X', 6);
}

static void put(const char *path, const char *text)
{
	char whole[512], folder[512];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	snprintf(folder, sizeof(folder), "%s", whole);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(io_mkdirs(folder, 0700, NULL), 0);
	f = fopen(whole, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A new folder, and a configuration that names it. */
static void begin(struct conf *c, const char *more)
{
	struct err e;
	BUF(b);

	wipe();
	assert_non_null(mkdtemp(root));
	buf_fmt(&b, "gate { config-dir = \"%s\" %s }\n", root, more);
	if (conf_parse(c, buf_str(&b), "t.conf", &e) < 0)
		fail_msg("%s", e.text);
}

static void read_rules(const struct conf *c, struct rules *r)
{
	struct buf packed = BUF_INIT;
	struct err e;

	if (rules_pack(c, &packed, &e) < 0 || rules_read(c, &packed, r, &e) < 0)
		fail_msg("%s", e.text);
}

/* The paths that count, in order, behind the root. */
static const char *found(const struct rules *r, struct config_who who, struct buf *b)
{
	const struct config_file *files[CONFIG_FOUND_MAX];
	size_t n = config_dirs_find(&r->dirs, &who, files);

	buf_reset(b);
	for (size_t i = 0; i < n; i++) {
		assert_true(str_starts(files[i]->path, str_of(root)));
		buf_fmt(b, "%s%s", i > 0 ? " " : "", files[i]->path.p + strlen(root) + 1);
	}
	return buf_z(b);
}

#define WHO(ip, rdns, from, to) \
	{ \
		STR_INIT(ip), STR_INIT(rdns), STR_INIT(from), STR_INIT(to) \
	}

static const char *const tree[] = {
	"_ip_/192/0/2/7",
	"_ip_/192/0/3",
	"_ip_/2001/0db8",
	"_ip_/10/_sender_/com/example",
	"_ip_/11/22/_rdns_/com/_sender_/com/example/_at_/mom/_recipient_/com/example",
	"_rdns_/com/example/mail",
	"_rdns_/com/example/a/b",
	"_rdns_/org",
	"_sender_/com/example/home/_at_/mom",
	"_sender_/com/example/home/_at_/joe_tag",
	"_sender_/net",
	"_recipient_/com/example/school/_at_/kid/_ip_/10/0/0/1",
	"_recipient_/com/example/school/_at_/kid2",
	"_recipient_/com/example/other",
	"_recipient_/net/example",
};
static const struct {
	struct config_who who;
	const char *files;
} questions[] = {
	/* clang-format off */
	{ WHO("192.0.2.7", "", "", ""), "_ip_/192/0/2/7" },
	{ WHO("192.0.2.8", "", "", ""), "" },
	{ WHO("192.0.3.8", "", "", ""), "_ip_/192/0/3" },
	{ WHO("2001:db8::1", "", "", ""), "_ip_/2001/0db8" },
	{ WHO("2001:db9::1", "", "", ""), "" },
	{ WHO("unknown", "", "", ""), "" },
	{ WHO("10.1.1.1", "", "x@example.com", ""), "_ip_/10/_sender_/com/example" },
	{ WHO("10.1.1.1", "", "x@a.b.example.com", ""), "_ip_/10/_sender_/com/example" },
	{ WHO("10.1.1.1", "", "x@badexample.com", ""), "" },
	{ WHO("11.22.9.9", "any.com", "mom@example.com", "who@a.example.com"),
	  "_ip_/11/22/_rdns_/com/_sender_/com/example/_at_/mom/_recipient_/com/example" },
	{ WHO("11.22.9.9", "any.com", "dad@example.com", "who@a.example.com"), "" },
	{ WHO("1.1.1.1", "mail.example.com", "", ""), "_rdns_/com/example/mail" },
	{ WHO("1.1.1.1", "x.MAIL.example.com", "", ""), "_rdns_/com/example/mail" },
	{ WHO("1.1.1.1", "b.a.example.com", "", ""), "_rdns_/com/example/a/b" },
	{ WHO("1.1.1.1", "org", "", ""), "_rdns_/org" },
	{ WHO("1.1.1.1", "a..org", "", ""), "" },
	{ WHO("1.1.1.1", "example/mail.com", "", ""), "" },
	{ WHO("1.1.1.1", "0._ip_.org", "", ""), "" },
	{ WHO("1.1.1.1", "", "mom@home.example.com", ""), "_sender_/com/example/home/_at_/mom" },
	{ WHO("1.1.1.1", "", "dad@home.example.com", ""), "" },
	{ WHO("1.1.1.1", "", "joe+tag@home.example.com", ""), "_sender_/com/example/home/_at_/joe_tag" },
	{ WHO("1.1.1.1", "", "../../x@home.example.com", ""), "" },
	{ WHO("1.1.1.1", "", "x@sub.net", ""), "_sender_/net" },
	{ WHO("10.0.0.1", "", "", "kid@school.example.com"),
	  "_recipient_/com/example/school/_at_/kid/_ip_/10/0/0/1" },
	{ WHO("10.0.0.2", "", "", "kid@school.example.com"), "" },
	{ WHO("10.0.0.2", "", "", "kid2@school.example.com"), "_recipient_/com/example/school/_at_/kid2" },
	{ WHO("10.0.0.2", "", "", "kid2@other.example.com"), "_recipient_/com/example/other" },
	{ WHO("10.0.0.2", "", "", "postmaster"), "" },
	{ WHO("192.0.2.7", "mail.example.com", "mom@home.example.com", "x@example.net"),
	  "_ip_/192/0/2/7 _rdns_/com/example/mail _sender_/com/example/home/_at_/mom _recipient_/net/example" },
	/* A nested file has met its sender: the sender's own folder is not looked into any more. */
	{ WHO("10.0.0.1", "", "mom@example.com", "x@example.net"),
	  "_ip_/10/_sender_/com/example _recipient_/net/example" },
	/* clang-format on */
};

static void which_files_count(void **state)
{
	struct conf c;
	struct rules r;
	BUF(b);

	(void)state;
	begin(&c, "");
	for (size_t i = 0; i < COUNT(tree); i++)
		put(tree[i], "filter-level=allow-all\n");
	put(".hidden", "x");
	put("_ip_/.keep", "x");
	read_rules(&c, &r);
	assert_int_equal(r.dirs.nfiles, COUNT(tree));
	for (size_t i = 0; i < COUNT(questions); i++)
		if (strcmp(found(&r, questions[i].who, &b), questions[i].files) != 0)
			fail_msg("row %zu: %s", i, buf_z(&b));
	rules_clear(&r);
	conf_clear(&c);
}

/* Two files of one kind can count only where they stand below different other kinds. */
static void first_and_all(void **state)
{
	static const char *const files[] = {
		"_sender_/com/example/_at_/mom/_ip_/10",
		"_sender_/com/example/_ip_/10",
		"_sender_/com/_ip_/10/0",
		"_ip_/10/0/0/1",
		"_recipient_/org/a/_at_/joe/_rdns_/com",
		"_recipient_/org/_rdns_/com",
	};
	static const struct config_who who = WHO("10.0.0.1", "x.com", "mom@example.com", "joe@a.org");
	static const struct {
		const char *search, *found;
	} t[] = {
		{ "", "_ip_/10/0/0/1 _recipient_/org/a/_at_/joe/_rdns_/com" },
		{ "all-ip", "_ip_/10/0/0/1 _sender_/com/example/_at_/mom/_ip_/10 _sender_/com/example/_ip_/10 "
			    "_recipient_/org/a/_at_/joe/_rdns_/com" },
		{ "all-ip all-sender",
		  "_ip_/10/0/0/1 _sender_/com/example/_at_/mom/_ip_/10 _sender_/com/example/_ip_/10 "
		  "_sender_/com/_ip_/10/0 _recipient_/org/a/_at_/joe/_rdns_/com" },
		{ "all-recipient", "_ip_/10/0/0/1 _recipient_/org/a/_at_/joe/_rdns_/com" },
		{ "all-recipient all-rdns",
		  "_ip_/10/0/0/1 _recipient_/org/a/_at_/joe/_rdns_/com _recipient_/org/_rdns_/com" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str rest = str_of(t[i].search), word;
		struct conf c;
		struct rules r;
		BUF(b);

		while ((word = str_word(&rest)).n > 0)
			buf_fmt(&b, "config-dir-search = %.*s ", STR_ARG(word));
		begin(&c, buf_z(&b));
		for (size_t k = 0; k < COUNT(files); k++)
			put(files[k], "# nothing\n");
		read_rules(&c, &r);
		assert_string_equal(found(&r, who, &b), t[i].found);
		rules_clear(&r);
		conf_clear(&c);
	}
}

/* A path in the folder, what stands there, and what is said of it behind its name. */
static void mistakes_as_a_table(void **state)
{
	static const struct {
		const char *path, *text, *why;
	} t[] = {
		/* clang-format off */
		{ "README", "", ": only _ip_, _rdns_, _sender_ and _recipient_ can stand here" },
		{ "_ip_", "", ": this is the name of a folder" },
		{ "_ip_/256", "", ": not an octet of an address: 0 to 255" },
		{ "_ip_/07", "", ": not an octet of an address: 0 to 255" },
		{ "_ip_/1/2/3/x", "", ": not an octet of an address: 0 to 255" },
		{ "_ip_/1/2/3/4/5", "", ": the address is complete before it" },
		{ "_ip_/2001/db8", "", ": not a group of an IPv6 address: four digits, 0-9 a-f" },
		{ "_ip_/2001/0DB8", "", ": not a group of an IPv6 address: four digits, 0-9 a-f" },
		{ "_rdns_/Com", "", ": not a word of a domain name, in lower case" },
		{ "_rdns_/com/a.b", "", ": not a word of a domain name, in lower case" },
		{ "_rdns_/com/x~", "", ": not a word of a domain name, in lower case" },
		{ "_rdns_/com/\033[1m", "", ": not a word of a domain name, in lower case" },
		{ "_sender_/com/_at_", "", ": this is the name of a folder" },
		{ "_sender_/_at_/a", "", "/_sender_/_at_: it stands behind the domain of a sender or a recipient" },
		{ "_rdns_/com/_at_/a", "", "/_at_: it stands behind the domain of a sender or a recipient" },
		{ "_sender_/com/_at_/joe+tag", "", ": not a user's name: a-z 0-9 @ _ - . (a _ for everything else)" },
		{ "_sender_/com/_at_/joe/x", "", ": the address is complete before it" },
		{ "_ip_/_sender_/com", "", ": it stands in an empty name" },
		{ "_ip_/1/_sender_/com/_ip_/2", "", ": a folder of this name is above it already" },
		{ "_ip_/1", "\nreject-nothing\n", ":2: reject-nothing is not an option of the gate" },
		{ "_recipient_/com/_at_/a", "relay-level=allow-all\n",
		  ":1: relay-level can be allow-all only below _ip_ of config-dir" },
		{ "_recipient_/com/_at_/a", "sender-blacklist-file=/nonexistent/x\n",
		  ":1: sender-blacklist-file: open /nonexistent/x: No such file or directory" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct conf c;
		struct err e = { 0 };

		begin(&c, "");
		put(t[i].path, t[i].text);
		assert_int_equal(rules_check(&c, &e), -1);
		if (strstr(e.text, t[i].why) == NULL || !str_starts(str_of(e.text), str_of(root)))
			fail_msg("%s%s: %s", t[i].path, t[i].why, e.text);
		assert_null(strchr(e.text, '\033'));
		conf_clear(&c);
	}
}

static void no_links_and_no_devices(void **state)
{
	char path[256];
	struct conf c;
	struct err e;
	BUF(text);

	(void)state;
	begin(&c, "");
	snprintf(path, sizeof(path), "%s/_ip_", root);
	assert_int_equal(symlink("/etc", path), 0);
	assert_int_equal(rules_check(&c, &e), -1);
	assert_non_null(strstr(e.text, "/_ip_: a link: config-dir follows none"));
	conf_clear(&c);
	begin(&c, "");
	put("_ip_/1", "");
	snprintf(path, sizeof(path), "%s/_ip_/2", root);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(rules_check(&c, &e), -1);
	assert_non_null(strstr(e.text, "/_ip_/2: neither a file nor a folder"));
	conf_clear(&c);
	begin(&c, "");
	for (int i = 0; i < CONFIG_FILE_BYTES_MAX; i += 8)
		buf_adds(&text, "# xxxxx\n");
	put("_ip_/1", buf_z(&text));
	assert_int_equal(rules_check(&c, &e), 0);
	buf_adds(&text, "#\n");
	put("_ip_/1", buf_z(&text));
	assert_int_equal(rules_check(&c, &e), -1);
	conf_clear(&c);
	begin(&c, "");
	wipe();
	assert_int_equal(rules_check(&c, &e), -1);
	assert_non_null(strstr(e.text, "No such file or directory"));
	conf_clear(&c);
}

/* List files that only config-dir names are handed over too; two trees are searched one after the other. */
static void lists_of_files_and_two_trees(void **state)
{
	char list[256], two[256];
	const struct config_file *files[CONFIG_FOUND_MAX];
	struct config_who who = WHO("10.0.0.1", "", "", "a@example.com");
	struct conf c;
	struct rules r;
	FILE *f;
	BUF(text);

	(void)state;
	begin(&c, "");
	conf_clear(&c);
	snprintf(list, sizeof(list), "%s.list", root);
	snprintf(two, sizeof(two), "%s.two", root);
	buf_fmt(&text, "gate { config-dir = { \"%s\", \"%s\" } ip-blacklist-file = \"%s\" }\n", root, two, list);
	assert_int_equal(conf_parse(&c, buf_str(&text), "t.conf", NULL), 0);
	assert_int_equal(io_mkdirs(two, 0700, NULL), 0);
	f = fopen(list, "w");
	assert_true(f != NULL && fputs("10.0.0.1\n", f) >= 0 && fclose(f) == 0);
	buf_reset(&text);
	buf_fmt(&text, "ip-whitelist-file=%s\nip-blacklist-file=!!!\n", list);
	put("_recipient_/com/example", buf_z(&text));
	read_rules(&c, &r);
	unlink(list);
	rmdir(two);
	assert_int_equal(config_dirs_find(&r.dirs, &who, files), 1);
	assert_true(str_eq(files[0]->text, buf_str(&text)));
	rules_clear(&r);
	conf_clear(&c);
}

/* As telltaled packs them, without a disk: a look-up costs the same among many. */
static void a_hundred_thousand_files(void **state)
{
	enum { FILES = 100000, QUESTIONS = 20000 };
	struct str path_of_tree = STR("/c");
	struct conf_gate set = { .config_dir = { .at = &path_of_tree, .n = 1 } };
	struct config_dirs d;
	struct cur cur;
	int64_t began = spent();
	BUF(packed);
	BUF(path);

	(void)state;
	for (int i = 0; i < FILES; i++) {
		buf_reset(&path);
		buf_fmt(&path, "0/_recipient_/com/d%d/_at_/u%d", i / 10, i % 10);
		packed_str(&packed, buf_str(&path));
		packed_str(&packed, STR("reject-empty-rdns=no\n"));
	}
	packed_str(&packed, str_of(NULL));
	cur = cur_of(buf_str(&packed));
	assert_true(config_dirs_read(&d, &set, &cur) && cur_end(&cur));
	assert_int_equal(d.nfiles, FILES);
	for (int i = 0; i < QUESTIONS; i++) {
		const struct config_file *out[CONFIG_FOUND_MAX];
		char rcpt[64];
		struct config_who who = { .ip = STR("10.0.0.1"),
					  .rdns = STR("mail.a.example"),
					  .sender = STR("x@y.example") };

		snprintf(rcpt, sizeof(rcpt), "u%d@d%d.com", i % 11, i % (FILES / 10));
		who.rcpt = str_of(rcpt);
		assert_int_equal(config_dirs_find(&d, &who, out), i % 11 < 10);
	}
	/* A walk would look at two thousand million files. */
	assert_in_range(spent() - began, 0, 10000);
	config_dirs_clear(&d);
}

static int end(void **state)
{
	(void)state;
	wipe();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_files_count),
		cmocka_unit_test(first_and_all),
		cmocka_unit_test(mistakes_as_a_table),
		cmocka_unit_test(no_links_and_no_devices),
		cmocka_unit_test(lists_of_files_and_two_trees),
		cmocka_unit_test(a_hundred_thousand_files),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
