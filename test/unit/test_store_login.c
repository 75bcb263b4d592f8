/* Which hashes a password is checked against, and that every question costs one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>

#include "accounts.h"
#include "store/db.h"
#include "store/login.h"
#include "store/password.h"

/* All of "correct horse". */
static const char *const hashes[] = {
	"$y$j75$abcdefghijklmnop$1kKL1r02wT4HlcktLfzeoOHd1GFgv7Ay4JeEbqGj80B",
	"$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi."
	"HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA4NOfU8BmqFPrpGqwA1",
	"$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",
	"$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
	"$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
	"$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
	"$7$4/..../....saltsaltsalt$RY7Z2WewGz.WLGLzIraigJbZGTxIuJ90Hg.lyOcY40B",
	"abhfCpXqd4GrI",
};

static void every_scheme(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hashes); i++) {
		struct str h = str_of(hashes[i]);

		if (!password_checkable(h) || password_check(h, STR("correct horse")) != PASSWORD_FITS)
			fail_msg("%s", hashes[i]);
		assert_int_equal(password_check(h, STR("Correct horse")), PASSWORD_WRONG);
		assert_int_equal(password_check(h, STR("")), PASSWORD_WRONG);
		assert_int_equal(password_check(h, STR("correct horse\0")), PASSWORD_WRONG);
		assert_int_equal(password_check(str_take(h, h.n - 1), STR("correct horse")), PASSWORD_UNKNOWN);
	}
}

static void argon2id(void **state)
{
	char z[crypto_pwhash_STRBYTES], much[PASSWORD_MAX + 1];

	(void)state;
	assert_true(sodium_init() >= 0);
	assert_int_equal(crypto_pwhash_str(z, "correct horse", 13, 1, 8192 * 8), 0);
	assert_true(str_starts(str_of(z), STR("$argon2id$")));
	assert_int_equal(password_check(str_of(z), STR("correct horse")), PASSWORD_FITS);
	assert_int_equal(password_check(str_of(z), STR("correct")), PASSWORD_WRONG);
	memset(much, 'x', sizeof(much));
	assert_int_equal(password_check(str_of(z), str_mem(much, sizeof(much))), PASSWORD_WRONG);
	z[strlen(z) - 1] = '\0';
	assert_int_not_equal(password_check(str_of(z), STR("correct horse")), PASSWORD_FITS);
}

/* Handed in as a hash: these are none, or none that we could afford. */
static const char *const refused[] = {
	"",
	"secret",
	"!",
	"*",
	"!$6$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	"$6$aaaaaaaa$tooshort",
	"$9$aaaaaaaa$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"{SSHA}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"correct horse battery",
	"$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQxMjM0NTY$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"$argon2id$v=19$m=99999999999999999999,t=1,p=1$c29tZXNhbHQxMjM0NTY$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQxMjM0NTY$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"$argon2id$",
	"$argon2id$v=19$m=64,t=1,p=1$",
	"two\nlines",
};

static void what_is_no_hash_is_not_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = { 0 };
		BUF(out);

		if (password_take_hash(str_of(refused[i]), &out, &e) != -1 || e.text[0] == '\0' || out.n > 0)
			fail_msg("%s", refused[i]);
	}
	for (size_t i = 0; i < COUNT(hashes); i++) {
		struct err e = { 0 };
		BUF(line);
		BUF(out);

		buf_fmt(&line, "%s\r\n", hashes[i]);
		assert_int_equal(password_take_hash(buf_str(&line), &out, &e), 0);
		assert_string_equal(buf_z(&out), hashes[i]);
	}
}

