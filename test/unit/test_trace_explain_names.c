/* Names of ours: as statistics print them, and misspelt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trace/explain.h"
#include "trace/rows.h"

static void every_reason_is_explained_as_statistics_print_it(void **state)
{
	size_t known = 0;

	(void)state;
	for (unsigned kind = 1; kind < ROW_KINDS; kind++)
		for (size_t i = 0; row_reason_word(row_reason((enum row_kind)kind, i)) != NULL; i++) {
			ARENA(a);
			struct str words = row_reason_words(&a, row_reason((enum row_kind)kind, i));
			const struct word *want =
			    row_reason_word(row_reason_named(words)); /* a few texts stand twice */
			struct explanation x;

			if (!explain_text(words, &a, &x) || !str_starts(x.meaning, str_of(want->meaning)) ||
			    x.final != want->final || x.who != want->who)
				fail_msg("%.*s", STR_ARG(words));
			known++;
		}
	assert_true(known > 150);
}

static void reasons_are_what_they_were_counted_as(void **state)
{
	static const struct {
		const char *in, *kind, *says;
	} t[] = {
		{ "cause: mailbox-full", "cause", "The recipient's mailbox is full." },
		{ "mailbox-full", "cause", "The recipient's mailbox is full." },
		{ "client: the client left", "end", "without" },
		{ "recipient check: not exist...", "recipient-check", "no mailbox" }, /* a narrow terminal's */
		{ "recipient check: not existing recipient", "recipient-check", "no mailbox" },
		{ "gate: DENIED_SENDER_NO_MX", "gate-code", "no mail server can be found" },
		{ "gate: DENIED_EARLYTALKER", "gate-code", "talked before the greeting" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct explanation x;

		if (!explain_text(str_of(t[i].in), &a, &x) || strcmp(x.kind, t[i].kind) != 0 ||
		    str_find(x.meaning, str_of(t[i].says)) < 0)
			fail_msg("%s: %s %.*s", t[i].in, x.kind, STR_ARG(x.meaning));
	}
}

static void what_looks_like_a_name_is_no_reply(void **state)
{
	static const struct {
		const char *in;
		bool known;
	} t[] = {
		{ "DENIED_RDNS_MISING", false }, { "denied_graylist", false },    { "gate: DENIED_GRAYLIST", false },
		{ "FILTER_RBL_MACH", false },    { "graylist-min-sec", false },   { "greylist-min-sec", false },
		{ "USER_UNKNOWN", true },        { "RATE_LIMITED", true },        { "gate: rdns-missing", true },
		{ "graylist-min-secs", true },   { "report: Sorry, ...", false }, { "over-quota", true },
		{ "anti-spam", true },           { "greylisted", true },          { "user_unknown", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct explanation x;

		if (explain_text(str_of(t[i].in), &a, &x) != t[i].known)
			fail_msg("%s: %s", t[i].in, t[i].known ? "not known" : x.kind);
	}
}

static void misspelt_names_are_offered(void **state)
{
	static const struct {
		const char *in, *says;
	} t[] = {
		{ "DENIED_RDNS_MISING", "Did you mean DENIED_RDNS_MISSING?" },
		{ "DENIED_GRAYLIST", "Did you mean DENIED_GRAYLISTED?" },
		{ "gate: DENIED_GRAYLIST", "Did you mean DENIED_GRAYLISTED?" },
		{ "greylist-min-sec", "Did you mean graylist-min-secs?" },
		{ "rdns-mising", "Did you mean rdns-missing?" },
		{ "malbox-full", "Did you mean mailbox-full?" },
		{ "DENIED_SOMETHING_ELSE", "" },
		{ "this and that", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct str got = explain_near_words(str_of(t[i].in), &a);

		if (!str_eqz(got, t[i].says))
			fail_msg("%s: %.*s", t[i].in, STR_ARG(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_is_explained_as_statistics_print_it),
		cmocka_unit_test(reasons_are_what_they_were_counted_as),
		cmocka_unit_test(what_looks_like_a_name_is_no_reply),
		cmocka_unit_test(misspelt_names_are_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
