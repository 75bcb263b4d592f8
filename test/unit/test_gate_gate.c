/* Filters as tables, the order of stages, whitelists, checks that could not be made, the words of a refusal. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "base/clock.h"
#include "gate/gate.h"

static const struct policy policy = {
	.on = true,
	.reject_empty_rdns = true,
	.rejection_code_empty_rdns = 554,
	.contact = STR_INIT("postmaster@mx.example"),
	.dns_deadline = 200,
};

static void filters_as_tables(void **state)
{
	static const struct {
		const struct filter *filter;
		const char *rdns;
		enum resolved found;
		bool relay;
		enum vote vote;
	} t[] = {
		{ &filter_rdns_missing, "a.example", 0, false, PASS },
		{ &filter_rdns_missing, "", 0, false, REFUSE },
		{ &filter_relaying, "", RESOLVED_MAILBOX, false, PASS },
		{ &filter_relaying, "", RESOLVED_NO_MAILBOX, false, PASS },
		{ &filter_relaying, "", RESOLVED_TEMPORARY, false, PASS },
		{ &filter_relaying, "", RESOLVED_NOT_OURS, false, REFUSE },
		{ &filter_relaying, "", RESOLVED_NOT_OURS, true, PASS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct verdict v = { .mem = &a };
		struct facts f = { .policy = &policy,
				   .ip = STR("127.0.0.7"),
				   .rdns = str_of(t[i].rdns),
				   .recipient = t[i].found,
				   .may_relay = t[i].relay };

		assert_int_equal(t[i].filter->decide(&f, &v), t[i].vote);
		assert_true((v.seen.n > 0) == (t[i].vote == REFUSE));
	}
}

static void every_filter_is_documented_and_named_as_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; gate_filters[i] != NULL; i++) {
		bool named = false;

		for (int r = 0; r < REASON_COUNT; r++)
			named = named || strcmp(reason_row((enum reason)r)->name, gate_filters[i]->name) == 0;
		assert_true(named);
		assert_true(strlen(gate_filters[i]->doc) > 0);
	}
}

/* Filters of the tests' own: each refuses, allows or passes as its fact says. */
static enum vote refuse(const struct facts *f, struct verdict *v)
{
	(void)f;
	return gate_refuse(v, REASON_BLACKLIST_IP, STR("entry"));
}

static enum vote allow(const struct facts *f, struct verdict *v)
{
	(void)f;
	return gate_allow(v, STR("white"));
}

static enum vote remember(const struct facts *f, struct verdict *v)
{
	gate_effect(v, "graylist", f->ip);
	return PASS;
}

static const struct filter black = { .name = "black", .at = AT_CONNECT, .decide = refuse };
static const struct filter white = { .name = "white", .at = AT_CONNECT, .allows = true, .decide = allow };
static const struct filter gray = { .name = "gray", .at = AT_CONNECT, .decide = remember };
static const struct filter costly = { .name = "costly", .at = AT_CONNECT, .needs = NEEDS(FACT_RDNS), .decide = refuse };
static const struct filter later = { .name = "later", .at = AT_RECIPIENT, .decide = refuse };
static const struct filter firm = { .name = "firm", .at = AT_RECIPIENT, .always = true, .decide = refuse };

