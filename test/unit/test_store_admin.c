/* An administrator's requests, one after the other on the same store: status, sentence, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "accounts.h"
#include "store/admin.h"
#include "store/password.h"

static const struct {
	const char *words;
	int status;
	const char *text; /* in the JSON, or in the sentence */
} requests[] = {
	{ "domain list", 0, "[]" },
	{ "domain add Example.COM", 0, "the domain example.com is added" },
	{ "domain add example.com", 1, "already here" },
	{ "domain list", 0, "[{\"domain\":\"example.com\",\"accounts\":0,\"aliases\":0}]" },
	{ "account list other.example", 1, "not here" },
	{ "account add Bob@example.com --password-stdin --quota 100M", 0, "bob@example.com is added" },
	{ "account add bob@example.com --password-stdin", 1, "already here" },
	{ "account add bob@other.example --password-stdin", 1, "telltale domain add other.example" },
	{ "account add x@example.com", 2, "usage: telltale account add" },
	{ "account add --password-stdin", 2, "usage" },
	{ "account list", 0, "[{\"account\":\"bob@example.com\",\"quota\":104857600}]" },
	{ "account set bob@example.com --quota=0", 0, "no quota" },
	{ "account set bob@example.com", 2, "usage" },
	{ "account set bob@example.com --quota", 2, "--quota wants a size" },
	{ "account set bob@example.com --quota -1", 2, "--quota wants a size" },
	{ "account set ann@example.com --quota 1M", 1, "no account ann@example.com" },
	{ "account passwd bob@example.com --password-stdin", 0, "is changed" },
	{ "account passwd ann@example.com --password-stdin", 1, "no account" },
	{ "alias add info@example.com bob@example.com x@far.example", 0, "goes to 2 addresses" },
	{ "alias add info@example.com x@far.example", 0, "goes to 2 addresses" },
	{ "alias add bob@example.com x@far.example", 1, "is an account" },
	{ "alias add loop@example.com loop@example.com", 1, "end in itself" },
	{ "alias add new@example.com nobody@example.com", 0, "none of its targets exists yet" },
	{ "alias add q@example.com \"a(b\"@far.example", 1, "not an address" },
	{ "alias add q@example.com x@[127.0.0.1]", 1, "not an address" },
	{ "account add info@example.com --password-stdin", 1, "is an alias" },
	{ "alias list info@example.com", 0,
	  "{\"alias\":\"info@example.com\",\"targets\":[\"bob@example.com\",\"x@far.example\"]}" },
	{ "alias list example.com", 0, "]},{\"alias\":\"new@example.com\"" },
	{ "alias list ghost@example.com", 0, "[]" },
	{ "alias remove info@example.com y@far.example", 1, "no target" },
	{ "alias remove info@example.com bob@example.com", 0, "1 target of" },
	{ "alias remove info@example.com", 0, "is removed" },
	{ "alias remove info@example.com", 1, "no alias" },
	{ "domain show example.com", 0, "{\"domain\":\"example.com\",\"accounts\":1,\"aliases\":1,\"catch-all\":[]}" },
	{ "domain owner list", 0, "[]" },
	{ "domain owner add Example.com BOB@example.com", 0, "bob@example.com owns example.com" },
	{ "domain owner add example.com bob@example.com", 0, "owned already" },
	{ "domain owner add other.example bob@example.com", 1, "the domain other.example is not here" },
	{ "domain owner add example.com ann@example.com", 1, "no account ann@example.com" },
	{ "domain owner add example.com new@example.com", 1, "no account new@example.com" },
	{ "domain owner add example.com", 1, "owner add DOMAIN USER@DOMAIN" },
	{ "domain owner drop example.com bob@example.com", 1, "owner add DOMAIN USER@DOMAIN" },
	{ "domain owner", 2, "usage" },
	{ "domain owner list x y", 1, "owner list [DOMAIN]" },
	{ "domain owner list other.example", 1, "not here" },
	{ "domain owner list example.com", 0, "[{\"domain\":\"example.com\",\"owner\":\"bob@example.com\"}]" },
	{ "domain show example.com", 0, "\"catch-all\":[],\"owners\":[\"bob@example.com\"]}" },
	{ "domain owner remove example.com bob@example.com", 0, "does not own example.com any more" },
	{ "domain owner remove example.com bob@example.com", 1, "does not own example.com" },
	{ "domain owner add example.com bob@example.com", 0, "owns" },
	{ "domain remove example.com", 1, "still has 1 account: remove" },
	{ "account remove bob@example.com", 0, "stays on the disk" },
	{ "domain owner list", 0, "[]" },
	{ "domain remove example.com", 0, "with its 1 alias" },
	{ "domain remove example.com", 1, "not here" },
	{ "domain show x..y", 1, "not a domain name" },
	{ "domain add x --password-stdin", 2, "takes no password" },
	{ "domain add x --quota 1M", 2, "takes no --quota" },
	{ "domain add x y", 2, "usage" },
	{ "domain", 2, "unknown request" },
	{ "", 2, "unknown request" },
	{ "mailbox add x", 2, "unknown request" },
	{ "domain list --all", 2, "unknown option --all" },
};

