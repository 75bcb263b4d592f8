/* What domains and mailboxes set for the gate: set, shown, limited, carried by every answer, also in an old file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "accounts.h"
#include "base/conf.h"
#include "gate/entry_fits.h"
#include "lookup/settings.h"

static const char *const here[] = {
	"domain add example.com",
	"domain add other.example",
	"account add bob@example.com --password-stdin",
	"alias add info@example.com bob@example.com",
	"alias add @other.example bob@example.com",
};

static const struct {
	const char *words;
	int status;
	const char *text; /* in the sentence, or in the JSON */
} requests[] = {
	{ "domain show example.com", 0, "\"catch-all\":[]}" },
	{ "domain set example.com", 2, "usage: telltale domain set DOMAIN OPTION=VALUE" },
	{ "domain set far.example graylist-level=always", 1, "is not here" },
	{ "domain set Example.com graylist-level=always graylist-min-secs=60", 0,
	  "2 settings of example.com are changed" },
	{ "domain set example.com graylist-level=only", 0, "1 setting of example.com is changed" },
	{ "domain show example.com", 0, "\"settings\":{\"graylist-level\":\"only\",\"graylist-min-secs\":\"60\"}}" },
	{ "domain set example.com graylist-min-secs=", 0, "is changed" },
	{ "domain set example.com graylist-min-secs=", 1, "@example.com has no graylist-min-secs" },
	{ "domain set example.com graylist-level=sometimes", 1, "graylist-level must be one of: none always" },
	{ "domain set example.com graylist-min-secs=-5", 1, "graylist-min-secs must be a number from 0" },
	{ "domain set example.com reject-empty-rdns=perhaps", 1, "reject-empty-rdns must be true or false" },
	{ "domain set example.com greeting-delay-secs=5", 1, "\"greeting-delay-secs\" is no option that a domain" },
	{ "domain set example.com policy-url=http://x", 1, "is no option that a domain" },
	{ "domain set example.com ip-blacklist-file=/etc/passwd", 1, "is no option that a domain" },
	{ "domain set example.com ip-relay-entry=192.0.2.1", 1, "is no option that a domain" },
	{ "domain set example.com graylist-level", 1, "OPTION=VALUE is wanted, not \"graylist-level\"" },
	/* one mistake, nothing done */
	{ "domain set example.com sender-blacklist-entry=@a.example graylist-min-secs=x", 1, "graylist-min-secs" },
	{ "domain show example.com", 0, "\"settings\":{\"graylist-level\":\"only\"}}" },
	/* lists */
	{ "domain set example.com sender-blacklist-entry=@a.example sender-blacklist-entry=b@b.example", 0,
	  "2 settings" },
	{ "domain set example.com sender-blacklist-entry=@a.example", 0, "1 setting" },
	{ "domain set example.com ip-whitelist-entry=192.0.2.0/24", 0, "1 setting" },
	{ "domain show example.com", 0,
	  "\"settings\":{\"graylist-level\":\"only\",\"ip-whitelist-entry\":[\"192.0.2.0/24\"],"
	  "\"sender-blacklist-entry\":[\"@a.example\",\"b@b.example\"]}}" },
	{ "domain set example.com delay-notice=4h", 0, "" },
	{ "domain set example.com delay-notice=off", 0, "" },
	{ "domain set example.com delay-notice=1m", 1, "delay-notice must be off or a duration like 4h, at least 15m" },
	{ "domain set example.com delay-notice=soon", 1, "delay-notice must be off or a duration" },
	{ "domain set example.com delay-notice=", 0, "" },
	{ "domain set example.com forward=a@b.example", 1, "is no option that a domain or a mailbox can set" },
	{ "domain set example.com sender-blacklist-entry=!@c.example", 1, "has no sender-blacklist-entry @c.example" },
	{ "domain set example.com sender-blacklist-entry=!@a.example", 0, "1 setting" },
	{ "domain set example.com ip-whitelist-entry=192.0.2.300", 1,
	  "ip-whitelist-entry \"192.0.2.300\": an octet is" },
	{ "domain set example.com ip-whitelist-entry=", 0, "1 setting" },
	/* mailboxes */
	{ "account show bob@example.com", 0, "{\"account\":\"bob@example.com\",\"quota\":0}" },
	{ "account set bob@example.com graylist-level=none --quota 1M", 0,
	  "1 setting of bob@example.com is changed, and it has a quota of 1048576 bytes" },
	{ "account show bob@example.com", 0,
	  "{\"account\":\"bob@example.com\",\"quota\":1048576,\"settings\":{\"graylist-level\":\"none\"}}" },
	{ "account list", 0, "\"quota\":1048576,\"settings\":{\"graylist-level\":\"none\"}}]" },
	{ "account set bob@example.com", 2, "usage" },
	{ "account set info@example.com graylist-level=none", 1, "no account info@example.com" },
	{ "account show ann@example.com", 1, "no account" },
};

