/* Whom an owner hears, whatever the gate has against him; and the digest that he gets: one request after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "accounts.h"
#include "base/clock.h"
#include "gate/entry_fits.h"
#include "gate/sender_fits.h"
#include "lookup/own.h"
#include "lookup/settings.h"

static const struct {
	const char *words;
	int status;
	const char *text; /* in the JSON, or in the sentence */
} requests[] = {
	{ "domain add example.com", 0, "is added" },
	{ "account add bob@example.com --password-stdin", 0, "is added" },
	{ "allow list bob@example.com", 0, "[]" },
	{ "allow add Bob@Example.com Ann@Far.Example", 0, "bob@example.com hears ann@far.example from now on" },
	{ "allow add bob@example.com ann@far.example", 0, "hears" },
	{ "allow add bob@example.com @far.example", 0, "bob@example.com hears @far.example" },
	{ "allow add bob@example.com other.example", 0, "bob@example.com hears @other.example" },
	{ "allow list bob@example.com", 0,
	  "[{\"sender\":\"ann@far.example\"},{\"sender\":\"@far.example\"},{\"sender\":\"@other.example\"}]" },
	{ "account show bob@example.com", 0,
	  "\"settings\":{\"sender-whitelist-entry\":[\"ann@far.example\",\"@far.example\",\"@other.example\"]}" },
	{ "allow remove bob@example.com FAR.example", 0,
	  "@far.example is not on the list of bob@example.com any more" },
	{ "allow remove bob@example.com @far.example", 1, "is not on the list" },
	{ "allow remove bob@example.com ann@far.example", 0, "any more" },
	{ "account set bob@example.com sender-whitelist-entry=Carl@Far.example", 0, "changed" },
	{ "allow remove bob@example.com carl@far.example", 0, "any more" },
	/* too much */
	{ "allow add bob@example.com *", 1, "is no sender" },
	{ "allow add bob@example.com *@far.example", 0, "hears *@far.example" }, /* an address with a star for a name */
	{ "allow remove bob@example.com *@far.example", 0, "any more" },
	{ "allow add bob@example.com @", 1, "is no sender" },
	{ "allow add bob@example.com <>", 1, "is no sender" },
	{ "allow add bob@example.com @*", 1, "is no sender" },
	{ "allow add bob@example.com com", 1, "under that name everybody has his own domain" },
	{ "allow add bob@example.com @com --sure", 1, "under that name everybody has his own domain" },
	{ "allow add bob@example.com @co.uk --sure", 1, "under that name everybody has his own domain" },
	{ "allow add bob@example.com @nosuchtld --sure", 1, "under that name everybody has his own domain" },
	{ "allow add bob@example.com @gmail.com", 3, "anybody gets an address there" },
	{ "allow add bob@example.com @GMail.com --sure", 0, "hears @gmail.com" },
	{ "allow add bob@example.com some.body@gmail.com", 0, "hears some.body@gmail.com" },
	{ "allow add bob@example.com @example.com", 3, "that domain is ours" },
	{ "allow add bob@example.com bob@example.com", 3, "that domain is ours" },
	{ "allow add bob@example.com bob@example.com --sure", 0, "hears bob@example.com" },
	/* whose */
	{ "allow add ann@example.com x@far.example", 1, "no account ann@example.com" },
	{ "allow add other.example x@far.example", 1, "the domain other.example is not here" },
	{ "allow add example.com x@far.example", 0, "@example.com hears x@far.example" },
	{ "allow list @example.com", 0, "[{\"sender\":\"x@far.example\"}]" },
	{ "domain show example.com", 0, "x@far.example" },
	{ "allow list bob@example.com --sure", 2, "takes no --sure" },
	{ "allow add bob@example.com", 2, "usage: telltale allow add" },
	{ "domain add new.example --sure", 2, "takes no --sure" },
	/* the digest */
	{ "digest show bob@example.com", 0, "{\"mailbox\":\"bob@example.com\",\"on\":false}" },
	{ "digest list", 0, "[]" },
	{ "digest on bob@example.com", 0, "each Monday" },
	{ "digest show bob@example.com", 0, "\"on\":true}" },
	{ "account show bob@example.com", 0, "\"digest\":\"weekly\"" },
	{ "domain owner add example.com bob@example.com", 0, "owns" },
	{ "digest list", 0, "[{\"mailbox\":\"bob@example.com\",\"week\":" },
	{ "digest note bob@example.com 2917", 0, "" },
	{ "digest list", 0, "[{\"mailbox\":\"bob@example.com\",\"week\":2917,\"domains\":[\"example.com\"]}]" },
	{ "digest on bob@example.com", 0, "each Monday" },
	{ "digest list a", 0, "\"week\":2917" },
	{ "digest list bob@example.com", 0, "[]" },
	{ "digest note bob@example.com x", 1, "no number of a week" },
	{ "digest note ann@example.com 1", 1, "no account" },
	{ "digest off bob@example.com", 0, "gets no digest" },
	{ "digest list", 0, "[]" },
	{ "account set bob@example.com digest=daily", 1, "digest must be weekly or off" },
	{ "domain set example.com digest=weekly", 1, "is no option that a domain" },
	{ "account set bob@example.com digest=weekly", 0, "changed" },
	{ "account remove bob@example.com", 0, "removed" },
	{ "digest list", 0, "[]" },
};

