/* Who an account is, from one request of the administrator to the next: its stamp and the domains it owns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts.h"
#include "lookup/who.h"

/* What was done, and what it made of bob@example.com. */
static const struct {
	const char *words;
	int known;
	bool same; /* the stamp is the one before */
	const char *domains;
} steps[] = {
	{ "domain add example.com", 0, false, "" },
	{ "domain add z.example", 0, false, "" },
	{ "account add bob@example.com --password-stdin", 1, false, "" },
	{ "account set bob@example.com --quota 5M", 1, true, "" },
	{ "domain owner add z.example bob@example.com", 1, true, "z.example" },
	{ "domain owner add example.com bob@example.com", 1, true, "example.com z.example" },
	{ "domain remove z.example", 1, true, "example.com" },
	{ "domain add z.example", 1, true, "example.com" },
	{ "account passwd bob@example.com --password-stdin", 1, false, "example.com" },
	{ "account remove bob@example.com", 0, false, "" },
	{ "account add bob@example.com --password-stdin", 1, false, "" },
	{ "account add ann@example.com --password-stdin", 1, true, "" },
	{ "domain owner add z.example ann@example.com", 1, true, "" },
	{ "domain owner add z.example bob@example.com", 1, true, "z.example" },
	{ "domain owner remove z.example bob@example.com", 1, true, "" },
};

static void one_after_the_other(void **state)
{
	struct accounts *a = *state;
	uint64_t before = 0;

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct account_now w = { 0 };
		struct err e = { 0 };
		ARENA(mem);
		BUF(domains);

		accounts_must(a, steps[i].words);
		assert_int_equal(store_who(a->store, STR("Bob@Example.com"), &mem, &w, &e), steps[i].known);
		for (size_t k = 0; k < w.ndomains; k++)
			buf_fmt(&domains, "%s%.*s", k > 0 ? " " : "", STR_ARG(w.domains[k]));
		if ((w.stamp == before) != steps[i].same && steps[i].known == 1)
			fail_msg("%s: the stamp", steps[i].words);
		assert_string_equal(buf_z(&domains), steps[i].domains);
		before = w.stamp;
	}
}

static void what_is_no_address_is_nobody(void **state)
{
	static const struct str names[] = { STR_INIT(""), STR_INIT("bob"), STR_INIT("@"), STR_INIT("@example.com"),
					    STR_INIT("bob@example.com\0") };
	struct accounts *a = *state;

	accounts_must(a, "domain add example.com");
	accounts_must(a, "account add bob@example.com --password-stdin");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct account_now w;
		ARENA(mem);

		assert_int_equal(store_who(a->store, names[i], &mem, &w, NULL), 0);
	}
}

static void nobody_owns_more_than_can_be_told(void **state)
{
	struct accounts *a = *state;
	struct store_done done;
	struct account_now w;
	char words[100];
	ARENA(mem);

	accounts_must(a, "domain add example.com");
	accounts_must(a, "account add bob@example.com --password-stdin");
	for (int i = 0; i <= WHO_DOMAINS_MAX; i++) {
		snprintf(words, sizeof(words), "domain add d%d.example", i);
		accounts_must(a, words);
		snprintf(words, sizeof(words), "domain owner add d%d.example bob@example.com", i);
		assert_int_equal(accounts_do(a, words, &done), i < WHO_DOMAINS_MAX ? 0 : 1);
		store_done_clear(&done);
	}
	assert_int_equal(store_who(a->store, STR("bob@example.com"), &mem, &w, NULL), 1);
	assert_int_equal(w.ndomains, WHO_DOMAINS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_after_the_other, accounts_open, accounts_close),
		cmocka_unit_test_setup_teardown(what_is_no_address_is_nobody, accounts_open, accounts_close),
		cmocka_unit_test_setup_teardown(nobody_owns_more_than_can_be_told, accounts_open, accounts_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