static void one_after_the_other(void **state)
{
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct store_done done;

		accounts_do(*state, requests[i].words, &done);
		if (done.status != requests[i].status)
			fail_msg("%s: status %d, %s", requests[i].words, done.status, buf_z(&done.message));
		if (strstr(buf_z(&done.output), requests[i].text) == NULL &&
		    strstr(buf_z(&done.message), requests[i].text) == NULL)
			fail_msg("%s: %s %s", requests[i].words, buf_z(&done.output), buf_z(&done.message));
		assert_true(done.status == 0 || done.output.n == 0);
		store_done_clear(&done);
	}
}

static const struct {
	struct str local;
	bool ok;
} users[] = {
	{ STR_INIT("bob"), true },       { STR_INIT("o'neil"), true }, { STR_INIT("a.b+c=d_e-f"), true },
	{ STR_INIT(""), false },         { STR_INIT(".bob"), false },  { STR_INIT("bob."), false },
	{ STR_INIT("a..b"), false },     { STR_INIT("."), false },     { STR_INIT(".."), false },
	{ STR_INIT("a/b"), false },      { STR_INIT("a\\b"), false },  { STR_INIT("a b"), false },
	{ STR_INIT("a\0b"), false },     { STR_INIT("a\nb"), false },  { STR_INIT("a\177"), false },
	{ STR_INIT("\303\251"), false }, { STR_INIT("a@b"), false },   { STR_INIT("\"a\""), false },
};

static void names_that_may_be_folders(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(users); i++)
		if (admin_user_ok(users[i].local) != users[i].ok)
			fail_msg("%.*s", STR_ARG(users[i].local));
}

static const struct {
	struct str input;
	const char *why; /* NULL: taken */
} passwords[] = {
	{ STR_INIT("secret"), NULL },
	{ STR_INIT("secret\r\n"), NULL },
	{ STR_INIT(" "), NULL },
	{ STR_INIT(""), "empty" },
	{ STR_INIT("\n"), "empty" },
	{ STR_INIT("\r\n"), "empty" },
	{ STR_INIT("a\nb"), "more than one line" },
	{ STR_INIT("a\0b\n"), "zero byte" },
};

static void passwords_are_one_line(void **state)
{
	char much[PASSWORD_MAX + 1];
	struct err e;
	BUF(hash);

	(void)state;
	for (size_t i = 0; i < COUNT(passwords); i++) {
		buf_reset(&hash);
		assert_int_equal(password_hash(passwords[i].input, &hash, &e), passwords[i].why == NULL ? 0 : -1);
		if (passwords[i].why == NULL)
			assert_true(str_starts(buf_str(&hash), STR("$y$")));
		else
			assert_non_null(strstr(e.text, passwords[i].why));
	}
	memset(much, 'x', sizeof(much));
	assert_int_equal(password_hash(str_mem(much, sizeof(much)), &hash, &e), -1);
	assert_int_equal(password_hash(str_mem(much, sizeof(much) - 1), &hash, &e), 0);
}

static void the_file_is_private_and_stays_when_opened_again(void **state)
{
	struct accounts *a = *state;
	struct store_done done;
	struct err e = { 0 };
	struct stat st;

	assert_int_equal(stat(a->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	accounts_must(a, "domain add example.com");
	store_close(a->store);
	a->store = store_open(a->path, 1000, &e);
	assert_non_null(a->store);
	assert_int_equal(accounts_do(a, "domain show example.com", &done), 0);
	store_done_clear(&done);
	assert_false(store_moved(a->store));
	unlink(a->path);
	assert_true(store_moved(a->store));
}

static void a_file_that_is_something_else_is_refused(void **state)
{
	struct accounts *a = *state;
	struct err e = { 0 };
	FILE *f;

	store_close(a->store);
	f = fopen(a->path, "w");
	assert_non_null(f);
	for (int i = 0; i < 4096; i++)
		fputc('x', f);
	fclose(f);
	a->store = store_open(a->path, 100, &e);
	assert_null(a->store);
	assert_non_null(strstr(e.text, a->path));
	assert_null(store_open("/tmp", 100, &e));
	assert_null(store_open("/proc/nowhere/accounts.db", 100, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_after_the_other, accounts_open, accounts_close),
		cmocka_unit_test(names_that_may_be_folders),
		cmocka_unit_test(passwords_are_one_line),
		cmocka_unit_test_setup_teardown(the_file_is_private_and_stays_when_opened_again, accounts_open,
						accounts_close),
		cmocka_unit_test_setup_teardown(a_file_that_is_something_else_is_refused, accounts_open,
						accounts_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