static void order_of_judging(void **state)
{
	static const struct {
		const struct filter *filters[4];
		bool login;
		enum found found[3];
		bool refused, allowed;
		const char *by;
		size_t effects;
	} t[] = {
		/* clang-format off */
		{ { NULL }, false, { 0 }, false, false, NULL, 0 },
		{ { &black, &black, NULL }, false, { FOUND_REFUSED, FOUND_SKIPPED }, true, false, "black", 0 },
		{ { &black, &white, NULL }, false, { FOUND_REFUSED, FOUND_ALLOWED }, false, true, "white", 0 },
		{ { &white, &black, NULL }, false, { FOUND_ALLOWED, FOUND_SKIPPED }, false, true, "white", 0 },
		{ { &black, &gray, NULL }, false, { FOUND_REFUSED, FOUND_SKIPPED }, true, false, "black", 0 },
		{ { &gray, &black, NULL }, false, { FOUND_PASSED, FOUND_REFUSED }, true, false, "black", 1 },
		{ { &costly, &black, NULL }, false, { FOUND_SKIPPED, FOUND_REFUSED }, true, false, "black", 0 },
		{ { &costly, &gray, NULL }, false, { FOUND_ERROR, FOUND_PASSED }, false, false, NULL, 1 },
		{ { &black, &later, NULL }, true, { FOUND_SKIPPED }, false, false, NULL, 0 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct facts f = { .policy = &policy, .ip = STR("192.0.2.1"), .authenticated = t[i].login, .mem = &a };
		struct ruling r = { .at = AT_CONNECT };
		size_t effects = 0;

		f.dns = ipc_client_new("/nonexistent/dns.sock");
		gate_judge(t[i].filters, &f, &r, &a);
		ipc_client_free(f.dns);
		for (size_t k = 0; k < r.n; k++)
			if (r.findings[k].found != t[i].found[k])
				fail_msg("row %zu finding %zu: %d", i, k, r.findings[k].found);
		assert_int_equal(r.standing.refused, t[i].refused);
		assert_int_equal(r.standing.allowed, t[i].allowed);
		if (t[i].by != NULL)
			assert_string_equal(r.standing.by.filter->name, t[i].by);
		for (const struct effect *x = r.effects; x != NULL; x = x->next)
			effects++;
		assert_int_equal(effects, t[i].effects);
	}
}

static void a_standing_is_carried_to_the_next_stage(void **state)
{
	static const struct filter *const filters[] = { &white, &later, &firm, NULL };
	ARENA(a);
	struct facts f = { .policy = &policy, .mem = &a };
	struct ruling one = { .at = AT_CONNECT }, two = { .at = AT_RECIPIENT };

	(void)state;
	gate_judge(filters, &f, &one, &a);
	two.standing = one.standing;
	gate_judge(filters, &f, &two, &a);
	assert_int_equal(two.n, 2);
	assert_int_equal(two.findings[0].found, FOUND_SKIPPED);
	assert_int_equal(two.findings[1].found, FOUND_REFUSED);
	assert_true(two.standing.refused);
}

static void a_silent_resolver_refuses_nobody_and_waits_only_once(void **state)
{
	ARENA(a);
	struct facts f = { .policy = &policy, .ip = STR("127.0.0.7"), .mem = &a };
	struct ruling r = { .at = AT_CONNECT };
	int64_t began = clock_mono();

	(void)state;
	f.dns = ipc_client_new("/nonexistent/dns.sock");
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.findings[0].found, FOUND_ERROR);
	assert_true(r.findings[0].seen.n > 0);
	assert_false(r.standing.refused);
	gate_judge(gate_filters, &f, &r, &a);
	assert_true(clock_mono() - began < 2 * policy.dns_deadline);
	ipc_client_free(f.dns);
}

static void off_is_skipped(void **state)
{
	ARENA(a);
	struct policy p = policy;
	struct facts f = { .policy = &p, .mem = &a, .at[FACT_RDNS].status = FACT_KNOWN };
	struct ruling r = { .at = AT_CONNECT };

	(void)state;
	p.reject_empty_rdns = false;
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(r.findings[0].found, FOUND_SKIPPED);
	assert_true(str_eqz(r.findings[0].seen, "off"));
}

static void words_of_a_refusal(void **state)
{
	static const struct {
		enum reason why;
		int code;
		const char *url;
		const char *enhanced, *text;
	} t[] = {
		{ REASON_RDNS_MISSING, 554, "", "5.7.25",
		  "Refused. You have no reverse DNS entry. Contact postmaster@mx.example for details." },
		{ REASON_RDNS_MISSING, 421, "http://p.example/", "4.7.25",
		  "Refused. You have no reverse DNS entry. Contact postmaster@mx.example for details. "
		  "See: http://p.example/#DENIED_RDNS_MISSING" },
		{ REASON_RELAYING, 554, "http://p.example/?c=", "5.7.1",
		  "Refused. Sending to remote addresses (relaying) is not allowed. See: "
		  "http://p.example/?c=DENIED_RELAYING" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct policy p = policy;
		struct reply r;

		p.policy_url = str_of(t[i].url);
		p.rejection_code_empty_rdns = t[i].code;
		gate_reply(&p, t[i].why, &a, &r);
		assert_int_equal(r.code, t[i].code);
		assert_string_equal(r.enhanced, t[i].enhanced);
		assert_true(str_eqz(r.text, t[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_as_tables),
		cmocka_unit_test(every_filter_is_documented_and_named_as_its_reason),
		cmocka_unit_test(order_of_judging),
		cmocka_unit_test(a_standing_is_carried_to_the_next_stage),
		cmocka_unit_test(a_silent_resolver_refuses_nobody_and_waits_only_once),
		cmocka_unit_test(off_is_skipped),
		cmocka_unit_test(words_of_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