static void one_after_the_other(void **state)
{
	struct accounts *a = *state;

	store_setting_fits = entry_fits;
	store_sender_fits = sender_fits;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct store_done done;
		int status = accounts_do(a, requests[i].words, &done);

		if (status != requests[i].status || (strstr(buf_z(&done.message), requests[i].text) == NULL &&
						     strstr(buf_z(&done.output), requests[i].text) == NULL))
			fail_msg("%s: %d %s%s", requests[i].words, status, buf_z(&done.message), buf_z(&done.output));
		store_done_clear(&done);
	}
}

static void a_list_has_an_end(void **state)
{
	struct accounts *a = *state;
	struct store_done done;

	accounts_must(a, "account add long@example.com --password-stdin");
	for (int i = 0; i <= ALLOW_MAX; i++) {
		ARENA(mem);
		const char *words = arena_fmt(&mem, "allow add long@example.com x%d@far.example", i).p;

		assert_int_equal(accounts_do(a, words, &done), i < ALLOW_MAX ? 0 : 1);
		if (i == ALLOW_MAX)
			assert_non_null(strstr(buf_z(&done.message), "allows 100 senders already"));
		store_done_clear(&done);
	}
}

/* The first one tells of the week in which it was wanted. */
static void the_first_digest(void **state)
{
	struct accounts *a = *state;
	struct store_done done;
	ARENA(mem);
	int64_t before = digest_week(clock_wall() / 1000) - 1, after;
	const char *week;

	accounts_must(a, "account add new@example.com --password-stdin");
	accounts_must(a, "digest on new@example.com");
	after = digest_week(clock_wall() / 1000) - 1;
	assert_int_equal(accounts_do(a, "digest list", &done), 0);
	week = strstr(buf_z(&done.output), "\"week\":");
	assert_non_null(week);
	assert_in_range(atoll(week + 7), before, after);
	store_done_clear(&done);
}

static void weeks_begin_on_monday(void **state)
{
	static const struct {
		int64_t at, week, begins;
	} t[] = {
		{ 0, 0, -259200 },
		{ -259200, 0, -259200 },
		{ -259201, -1, -864000 },
		{ 345599, 0, -259200 },
		{ 345600, 1, 345600 },
		{ 1764547199, 2917, 1763942400 }, /* Sunday 2025-11-30 23:59:59 */
		{ 1764547200, 2918, 1764547200 }, /* Monday 2025-12-01 */
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(digest_week(t[i].at), t[i].week);
		assert_int_equal(digest_week_begin(t[i].week), t[i].begins);
	}
	setenv("TZ", "Europe/Sofia", 1); /* an hour less on the Sunday of autumn, one more in spring */
	tzset();
	for (int64_t week = 2860; week < 2920; week++) {
		int64_t at = digest_week_begin(week);

		assert_int_equal(digest_week(at), week);
		assert_int_equal(digest_week(at - 1), week - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(the_first_digest),
		cmocka_unit_test(weeks_begin_on_monday),
	};

	return cmocka_run_group_tests(tests, accounts_open, accounts_close);
}