static void fill(struct accounts *a)
{
	for (size_t i = 0; i < COUNT(here); i++)
		accounts_must(a, here[i]);
}

static void one_after_the_other(void **state)
{
	struct accounts *a = *state;
	struct store_done done;

	store_setting_fits = entry_fits;
	fill(a);
	for (size_t i = 0; i < COUNT(requests); i++) {
		const char *text;

		accounts_do(a, requests[i].words, &done);
		text = done.output.n > 0 ? buf_z(&done.output) : buf_z(&done.message);
		if (done.status != requests[i].status || strstr(text, requests[i].text) == NULL)
			fail_msg("%s: %d, %s", requests[i].words, done.status, text);
		store_done_clear(&done);
	}
}

static void resolves_to(struct accounts *a, const char *address, const char *settings)
{
	struct lookup_answer out;
	struct err e = { 0 };
	ARENA(mem);

	store_resolve(a->store, str_of(address), &mem, &out, &e);
	if (!str_eqz(out.settings, settings))
		fail_msg("%s: %.*s", address, STR_ARG(out.settings));
	assert_true(settings_fit(out.settings));
}

static void every_answer_carries_them(void **state)
{
	struct accounts *a = *state;

	fill(a);
	accounts_must(a, "domain set example.com spf=reject graylist-level=always");
	accounts_must(a, "account set bob@example.com graylist-level=none sender-blacklist-entry=@x");
	resolves_to(a, "bob@example.com",
		    "spf=reject\ngraylist-level=always\ngraylist-level=none\nsender-blacklist-entry=@x\n");
	resolves_to(a, "Bob+x@Example.com",
		    "spf=reject\ngraylist-level=always\ngraylist-level=none\nsender-blacklist-entry=@x\n");
	resolves_to(a, "info@example.com", "spf=reject\ngraylist-level=always\n");
	resolves_to(a, "nobody@example.com", "spf=reject\ngraylist-level=always\n");
	resolves_to(a, "any@other.example", "");
	resolves_to(a, "x@far.example", "");
	/* They go with what they belong to. */
	accounts_must(a, "account remove bob@example.com");
	accounts_must(a, "account add bob@example.com --password-stdin");
	resolves_to(a, "bob@example.com", "spf=reject\ngraylist-level=always\n");
	accounts_must(a, "account remove bob@example.com");
	accounts_must(a, "domain remove example.com");
	accounts_must(a, "domain add example.com");
	resolves_to(a, "bob@example.com", "");
}

static void only_so_many(void **state)
{
	struct accounts *a = *state;
	struct store_done done;
	char words[100];

	fill(a);
	for (int i = 0; i < SETTINGS_MAX; i++) {
		snprintf(words, sizeof(words), "domain set example.com sender-blacklist-entry=@%d.example", i);
		accounts_must(a, words);
	}
	accounts_do(a, "domain set example.com sender-blacklist-entry=@more.example", &done);
	assert_int_equal(done.status, 1);
	assert_non_null(strstr(buf_z(&done.message), "too many settings"));
	store_done_clear(&done);
}

