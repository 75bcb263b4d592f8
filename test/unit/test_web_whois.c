/* How long it counts what telltale-lookup said of an account, while it answers and while it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "web/whois.h"

/* telltale-lookup, as the test has it. */
struct desk {
	enum account_known known;
	uint64_t stamp;
	const char *domain;
	int asked;
};

static enum account_known desk_ask(void *with, struct str account, struct arena *a, struct account_now *out,
				   struct err *e)
{
	struct desk *d = with;

	assert_true(account.n > 0);
	d->asked++;
	if (d->known == ACCOUNT_LATER)
		err_set(e, "busy");
	if (d->known == ACCOUNT_HERE) {
		*out = (struct account_now){ .stamp = d->stamp };
		if (d->domain != NULL)
			out->domains[out->ndomains++] = arena_str(a, str_of(d->domain));
	}
	return d->known;
}

/* What is so at that ms, what comes of asking, and whether telltale-lookup hears of it. */
static const struct {
	int64_t now;
	enum account_known is;
	uint64_t stamp;
	const char *domain;
	enum account_known told;
	uint64_t told_stamp;
	size_t domains;
	int heard;
} steps[] = {
	{ 100000, ACCOUNT_HERE, 1, "a.example", ACCOUNT_HERE, 1, 1, 1 },
	{ 100001, ACCOUNT_HERE, 2, NULL, ACCOUNT_HERE, 1, 1, 0 },
	{ 101999, ACCOUNT_HERE, 2, NULL, ACCOUNT_HERE, 1, 1, 0 },
	{ 102001, ACCOUNT_HERE, 2, NULL, ACCOUNT_HERE, 2, 0, 1 },
	{ 104100, ACCOUNT_LATER, 0, NULL, ACCOUNT_HERE, 2, 0, 1 },
	{ 104200, ACCOUNT_LATER, 0, NULL, ACCOUNT_HERE, 2, 0, 0 },
	{ 106200, ACCOUNT_LATER, 0, NULL, ACCOUNT_HERE, 2, 0, 1 },
	{ 152000, ACCOUNT_LATER, 0, NULL, ACCOUNT_HERE, 2, 0, 1 },
	{ 152100, ACCOUNT_LATER, 0, NULL, ACCOUNT_LATER, 0, 0, 0 }, /* too long ago now */
	{ 154100, ACCOUNT_LATER, 0, NULL, ACCOUNT_LATER, 0, 0, 1 },
	{ 154200, ACCOUNT_HERE, 2, NULL, ACCOUNT_LATER, 0, 0, 0 },
	{ 156200, ACCOUNT_HERE, 2, NULL, ACCOUNT_HERE, 2, 0, 1 },
	{ 158300, ACCOUNT_GONE, 0, NULL, ACCOUNT_GONE, 0, 0, 1 },
	{ 158400, ACCOUNT_HERE, 2, NULL, ACCOUNT_GONE, 0, 0, 0 },
	{ 160400, ACCOUNT_LATER, 0, NULL, ACCOUNT_GONE, 0, 0, 1 }, /* who is gone stays so */
	{ 162500, ACCOUNT_HERE, 3, "b.example", ACCOUNT_HERE, 3, 1, 1 },
};

static void one_after_the_other(void **state)
{
	struct desk d = { 0 };
	struct whois *w = whois_new(desk_ask, &d);

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct account_now out = { 0 };
		struct err e = { 0 };
		ARENA(a);
		int before = d.asked;

		d.known = steps[i].is;
		d.stamp = steps[i].stamp;
		d.domain = steps[i].domain;
		if (whois_ask(w, STR("bob@example.com"), steps[i].now, &a, &out, &e) != steps[i].told ||
		    d.asked - before != steps[i].heard)
			fail_msg("step %zu", i);
		assert_true(steps[i].told != ACCOUNT_HERE ||
			    (out.stamp == steps[i].told_stamp && out.ndomains == steps[i].domains));
		assert_true(steps[i].told != ACCOUNT_LATER || e.text[0] != '\0');
	}
	whois_free(w);
}

static void who_comes_in_is_asked_about_anew(void **state)
{
	struct desk d = { .known = ACCOUNT_HERE, .stamp = 1 };
	struct whois *w = whois_new(desk_ask, &d);
	struct account_now out = { 0 };
	ARENA(a);

	(void)state;
	assert_int_equal(whois_ask(w, STR("bob@example.com"), 5, &a, &out, NULL), ACCOUNT_HERE);
	d.stamp = 2;
	assert_int_equal(whois_ask_anew(w, STR("bob@example.com"), 6, &a, &out, NULL), ACCOUNT_HERE);
	assert_true(out.stamp == 2 && d.asked == 2);
	assert_int_equal(whois_ask(w, STR("bob@example.com"), 7, &a, &out, NULL), ACCOUNT_HERE);
	assert_true(out.stamp == 2 && d.asked == 2);
	d.known = ACCOUNT_LATER;
	assert_int_equal(whois_ask_anew(w, STR("bob@example.com"), 8, &a, &out, NULL), ACCOUNT_LATER);
	whois_free(w);
}

static void accounts_are_told_apart_and_have_an_end(void **state)
{
	struct desk d = { .known = ACCOUNT_HERE };
	struct whois *w = whois_new(desk_ask, &d);
	char account[40];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i <= 2 * WHOIS_MAX; i++) {
			struct account_now out = { 0 };
			ARENA(a);

			snprintf(account, sizeof(account), "u%d@example.com", i);
			d.stamp = (uint64_t)i;
			assert_int_equal(whois_ask(w, str_of(account), 5, &a, &out, NULL), ACCOUNT_HERE);
			assert_int_equal(out.stamp, i);
		}
	whois_free(w);
}

static void names_that_nobody_has_crowd_out_nobody(void **state)
{
	struct desk d = { .known = ACCOUNT_HERE, .stamp = 7 };
	struct whois *w = whois_new(desk_ask, &d);
	struct account_now out = { 0 };
	char account[40];
	int asked;
	ARENA(a);

	(void)state;
	assert_int_equal(whois_ask(w, STR("bob@example.com"), 5, &a, &out, NULL), ACCOUNT_HERE);
	for (int i = 0; i <= 2 * WHOIS_MAX; i++) {
		snprintf(account, sizeof(account), "u%d@example.com", i);
		d.known = i % 2 == 0 ? ACCOUNT_GONE : ACCOUNT_LATER;
		assert_int_equal(whois_ask_anew(w, str_of(account), 6, &a, &out, NULL), d.known);
	}
	asked = d.asked;
	assert_int_equal(whois_ask(w, STR("bob@example.com"), 7, &a, &out, NULL), ACCOUNT_HERE);
	assert_true(d.asked == asked && out.stamp == 7);
	whois_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(who_comes_in_is_asked_about_anew),
		cmocka_unit_test(names_that_nobody_has_crowd_out_nobody),
		cmocka_unit_test(accounts_are_told_apart_and_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
