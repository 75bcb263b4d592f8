/* Does this address exist, and where does it end: mailboxes, extensions, aliases, catch-alls, loops, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts.h"

static const char *const here[] = {
	"domain add example.com",
	"domain add other.example",
	"account add bob@example.com --password-stdin",
	"account add ann@example.com --password-stdin",
	"account add a+b@example.com --password-stdin",
	"account add o'neil@other.example --password-stdin",
	"alias add team@example.com bob@example.com ann+work@example.com X@Far.Example BOB@EXAMPLE.COM",
	"alias add all@example.com team@example.com bob@example.com o'neil@other.example",
	"alias add gone@example.com removed@example.com",
	"alias add far@example.com x@far.example",
	"alias add @other.example bob@example.com",
	"account add keep@example.com --password-stdin",
	"account add away@example.com --password-stdin",
	"account add ping@example.com --password-stdin",
	"account add pong@example.com --password-stdin",
	"account add lost@example.com --password-stdin",
	"account set keep@example.com forward=X@Far.Example,team@example.com",
	"account set away@example.com forward=y@far.example keep-copy=no",
	"account set ping@example.com forward=pong@example.com keep-copy=no",
	"account set pong@example.com forward=ping@example.com keep-copy=no",
	"account set lost@example.com forward=removed@example.com keep-copy=no",
	"alias add desk@example.com away@example.com keep@example.com",
};

static const struct {
	struct str address;
	enum resolved result;
	const char *targets; /* with their channel, and 'a' + enum led when that is not plain, in order */
} asked[] = {
	{ STR_INIT("bob@example.com"), RESOLVED_MAILBOX, "l:bob@example.com " },
	{ STR_INIT("BOB@Example.COM"), RESOLVED_MAILBOX, "l:bob@example.com " },
	{ STR_INIT("bob+lists@example.com"), RESOLVED_MAILBOX, "l:bob@example.com " },
	{ STR_INIT("bob+@example.com"), RESOLVED_MAILBOX, "l:bob@example.com " },
	{ STR_INIT("bob+../../x@example.com"), RESOLVED_MAILBOX, "l:bob@example.com " },
	{ STR_INIT("a+b@example.com"), RESOLVED_MAILBOX, "l:a+b@example.com " },
	{ STR_INIT("a+c@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("+bob@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("team@example.com"), RESOLVED_ALIAS, "l:bob@example.com/b l:ann@example.com/b r:X@far.example/b " },
	{ STR_INIT("team+x@example.com"), RESOLVED_ALIAS,
	  "l:bob@example.com/b l:ann@example.com/b r:X@far.example/b " },
	{ STR_INIT("all@example.com"), RESOLVED_ALIAS,
	  "l:bob@example.com/b l:ann@example.com/b r:X@far.example/b l:o'neil@other.example/b " },
	{ STR_INIT("far@example.com"), RESOLVED_ALIAS, "r:x@far.example/b " },
	{ STR_INIT("gone@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("nobody@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("nobody@other.example"), RESOLVED_CATCHALL, "l:bob@example.com/c " },
	{ STR_INIT("@other.example"), RESOLVED_CATCHALL, "l:bob@example.com/c " },
	{ STR_INIT("keep@example.com"), RESOLVED_MAILBOX,
	  "l:keep@example.com r:X@far.example/d l:bob@example.com/d l:ann@example.com/d " },
	{ STR_INIT("keep+x@example.com"), RESOLVED_MAILBOX,
	  "l:keep@example.com r:X@far.example/d l:bob@example.com/d l:ann@example.com/d " },
	{ STR_INIT("away@example.com"), RESOLVED_MAILBOX, "r:y@far.example/d " },
	{ STR_INIT("ping@example.com"), RESOLVED_MAILBOX, "l:ping@example.com/d " },
	{ STR_INIT("pong@example.com"), RESOLVED_MAILBOX, "l:pong@example.com/d " },
	{ STR_INIT("lost@example.com"), RESOLVED_MAILBOX, "l:lost@example.com " },
	{ STR_INIT("desk@example.com"), RESOLVED_ALIAS,
	  "r:y@far.example/d l:keep@example.com/b r:X@far.example/d l:bob@example.com/d l:ann@example.com/d " },
	{ STR_INIT("bob@far.example"), RESOLVED_NOT_OURS, "" },
	{ STR_INIT("bob@sub.example.com"), RESOLVED_NOT_OURS, "" },
	{ STR_INIT("bob@example.com."), RESOLVED_NOT_OURS, "" },
	{ STR_INIT("bob@"), RESOLVED_NOT_OURS, "" },
	{ STR_INIT("bob"), RESOLVED_NOT_OURS, "" },
	{ STR_INIT(""), RESOLVED_NOT_OURS, "" },
	{ STR_INIT("a@b@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("bob\0@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("bob@example.com\0.far.example"), RESOLVED_NOT_OURS, "" },
	{ STR_INIT("' OR 1=1 --@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("b%@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("b_b@example.com"), RESOLVED_NO_MAILBOX, "" },
	{ STR_INIT("bob@example.com\n"), RESOLVED_NOT_OURS, "" },
};

static void every_address(void **state)
{
	struct accounts *x = *state;

	for (size_t i = 0; i < COUNT(here); i++)
		accounts_must(x, here[i]);
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct lookup_answer out;
		struct err e = { 0 };
		BUF(targets);
		ARENA(a);

		assert_int_equal(store_resolve(x->store, asked[i].address, &a, &out, &e), asked[i].result);
		for (size_t k = 0; k < out.n; k++) {
			enum led led = out.targets[k].led;

			buf_fmt(&targets, "%c:%.*s", out.targets[k].channel == CHANNEL_LOCAL ? 'l' : 'r',
				STR_ARG(out.targets[k].final));
			if (led != LED_PLAIN)
				buf_fmt(&targets, "/%c", 'a' + led);
			buf_addc(&targets, ' ');
			assert_true(str_eq(out.targets[k].original, asked[i].address));
		}
		assert_string_equal(buf_z(&targets), asked[i].targets);
	}
}

static enum resolved resolve(struct accounts *x, const char *address, size_t *n)
{
	struct lookup_answer out;
	struct err e = { 0 };
	enum resolved r;
	ARENA(a);

	r = store_resolve(x->store, str_of(address), &a, &out, &e);
	*n = out.n;
	return r;
}

static void an_alias_holds_at_most_100_addresses_and_10_steps(void **state)
{
	struct accounts *x = *state;
	struct store_done done;
	char words[256];
	size_t n;

	accounts_must(x, "domain add example.com");
	accounts_must(x, "account add bob@example.com --password-stdin");
	for (int i = 0; i < STORE_TARGETS_MAX; i++) {
		snprintf(words, sizeof(words), "alias add many@example.com x%d@far.example", i);
		accounts_must(x, words);
	}
	assert_int_equal(accounts_do(x, "alias add many@example.com one@far.example", &done), 1);
	store_done_clear(&done);
	assert_int_equal(resolve(x, "many@example.com", &n), RESOLVED_ALIAS);
	assert_int_equal(n, STORE_TARGETS_MAX);
	accounts_must(x, "alias add s0@example.com bob@example.com");
	for (int i = 1; i < STORE_DEPTH_MAX; i++) {
		snprintf(words, sizeof(words), "alias add s%d@example.com s%d@example.com", i, i - 1);
		accounts_must(x, words);
	}
	assert_int_equal(resolve(x, "s9@example.com", &n), RESOLVED_ALIAS);
	assert_int_equal(accounts_do(x, "alias add s10@example.com s9@example.com", &done), 1);
	store_done_clear(&done);
	assert_int_equal(resolve(x, "s10@example.com", &n), RESOLVED_NO_MAILBOX);
}

static void a_catch_all_that_catches_its_own_target_is_a_loop(void **state)
{
	struct accounts *x = *state;
	struct store_done done;
	size_t n;

	accounts_must(x, "domain add example.com");
	accounts_must(x, "account add bob@example.com --password-stdin");
	assert_int_equal(accounts_do(x, "alias add @example.com bbo@example.com", &done), 1);
	store_done_clear(&done);
	accounts_must(x, "alias add @example.com bob@example.com");
	accounts_must(x, "account remove bob@example.com");
	assert_int_equal(resolve(x, "anyone@example.com", &n), RESOLVED_LOOP);
}

static void what_changes_while_reading_is_seen_after_it(void **state)
{
	struct accounts *x = *state;
	struct err e = { 0 };
	struct store *other = x->store, *reader = store_open(x->path, 1000, &e);
	size_t n;

	assert_non_null(reader);
	accounts_must(x, "domain add example.com");
	x->store = reader;
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_read(reader, &e), 0);
	assert_int_equal(resolve(x, "bob@example.com", &n), RESOLVED_NO_MAILBOX);
	x->store = other;
	accounts_must(x, "account add bob@example.com --password-stdin");
	x->store = reader;
	assert_int_equal(resolve(x, "bob@example.com", &n), RESOLVED_NO_MAILBOX);
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_rest(reader, &e), 0);
	assert_int_equal(resolve(x, "bob@example.com", &n), RESOLVED_MAILBOX);
	assert_int_equal(store_read(reader, &e), 0);
	assert_int_equal(resolve(x, "bob@example.com", &n), RESOLVED_MAILBOX);
	store_close(reader);
	x->store = other;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_address, accounts_open, accounts_close),
		cmocka_unit_test_setup_teardown(what_changes_while_reading_is_seen_after_it, accounts_open,
						accounts_close),
		cmocka_unit_test_setup_teardown(an_alias_holds_at_most_100_addresses_and_10_steps, accounts_open,
						accounts_close),
		cmocka_unit_test_setup_teardown(a_catch_all_that_catches_its_own_target_is_a_loop, accounts_open,
						accounts_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
