/* What telltale-lookup answers is believed only when all of it fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "lookup/told.h"
#include "lookup/own.h"
#include "lookup/who.h"
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
		struct lookup_resolved told = {
			answers[i].result, answers[i].targets, answers[i].channels, STR(""), STR(""), 0, 0
		};
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

static const struct {
	struct lookup_login_told told;
	int rc;
	enum login expect;
} logins[] = {
	{ { LOGIN_YES, STR_INIT("bob@here"), 0 }, 0, LOGIN_YES },
	{ { LOGIN_YES, STR_INIT("bob@here"), LOGIN_WAIT_MAX }, 0, LOGIN_YES },
	{ { LOGIN_NO, STR_INIT("bob@here"), 7 }, 0, LOGIN_NO },
	{ { LOGIN_NO, STR_INIT(""), 7 }, 0, LOGIN_NO },
	{ { LOGIN_TEMPORARY, STR_INIT(""), 0 }, 0, LOGIN_TEMPORARY },
	{ { LOGIN_YES, STR_INIT(""), 0 }, -1, LOGIN_TEMPORARY },
	{ { LOGIN_YES, STR_INIT("ann@here"), 0 }, -1, LOGIN_TEMPORARY },
	{ { LOGIN_NO, STR_INIT("ann@here"), 0 }, -1, LOGIN_TEMPORARY },
	{ { LOGIN_YES, STR_INIT("bob@here"), LOGIN_WAIT_MAX + 1 }, -1, LOGIN_TEMPORARY },
	{ { LOGIN_TEMPORARY + 1, STR_INIT("bob@here"), 0 }, -1, LOGIN_TEMPORARY },
	{ { UINT64_MAX, STR_INIT("bob@here"), UINT64_MAX }, -1, LOGIN_TEMPORARY },
};

static void every_login(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logins); i++) {
		struct login_answer out;
		struct err e = { 0 };
		ARENA(a);

		if (lookup_told_login(&logins[i].told, STR("Bob@Here"), &a, &out, &e) != logins[i].rc)
			fail_msg("row %zu", i);
		assert_int_equal(out.result, logins[i].expect);
		assert_int_equal(out.wait, logins[i].rc == 0 ? (int64_t)logins[i].told.wait : 0);
		assert_true(out.account.n == 0 || str_eqz(out.account, "bob@here"));
		assert_true((out.result == LOGIN_TEMPORARY) == (e.text[0] != '\0'));
	}
}

static const struct {
	struct lookup_quota_told told;
	int rc;
} quotas[] = {
	{ { 1, 0 }, 0 },  { { 1, 5000 }, 0 },  { { 1, INT64_MAX }, 0 },
	{ { 0, 0 }, -1 }, { { 2, 5000 }, -1 }, { { 1, UINT64_MAX }, -1 },
};

static void every_quota(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(quotas); i++) {
		uint64_t limit = 42;
		struct err e = { 0 };

		if (lookup_told_quota(&quotas[i].told, &limit, &e) != quotas[i].rc)
			fail_msg("row %zu", i);
		assert_true(limit == (quotas[i].rc == 0 ? quotas[i].told.limit : 42));
		assert_int_equal(e.text[0] != '\0', quotas[i].rc < 0);
	}
}

static void every_word_to_an_owner(void **state)
{
	static const struct {
		uint64_t status;
		int rc;
	} t[] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { OWN_ASKS, 0 }, { OWN_ASKS + 1, -1 }, { UINT64_MAX, -1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct lookup_done told = { t[i].status, STR("[]"), STR("words") };
		struct own_told out = { 0 };
		struct err e = { 0 };

		assert_int_equal(lookup_told_own(&told, &out, &e), t[i].rc);
		assert_true(t[i].rc < 0 || (out.status == (int)t[i].status && str_eqz(out.message, "words")));
	}
}

static const struct {
	struct lookup_who_told told;
	enum account_known expect;
	size_t n;
} whos[] = {
	{ { ACCOUNT_GONE, 0, STR_INIT("") }, ACCOUNT_GONE, 0 },
	{ { ACCOUNT_HERE, 7, STR_INIT("") }, ACCOUNT_HERE, 0 },
	{ { ACCOUNT_HERE, 7, STR_INIT("a.example\nb.example") }, ACCOUNT_HERE, 2 },
	{ { ACCOUNT_LATER, 0, STR_INIT("") }, ACCOUNT_LATER, 0 },
	{ { ACCOUNT_GONE, 7, STR_INIT("a.example") }, ACCOUNT_LATER, 0 },
	{ { ACCOUNT_HERE, 7, STR_INIT("a.example\n\nb.example") }, ACCOUNT_LATER, 0 },
	{ { ACCOUNT_HERE, 7, STR_INIT("\n") }, ACCOUNT_LATER, 0 },
	{ { ACCOUNT_HERE, 7, STR_INIT("A.example") }, ACCOUNT_LATER, 0 },
	{ { ACCOUNT_HERE, 7, STR_INIT("not a domain") }, ACCOUNT_LATER, 0 },
	{ { ACCOUNT_HERE + 1, 7, STR_INIT("") }, ACCOUNT_LATER, 0 },
	{ { UINT64_MAX, 7, STR_INIT("") }, ACCOUNT_LATER, 0 },
};

static void every_who(void **state)
{
	struct lookup_who_told many = { .known = ACCOUNT_HERE };
	struct account_now out = { 0 };
	ARENA(a);
	BUF(domains);

	(void)state;
	for (size_t i = 0; i < COUNT(whos); i++) {
		struct err e = { 0 };

		out = (struct account_now){ 0 };
		if (lookup_told_who(&whos[i].told, &a, &out, &e) != whos[i].expect)
			fail_msg("row %zu", i);
		assert_int_equal(out.ndomains, whos[i].n);
		assert_true(out.stamp == (whos[i].expect == ACCOUNT_HERE ? 7 : 0));
		assert_int_equal(e.text[0] != '\0', whos[i].expect == ACCOUNT_LATER);
	}
	for (int i = 0; i <= WHO_DOMAINS_MAX; i++) {
		buf_fmt(&domains, "%sd%d.example", i > 0 ? "\n" : "", i);
		many.domains = buf_str(&domains);
		assert_int_equal(lookup_told_who(&many, &a, &out, NULL),
				 i < WHO_DOMAINS_MAX ? ACCOUNT_HERE : ACCOUNT_LATER);
	}
}

static void nobody_there_is_temporary_never_a_no(void **state)
{
	struct ipc_client *c = ipc_client_new("/nonexistent/lookup.sock");
	struct lookup_answer out;
	struct login_answer login;
	struct err e = { 0 };
	struct account_now who;
	uint64_t limit;
	ARENA(a);

	(void)state;
	assert_int_equal(lookup_ask(c, STR("bob@example.com"), &a, &out, deadline_in(1000), &e), RESOLVED_TEMPORARY);
	assert_true(e.text[0] != '\0');
	assert_int_equal(
	    lookup_login(c, STR("bob@example.com"), STR("x"), STR("127.0.0.1"), &a, &login, deadline_in(1000), &e),
	    LOGIN_TEMPORARY);
	assert_int_equal(lookup_who(c, STR("bob@example.com"), &a, &who, deadline_in(1000), &e), ACCOUNT_LATER);
	assert_int_equal(lookup_quota(c, STR("bob@example.com"), &limit, deadline_in(1000), &e), -1);
	ipc_client_free(c);
}

static const struct {
	struct str settings;
	int rc;
} settings[] = {
	{ STR_INIT(""), 0 },
	{ STR_INIT("graylist-level=always\ngraylist-level=none\n"), 0 },
	{ STR_INIT("graylist-level=always"), -1 },
	{ STR_INIT("policy-url=http://x\n"), -1 },
	{ STR_INIT("spf=\x1b[31m\n"), -1 },
};

static void every_setting(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct lookup_resolved told = { RESOLVED_MAILBOX, STR("a@b"), STR("l"), settings[i].settings,
						STR(""),          0,          0 };
		struct lookup_answer out;
		struct err e;
		ARENA(a);

		if (lookup_told_read(&told, STR("asked@here"), &a, &out, &e) != settings[i].rc)
			fail_msg("row %zu", i);
		assert_true(settings[i].rc < 0 || str_eq(out.settings, settings[i].settings));
	}
}

static const struct {
	struct lookup_gray_told told;
	int rc;
} grays[] = {
	{ { 1, 0, 0, 0, 0 }, 0 },
	{ { 1, 1, 5, 7, 9 }, 0 },
	{ { 1, 0, INT64_MAX, INT64_MAX, INT64_MAX }, 0 },
	{ { 0, 0, 0, 0, 0 }, -1 },
	{ { 2, 0, 0, 0, 0 }, -1 },
	{ { 1, 2, 0, 0, 0 }, -1 },
	{ { 1, 0, 0, 7, 0 }, -1 },
	{ { 1, 0, UINT64_MAX, 0, 0 }, -1 },
	{ { 1, 0, 1, UINT64_MAX, 0 }, -1 },
	{ { 1, 0, 0, 0, UINT64_MAX }, -1 },
};

static void every_graylist(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(grays); i++) {
		struct gray_known out = { 0 };
		struct err e = { 0 };

		if (lookup_told_gray(&grays[i].told, &out, &e) != grays[i].rc ||
		    (e.text[0] != '\0') != (grays[i].rc < 0))
			fail_msg("row %zu", i);
		assert_true(grays[i].rc < 0 ||
			    ((uint64_t)out.first == grays[i].told.first && (uint64_t)out.wrote == grays[i].told.wrote));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message),
		cmocka_unit_test(every_answer),
		cmocka_unit_test(every_setting),
		cmocka_unit_test(every_graylist),
		cmocka_unit_test(every_login),
		cmocka_unit_test(every_quota),
		cmocka_unit_test(every_who),
		cmocka_unit_test(every_word_to_an_owner),
		cmocka_unit_test(nobody_there_is_temporary_never_a_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
