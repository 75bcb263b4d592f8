/* A policy over another: the lines, what each option makes of what is beneath, what may not be said. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/io.h"
#include "gate/rules.h"
#include "gate/settings.h"

/* What the listener's policy says. */
static const char base_text[] =
    "gate { reject-empty-rdns = true  max-recipients = 7  policy-url = \"https://a.example/\"\n"
    "  reject-sender = { no-mx, not-local }\n"
    "  ip-blacklist-entry = { \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\" }\n"
    "  sender-whitelist-entry = \"@friend.example\" }\n";

static struct conf conf;
static struct rules rules;
static struct policy base;

static int open_base(void **state)
{
	struct buf packed = BUF_INIT;
	struct err e;

	(void)state;
	if (conf_parse(&conf, str_of(base_text), "t.conf", &e) < 0 || rules_pack(&conf, &packed, &e) < 0 ||
	    rules_read(&conf, &packed, &rules, &e) < 0)
		return -1;
	base = (struct policy){ .on = true, .set = conf.gate, .lists = rules.lists };
	return 0;
}

static int close_base(void **state)
{
	(void)state;
	rules_clear(&rules);
	conf_clear(&conf);
	return 0;
}

/* What a policy says, in one line: what is not in it is left out. */
static void put_policy(const struct policy *p, struct buf *b)
{
	static const char *const ips[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5" };
	struct hit h;

	buf_fmt(b, "%s", p->set.reject_empty_rdns ? "rdns " : "");
	buf_fmt(b, "%.*s ", STR_ARG(p->set.policy_url));
	for (size_t i = 0; i < p->set.reject_sender.n; i++)
		buf_fmt(b, "%.*s ", STR_ARG(p->set.reject_sender.at[i]));
	for (size_t i = 0; i < COUNT(ips); i++)
		if (policy_lists(p, ip_blacklist, str_of(ips[i]), &h))
			buf_fmt(b, "%s ", ips[i] + 8);
	if (policy_lists(p, sender_whitelist, STR("a@friend.example"), &h))
		buf_adds(b, "friend ");
	buf_fmt(b, "%.*s", STR_ARG(p->set.filter_level));
}

#define URL "https://a.example/"

static void lines_as_a_table(void **state)
{
	static const struct {
		const char *text, *says;
	} t[] = {
		/* clang-format off */
		{ "", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "\n  # nothing\n\t\n#reject-empty-rdns=no\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-empty-rdns=no\n", URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-empty-rdns=0\n", URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-empty-rdns=N\n", URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-empty-rdns=false\nreject-empty-rdns\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-empty-rdns=no\nreject-empty-rdns=\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-empty-rdns=no\r\nREJECT-Empty-rDNS = Y \r\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "policy-url=https://b.example/\npolicy-url=c=\n", "rdns c= no-mx not-local 1 2 3 friend normal" },
		{ "policy-url=\n", "rdns  no-mx not-local 1 2 3 friend normal" },
		{ "policy-url=!!!\n", "rdns  no-mx not-local 1 2 3 friend normal" },
		{ "policy-url=!" URL "\n", "rdns  no-mx not-local 1 2 3 friend normal" },
		{ "policy-url=!https://b.example/\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "reject-sender=authentication-mismatch\n",
		  "rdns " URL " no-mx not-local authentication-mismatch 1 2 3 friend normal" },
		{ "reject-sender=none\n", "rdns " URL " none 1 2 3 friend normal" },
		{ "reject-sender=!NO-MX\n", "rdns " URL " not-local 1 2 3 friend normal" },
		{ "reject-sender=!!!\nreject-sender=No-MX\n", "rdns " URL " no-mx 1 2 3 friend normal" },
		{ "ip-blacklist-entry=192.0.2.4\n", "rdns " URL " no-mx not-local 1 2 3 4 friend normal" },
		{ "ip-blacklist-entry=192.0.2.4\nip-blacklist-entry=192.0.2.5\n",
		  "rdns " URL " no-mx not-local 1 2 3 4 5 friend normal" },
		{ "ip-blacklist-entry=!192.0.2.2\n", "rdns " URL " no-mx not-local 1 3 friend normal" },
		{ "ip-blacklist-entry=!192.0.2.9\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "ip-blacklist-entry=!192.0.2.1\nip-blacklist-entry=!192.0.2.3\nip-blacklist-entry=192.0.2.5\n",
		  "rdns " URL " no-mx not-local 2 5 friend normal" },
		{ "ip-blacklist-entry=!!!\n", "rdns " URL " no-mx not-local friend normal" },
		{ "ip-blacklist-entry=!!!\nip-blacklist-entry=192.0.2.2\n", "rdns " URL " no-mx not-local 2 friend normal" },
		{ "ip-blacklist-file=!/nonexistent\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		{ "sender-whitelist-entry=!@friend.example\n", "rdns " URL " no-mx not-local 1 2 3 normal" },
		{ "filter-level=Allow-All\n", "rdns " URL " no-mx not-local 1 2 3 friend allow-all" },
		{ "filter-level=reject-all\nfilter-level=!!!\n", "rdns " URL " no-mx not-local 1 2 3 friend normal" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct settings s = { .text = str_of(t[i].text), .name = "f", .names_files = true };
		struct policy p;
		struct err e;
		ARENA(a);
		BUF(b);

		if (policy_over(&base, &s, 1, &rules.files, &a, &p, &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		put_policy(&p, &b);
		assert_string_equal(buf_z(&b), t[i].says);
		assert_ptr_equal(p.lists.ip_whitelist, base.lists.ip_whitelist); /* not touched: the same list */
		policy_clear(&p, &base);
		buf_reset(&b);
		put_policy(&base, &b);
		assert_string_equal(buf_z(&b), t[0].says);
	}
}

static void mistakes_as_a_table(void **state)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		/* clang-format off */
		{ "\n#\nreject-everything\n", "f:3: reject-everything is not an option of the gate" },
		{ "reject-missing-sender-mx\n", "f:1: reject-missing-sender-mx is called reject-sender=no-mx since spamdyke 5" },
		{ "reject-empty-rdns=perhaps\n", "f:1: reject-empty-rdns must be true or false" },
		{ "reject-empty-rdns perhaps\n", "f:1: not of the form OPTION=VALUE" },
		{ "=yes\n", "f:1: not of the form OPTION=VALUE" },
		{ "reject-empty-rdns=no", "f:1: the last line has no newline: the file may have been cut (if it is whole, end it with one)" },
		{ "policy-url\n", "f:1: policy-url needs a value: OPTION=VALUE" },
		{ "policy-url=\"a b\"\n", "f:1: policy-url must be printable ASCII without spaces" },
		{ "policy-url=\303\244\n", "f:1: bytes that are not printable ASCII" },
		{ "ip-blacklist-entry\n", "f:1: ip-blacklist-entry needs a value: OPTION=VALUE" },
		{ "ip-blacklist-entry=\n", "f:1: ip-blacklist-entry must have values of 1 to 512 bytes" },
		{ "\nip-blacklist-entry=x\n", "f:2: ip-blacklist-entry \"x\": an octet is 0 to 255" },
		{ "filter-level=none\n", "f:1: filter-level must be one of: allow-all normal require-auth reject-all" },
		{ "graylist-min-secs=-1\n", "f:1: graylist-min-secs must be a number from 0 to 86400" },
		{ "greylist-min-secs=x\n", "f:1: graylist-min-secs must be a number from 0 to 86400" },
		{ "max-recipients=3\n", "f:1: max-recipients counts for the whole message" },
		{ "config-dir=/x\n", "f:1: config-dir stands in the configuration only" },
		{ "ip-relay-entry=192.0.2.1\n",
		  "f:1: ip-relay-entry counts for the whole visit; relay-level can be set here" },
		{ "ip-blacklist-file=x\n", "f:1: ip-blacklist-file must be a path that begins with /" },
		{ "ip-blacklist-file=/x\n", "f:1: ip-blacklist-file: its content was not handed over" },
		{ "relay-level=allow-all\n",
		  "f:1: relay-level can be allow-all only below _ip_ of config-dir" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct settings s = { .text = str_of(t[i].text), .name = "f", .names_files = true };
		struct policy p;
		struct err e;
		ARENA(a);

		assert_int_equal(policy_over(&base, &s, 1, &rules.files, &a, &p, &e), -1);
		assert_string_equal(e.text, t[i].why);
	}
}

/* Every option that cannot be set for one recipient is an option. */
static void what_counts_for_the_whole(void **state)
{
	(void)state;
#define WHOLE(option, why) assert_non_null(conf_option("gate", STR(option)));
#define GONE(option, why) assert_null(conf_option("gate", STR(option)));
#include "gate/settings.def"
}

/* Of several texts the last one's single values stand, lists add up; whose they are decides what they may say. */
static void several_texts(void **state)
{
	struct config_file ip = { STR("/c/_ip_/192"), STR("relay-level=allow-all\nip-blacklist-entry=192.0.2.4\n"), 0 };
	struct config_file rcpt = { STR("/c/_recipient_/com"), STR("filter-level=allow-all\nip-blacklist-entry=!!!\n"),
				    0 };
	struct settings texts[] = { settings_of_file(&ip), settings_of_file(&rcpt),
				    settings_of_accounts(STR("filter-level=normal\nip-blacklist-entry=192.0.2.5")) };
	struct policy p;
	struct err e;
	struct hit h;
	ARENA(a);

	(void)state;
	assert_int_equal(policy_over(&base, texts, 2, &rules.files, &a, &p, &e), 0);
	assert_true(str_eqz(p.set.filter_level, "allow-all") && str_eqz(p.set.relay_level, "allow-all"));
	assert_true(policy_no_list(&p, ip_blacklist));
	policy_clear(&p, &base);
	assert_int_equal(policy_over(&base, texts, 3, &rules.files, &a, &p, &e), 0);
	assert_true(str_eqz(p.set.filter_level, "normal"));
	assert_true(policy_lists(&p, ip_blacklist, STR("192.0.2.5"), &h));
	assert_false(policy_lists(&p, ip_blacklist, STR("192.0.2.4"), &h));
	policy_clear(&p, &base);
	texts[0] = settings_of_accounts(STR("sender-blacklist-file=/etc/passwd\n"));
	assert_int_equal(policy_over(&base, texts, 1, &rules.files, &a, &p, &e), -1);
	assert_string_equal(e.text, "accounts:1: sender-blacklist-file names a file, which settings of domains and "
				    "mailboxes cannot");
	texts[0] = settings_of_accounts(STR("relay-level=allow-all\n"));
	assert_int_equal(policy_over(&base, texts, 1, &rules.files, &a, &p, &e), -1);
}

/* What a domain or a mailbox may set in the accounts can be set for a recipient. */
static void what_the_accounts_hold(void **state)
{
	static const char *const options[] = {
#define SETTABLE(option, many) option,
#include "lookup/settable.def"
#undef SETTABLE
	};

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		struct settings s;
		struct policy p;
		struct err e;
		ARENA(a);

		s = settings_of_accounts(arena_fmt(&a, "%s=!!!\n", options[i]));
		if (conf_sort(conf_option("gate", str_of(options[i]))) == CONF_SWITCH)
			s.text = arena_fmt(&a, "%s=true\n", options[i]);
		if (policy_over(&base, &s, 1, &rules.files, &a, &p, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(p.graylist_here == str_eqz(str_of(options[i]), "graylist-level"));
		policy_clear(&p, &base);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_as_a_table),          cmocka_unit_test(mistakes_as_a_table),
		cmocka_unit_test(what_counts_for_the_whole), cmocka_unit_test(several_texts),
		cmocka_unit_test(what_the_accounts_hold),
	};

	return cmocka_run_group_tests(tests, open_base, close_base);
}