static void change_file(const struct accounts *a, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(a->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void trouble_costs_no_automatic_answer(void **state)
{
	ARENA(mem);
	struct accounts *a = *state;
	struct str box = STR("bob@example.com"), ann = STR("ann@far.example");
	struct lookup_answer out;
	struct err e = { 0 };

	fill(a);
	accounts_must(a, "autoreply set bob@example.com --text-stdin");
	change_file(a, "ALTER TABLE domain RENAME TO away");
	assert_int_equal(store_autoreply_give(a->store, box, ann, &mem, &out, &e), RESOLVED_TEMPORARY);
	assert_int_equal(out.text.n, 0);
	change_file(a, "ALTER TABLE away RENAME TO domain");
	assert_int_equal(store_autoreply_give(a->store, box, ann, &mem, &out, &e), RESOLVED_NOT_OURS);
	assert_true(out.text.n > 0);
	assert_int_equal(store_autoreply_give(a->store, box, ann, &mem, &out, &e), RESOLVED_NO_MAILBOX);
	assert_int_equal(out.text.n, 0);
}

/* The file as the first version made it. */
static void an_old_file_is_brought_up_to_date(void **state)
{
	static const char old[] =
	    "DROP TABLE owner; DROP TABLE digested; DROP TABLE setting; DROP TABLE suppressed; DROP TABLE srs; DROP "
	    "TABLE autoreply; DROP TABLE replied; DROP "
	    "TABLE member; DROP "
	    "TABLE list; PRAGMA "
	    "user_version = 1;"
	    "INSERT INTO domain (name, created) VALUES ('old.example', 1);"
	    "INSERT INTO account (domain, name, hash, quota, created) VALUES (1, 'ann', '*', 5, 1);";
	struct accounts *a = *state;
	struct err e;
	sqlite3 *db;

	store_close(a->store);
	assert_int_equal(sqlite3_open(a->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, old, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	a->store = store_open_existing(a->path, 100, &e);
	assert_non_null(a->store);
	resolves_to(a, "ann@old.example", "");
	accounts_must(a, "account set ann@old.example filter-level=allow-all");
	resolves_to(a, "ann@old.example", "filter-level=allow-all\n");
	/* An option of a later version is passed over. */
	store_close(a->store);
	assert_int_equal(sqlite3_open(a->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "INSERT INTO setting (scope, option, value) VALUES ('@old.example', 'x', 'y')",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	a->store = store_open_existing(a->path, 100, &e);
	resolves_to(a, "ann@old.example", "filter-level=allow-all\n");
}

/* What may be set is an option of the gate, and what is read back is what may be set. */
static void the_table_and_the_lines(void **state)
{
	static const char *const options[] = {
#define SETTABLE(option, values) option,
#include "lookup/settable.def"
#undef SETTABLE
	};
	static const char *const lists[] = {
#define CONF_TEXTS(s, f, o, help) o,
#define CONF_WORDS(s, f, o, words, help) o,
#define CONF_LINES(s, f, o, help) o,
#include "base/options.def"
	};
	static const struct {
		struct str lines;
		bool fit;
	} t[] = {
		{ STR_INIT(""), true },
		{ STR_INIT("spf=mark\n"), true },
		{ STR_INIT("spf=\n"), true },
		{ STR_INIT("rejection-text-graylist=Come again, please = now\n"), true },
		{ STR_INIT("spf=mark"), false },
		{ STR_INIT("spf\n"), false },
		{ STR_INIT("\n"), false },
		{ STR_INIT("=\n"), false },
		{ STR_INIT("spf\n\n"), false },
		{ STR_INIT("spf=a\tb\n"), false },
		{ STR_INIT("spf=\xc3\xa4\n"), false },
		{ STR_INIT("spf=\0\n"), false },
		{ STR_INIT("policy-url=http://x\n"), false },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		struct conf c = { 0 };
		bool many = false;

		if (conf_put(&c, "gate", str_of(options[i]), STR("\x01"), &e) < 0)
			assert_null(strstr(e.text, "is not an option"));
		arena_clear(&c.mem);
		assert_true(settings_settable(str_of(options[i])));
		for (size_t k = 0; k < COUNT(lists); k++)
			many = many || strcmp(lists[k], options[i]) == 0;
		assert_int_equal(settings_many(str_of(options[i])), many);
	}
	for (size_t i = 0; i < COUNT(t); i++)
		if (settings_fit(t[i].lines) != t[i].fit)
			fail_msg("row %zu", i);
}

int main(void)
{
#define WITH_ACCOUNTS(f) cmocka_unit_test_setup_teardown(f, accounts_open, accounts_close)
	const struct CMUnitTest tests[] = {
		WITH_ACCOUNTS(one_after_the_other),
		WITH_ACCOUNTS(every_answer_carries_them),
		WITH_ACCOUNTS(only_so_many),
		WITH_ACCOUNTS(an_old_file_is_brought_up_to_date),
		WITH_ACCOUNTS(trouble_costs_no_automatic_answer),
		cmocka_unit_test(the_table_and_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
