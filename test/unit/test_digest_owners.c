/* Who is due, and what was refused for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "digest/digest.h"
#include "digest/owners.h"

enum { MONDAY = 1764547200 /* 2025-12-01, week 2918 */, WEEK = 7 * 86400 };

static void who_is_due(void **state)
{
	static const struct {
		const char *json;
		int rc;
		size_t n;
		int64_t since; /* weeks before the one that is over, of the last one; -1: nobody */
		const char *after;
	} t[] = {
		{ "[]", 0, 0, -1, "" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":2916,\"domains\":[]}]", 0, 1, 0, "bob@a.example" },
		{ "[{\"mailbox\":\"Bob@A.example\",\"week\":-1,\"domains\":[\"A.example\"]}]", 0, 1, 0,
		  "bob@a.example" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":2917,\"domains\":[]}]", 0, 0, -1, "bob@a.example" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":2999,\"domains\":[]}]", 0, 0, -1, "bob@a.example" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":2914,\"domains\":[]}]", 0, 1, 2, "bob@a.example" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":12,\"domains\":[]}]", 0, 1, 3, "bob@a.example" },
		{ "[{\"mailbox\":\"a@a.example\",\"week\":2916,\"domains\":[]},"
		  "{\"mailbox\":\"b@a.example\",\"week\":2915,\"domains\":[\"b.example\",\"c.example\"]}]",
		  0, 2, 1, "b@a.example" },
		{ "", -1, 0, -1, "" },
		{ "{}", -1, 0, -1, "" },
		{ "[1]", -1, 0, -1, "" },
		{ "[{\"mailbox\":\"bob\",\"week\":1,\"domains\":[]}]", -1, 0, -1, "" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":\"1\",\"domains\":[]}]", -1, 0, -1, "" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":1}]", -1, 0, -1, "" },
		{ "[{\"mailbox\":\"bob@a.example\",\"week\":1,\"domains\":[7]}]", -1, 0, -1, "bob@a.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct owners o;
		struct str after;
		struct err e = { 0 };
		const struct owner *w, *last = NULL;

		owners_init(&o, MONDAY + 5);
		assert_int_equal(o.week, 2917);
		assert_int_equal(owners_read(&o, str_of(t[i].json), &after, &e), t[i].rc);
		assert_int_equal(o.n, t[i].n);
		if (!str_eqz(after, t[i].after))
			fail_msg("row %zu: %.*s", i, STR_ARG(after));
		for (w = o.first; w != NULL; w = w->next)
			last = w;
		assert_int_equal(last != NULL ? (MONDAY - WEEK - last->since) / WEEK : -1, t[i].since);
		owners_clear(&o);
	}
}

static struct owner *owner_of(struct owners *o, const char *mailbox)
{
	for (struct owner *w = o->first; w != NULL; w = w->next)
		if (str_eqz(w->mailbox, mailbox))
			return w;
	return NULL;
}

static const char *name_of(const struct word *w)
{
	for (size_t i = 0; i < REASON_COUNT; i++)
		if (&reason_row(i)->word == w)
			return reason_row(i)->name;
	return "?";
}

/* "code from count later last|..." */
static void show(struct buf *b, const struct owner *w)
{
	for (size_t i = 0; i < w->n; i++)
		buf_fmt(b, "%s %.*s %d+%d @%lld|", name_of(w->lines[i].word), STR_ARG(w->lines[i].from),
			(int)w->lines[i].count, (int)w->lines[i].later, (long long)(w->lines[i].last - MONDAY + WEEK));
}

static void what_concerns_whom(void **state)
{
	static const struct {
		const char *from, *to;
		enum reason reason;
		enum verdict verdict;
		int64_t at; /* since the begin of the week that is over */
	} rows[] = {
		{ "x@far", "bob@a.example", REASON_RDNS_MISSING, VERDICT_REFUSED, 10 },
		{ "x@far", "BOB@a.example", REASON_RDNS_MISSING, VERDICT_REFUSED, 30 },
		{ "x@far", "bob@a.example", REASON_RDNS_MISSING, VERDICT_REFUSED_TEMPORARILY, 20 },
		{ "x@far", "bob@a.example", REASON_RBL_MATCH, VERDICT_REFUSED, 40 },
		{ "y@far", "other@a.example", REASON_RDNS_MISSING, VERDICT_REFUSED, 50 },
		{ "z@far", "bob@a.example", REASON_RDNS_MISSING, VERDICT_REFUSED, -1 },
		{ "z@far", "bob@a.example", REASON_RDNS_MISSING, VERDICT_REFUSED, WEEK },
		{ "z@far", "eve@c.example", REASON_RDNS_MISSING, VERDICT_REFUSED, 0 },
		{ "late@far", "ann@b.example", REASON_RDNS_MISSING, VERDICT_REFUSED, -WEEK },
	};
	static const struct {
		const char *mailbox, *want;
	} t[] = {
		{ "bob@a.example", "rdns-missing x@far 2+1 @30|rbl-match x@far 1+0 @40|" },
		{ "ann@b.example", "rdns-missing x@far 2+1 @30|rbl-match x@far 1+0 @40|rdns-missing y@far 1+0 @50|"
				   "rdns-missing z@far 1+0 @-1|rdns-missing late@far 1+0 @-604800|" },
		{ "dan@a.example", "" },
	};
	struct owners o;
	struct str after;
	struct err e = { 0 };

	(void)state;
	owners_init(&o, MONDAY + 5);
	assert_int_equal(
	    owners_read(&o,
			STR("[{\"mailbox\":\"bob@a.example\",\"week\":2916,\"domains\":[]},"
			    "{\"mailbox\":\"ann@b.example\",\"week\":2915,\"domains\":[\"a.example\",\"b.example\"]},"
			    "{\"mailbox\":\"dan@a.example\",\"week\":2916,\"domains\":[]}]"),
			&after, &e),
	    0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct name to = { .text = str_of(rows[i].to) };
		struct refused row = { .from = str_of(rows[i].from),
				       .to = &to,
				       .word = &reason_row(rows[i].reason)->word,
				       .verdict = rows[i].verdict,
				       .time = MONDAY - WEEK + rows[i].at };

		owners_count(&o, &row);
	}
	owners_count(&o, &(struct refused){ .word = &reason_row(REASON_SPF_FAIL)->word, .time = MONDAY - 1 });
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		show(&b, owner_of(&o, t[i].mailbox));
		assert_string_equal(buf_z(&b), t[i].want);
	}
	owners_clear(&o);
}

static void where_the_page_is(void **state)
{
	static const char *const t[][3] = {
		{ "", "https://mx.example.com/why/%ref", "https://mx.example.com/" },
		{ "", "https://mx.example.com/mail/why/%ref", "https://mx.example.com/mail/" },
		{ "", "https://mx.example.com/refused?r=%ref", "" },
		{ "", "https://mx.example.com/say-why/%ref", "" },
		{ "", "https://mx.example.com/why/", "" },
		{ "", "", "" },
		{ "https://log.example.com/", "https://mx.example.com/refused?r=%ref", "https://log.example.com/" },
		{ "https://log.example.com/", "https://mx.example.com/why/%ref", "https://log.example.com/" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_true(str_eqz(digest_page(str_of(t[i][0]), str_of(t[i][1])), t[i][2]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_due),
		cmocka_unit_test(what_concerns_whom),
		cmocka_unit_test(where_the_page_is),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
