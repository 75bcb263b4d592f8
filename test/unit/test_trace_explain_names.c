/* Names of ours: as statistics print them, and misspelt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trace/explain.h"

static void what_looks_like_a_name_is_no_reply(void **state)
{
	static const struct {
		const char *in;
		bool known;
	} t[] = {
		{ "DENIED_RDNS_MISING", false }, { "denied_graylist", false },  { "gate: DENIED_GRAYLIST", false },
		{ "RBL_MACH_GREYLIST", false },  { "graylist-min-sec", false }, { "greylist-min-sec", false },
		{ "graylist-min-secs", true },   { "over-quota", true },        { "anti-spam", true },
		{ "greylisted", true },          { "user_unknown", true },
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
		cmocka_unit_test(what_looks_like_a_name_is_no_reply),
		cmocka_unit_test(misspelt_names_are_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