static void put_hash(struct accounts *a, const char *name, const char *hash)
{
	char *sql = sqlite3_mprintf("UPDATE account SET hash = %Q WHERE name = %Q", hash, name);

	assert_int_equal(sqlite3_exec(a->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(a->store->db), 1);
	sqlite3_free(sql);
}

static const struct {
	struct str user, password;
	enum login result;
	const char *account;
} logins[] = {
	{ STR_INIT("bob@example.com"), STR_INIT("correct horse"), LOGIN_YES, "bob@example.com" },
	{ STR_INIT("BOB@Example.COM"), STR_INIT("correct horse"), LOGIN_YES, "bob@example.com" },
	{ STR_INIT("ann@example.com"), STR_INIT("correct horse"), LOGIN_YES, "ann@example.com" },
	{ STR_INIT("bob@example.com"), STR_INIT("secret"), LOGIN_NO, "bob@example.com" },
	{ STR_INIT("bob@example.com"), STR_INIT(""), LOGIN_NO, "bob@example.com" },
	{ STR_INIT("bob@example.com"), STR_INIT("correct horse\0"), LOGIN_NO, "bob@example.com" },
	{ STR_INIT("locked@example.com"), STR_INIT("correct horse"), LOGIN_NO, "locked@example.com" },
	{ STR_INIT("empty@example.com"), STR_INIT(""), LOGIN_NO, "empty@example.com" },
	{ STR_INIT("info@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("bob"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("bob@"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("@"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("bob+x@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("bob@example.com "), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("bob\0@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("bob@example.com\0"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("' OR 1=1 --@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("b%@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
	{ STR_INIT("b_b@example.com"), STR_INIT("correct horse"), LOGIN_NO, "" },
};

static void every_login(void **state)
{
	struct accounts *a = *state;
	static const char *const here[] = {
		"domain add example.com",
		"account add bob@example.com --password-stdin",
		"account add ann@example.com --password-stdin",
		"account add locked@example.com --password-stdin",
		"account add empty@example.com --password-stdin",
		"alias add info@example.com bob@example.com",
	};

	for (size_t i = 0; i < COUNT(here); i++)
		accounts_must(a, here[i]);
	put_hash(a, "bob", hashes[1]);
	put_hash(a, "ann", hashes[0]);
	put_hash(a, "locked", "!");
	put_hash(a, "empty", "");
	for (size_t i = 0; i < COUNT(logins); i++) {
		uint64_t before = password_checks;
		struct store_login out;
		struct err e = { 0 };

		store_login(a->store, logins[i].user, logins[i].password, &out, &e);
		if (out.result != logins[i].result || strcmp(out.account, logins[i].account) != 0)
			fail_msg("%.*s: %d %s %s", STR_ARG(logins[i].user), out.result, out.account, e.text);
		assert_true(password_checks == before + 1);
	}
}

static void nobody_is_here_and_that_costs_a_hash_too(void **state)
{
	struct accounts *a = *state;
	uint64_t before = password_checks;
	struct store_login out;
	struct err e = { 0 };

	store_login(a->store, STR("bob@example.com"), STR("nobody at all"), &out, &e);
	assert_int_equal(out.result, LOGIN_NO);
	assert_true(password_checks == before + 1);
}

static void without_the_accounts_nobody_is_refused(void **state)
{
	struct accounts *a = *state;
	struct store_login out;
	struct err e = { 0 };
	uint64_t limit;

	assert_int_equal(sqlite3_exec(a->store->db, "DROP TABLE alias; DROP TABLE account;", NULL, NULL, NULL),
			 SQLITE_OK);
	store_login(a->store, STR("bob@example.com"), STR("x"), &out, &e);
	assert_int_equal(out.result, LOGIN_TEMPORARY);
	assert_non_null(strstr(e.text, "account"));
	assert_int_equal(store_limit(a->store, STR("bob@example.com"), &limit, &e), -1);
}

static void a_hash_comes_in_by_the_command(void **state)
{
	struct accounts *a = *state;
	struct store_login out;
	struct store_done done;
	struct err e = { 0 };
	BUF(line);

	accounts_must(a, "domain add example.com");
	buf_fmt(&line, "%s\n", hashes[1]);
	store_admin(a->store, STR("account\0add\0bob@example.com\0--hash-stdin\0--quota\0001M"), buf_str(&line), &done);
	assert_int_equal(done.status, 0);
	store_done_clear(&done);
	store_login(a->store, STR("bob@example.com"), STR("correct horse"), &out, &e);
	assert_int_equal(out.result, LOGIN_YES);
	store_admin(a->store, STR("account\0passwd\0bob@example.com\0--hash-stdin"), STR("secret\n"), &done);
	assert_int_equal(done.status, 1);
	assert_non_null(strstr(buf_z(&done.message), "crypt(3)"));
	store_done_clear(&done);
	store_admin(a->store, STR("account\0passwd\0bob@example.com\0--hash-stdin\0--password-stdin"), STR("x"), &done);
	assert_int_equal(done.status, 2);
	store_done_clear(&done);
}

static void limits(void **state)
{
	struct accounts *a = *state;
	uint64_t limit = 7;
	struct err e = { 0 };

	accounts_must(a, "domain add example.com");
	accounts_must(a, "account add bob@example.com --password-stdin --quota 2M");
	accounts_must(a, "account add ann@example.com --password-stdin");
	assert_int_equal(store_limit(a->store, STR("BOB@example.com"), &limit, &e), 1);
	assert_true(limit == 2 << 20);
	assert_int_equal(store_limit(a->store, STR("ann@example.com"), &limit, &e), 1);
	assert_true(limit == 0);
	assert_int_equal(store_limit(a->store, STR("eve@example.com"), &limit, &e), 0);
	assert_int_equal(store_limit(a->store, STR("bob"), &limit, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme),
		cmocka_unit_test(argon2id),
		cmocka_unit_test(what_is_no_hash_is_not_taken),
		cmocka_unit_test_setup_teardown(every_login, accounts_open, accounts_close),
		cmocka_unit_test_setup_teardown(nobody_is_here_and_that_costs_a_hash_too, accounts_open,
						accounts_close),
		cmocka_unit_test_setup_teardown(without_the_accounts_nobody_is_refused, accounts_open, accounts_close),
		cmocka_unit_test_setup_teardown(a_hash_comes_in_by_the_command, accounts_open, accounts_close),
		cmocka_unit_test_setup_teardown(limits, accounts_open, accounts_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
