/* What telltale-lookup answers is believed only when all of it fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "lookup/told.h"
#include "protocol.h"

static void every_message(void **state)
{
	(void)state;
	protocol_round_trip(lookup_messages);
}

static const struct {
	uint64_t result;
	struct str targets, channels;
	int rc;
	enum resolved expect;
	size_t n;
} answers[] = {
	{ RESOLVED_MAILBOX, STR_INIT("a@b"), STR_INIT("l"), 0, RESOLVED_MAILBOX, 1 },
	{ RESOLVED_ALIAS, STR_INIT("a@b\nc@d"), STR_INIT("lr"), 0, RESOLVED_ALIAS, 2 },
	{ RESOLVED_NO_MAILBOX, STR_INIT(""), STR_INIT(""), 0, RESOLVED_NO_MAILBOX, 0 },
	{ RESOLVED_NOT_OURS, STR_INIT(""), STR_INIT(""), 0, RESOLVED_NOT_OURS, 0 },
	{ RESOLVED_LOOP, STR_INIT(""), STR_INIT(""), 0, RESOLVED_LOOP, 0 },
	{ RESOLVED_TEMPORARY, STR_INIT(""), STR_INIT(""), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_TEMPORARY + 1, STR_INIT(""), STR_INIT(""), -1, RESOLVED_TEMPORARY, 0 },
	{ UINT64_MAX, STR_INIT(""), STR_INIT(""), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_MAILBOX, STR_INIT(""), STR_INIT(""), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_MAILBOX, STR_INIT("a@b"), STR_INIT("x"), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_MAILBOX, STR_INIT("a@b"), STR_INIT("ll"), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_MAILBOX, STR_INIT("a@b\nc@d"), STR_INIT("l"), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_ALIAS, STR_INIT("a@b\n"), STR_INIT("lr"), -1, RESOLVED_TEMPORARY, 0 },
	{ RESOLVED_NOT_OURS, STR_INIT("a@b"), STR_INIT("r"), -1, RESOLVED_TEMPORARY, 0 },
};

static void every_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct lookup_resolved told = { answers[i].result, answers[i].targets, answers[i].channels };
		struct lookup_answer out;
		struct err e;
		ARENA(a);

		if (lookup_told_read(&told, STR("asked@here"), &a, &out, &e) != answers[i].rc)
			fail_msg("row %zu", i);
		assert_int_equal(out.result, answers[i].expect);
		assert_int_equal(out.n, answers[i].n);
		for (size_t k = 0; k < out.n; k++)
			assert_true(str_eqz(out.targets[k].original, "asked@here"));
	}
}

static void nobody_there_is_temporary_never_a_no(void **state)
{
	struct ipc_client *c = ipc_client_new("/nonexistent/lookup.sock");
	struct lookup_answer out;
	struct err e = { 0 };
	ARENA(a);

	(void)state;
	assert_int_equal(lookup_ask(c, STR("bob@example.com"), &a, &out, deadline_in(1000), &e), RESOLVED_TEMPORARY);
	assert_true(e.text[0] != '\0');
	ipc_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message),
		cmocka_unit_test(every_answer),
		cmocka_unit_test(nobody_there_is_temporary_never_a_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
