/* The order of stages, whitelists, checks that could not be made, the words of a refusal. */
#include "ruling.h"

#include "base/clock.h"

static const struct policy policy = {
	.on = true,
	.set = { .reject_empty_rdns = true, .rejection_code_empty_rdns = 554 },
	.contact = STR_INIT("postmaster@mx.example"),
	.dns_deadline = 200,
};

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

/* Refuses, and wants something done for that. */
static enum vote put_off(const struct facts *f, struct verdict *v)
{
	gate_effect(v, EFFECT_GRAYLIST, STR("new"));
	return gate_refuse(v, REASON_GRAYLISTED, f->ip);
}

static const struct filter black = { .name = "black", .at = AT_CONNECT, .decide = refuse };
static const struct filter white = { .name = "white", .at = AT_CONNECT, .allows = true, .decide = allow };
static const struct filter gray = { .name = "gray", .at = AT_CONNECT, .decide = remember };
static const struct filter costly = { .name = "costly", .at = AT_CONNECT, .needs = NEEDS(FACT_RDNS), .decide = refuse };
static const struct filter later = { .name = "later", .at = AT_RECIPIENT, .decide = refuse };
static const struct filter gray_off = { .name = "gray-off", .at = AT_CONNECT, .decide = put_off };
static const struct filter last = {
	.name = "last", .at = AT_CONNECT, .needs = NEEDS(FACT_RDNS_RESOLVES), .last = true, .decide = put_off
};
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
		{ { &gray, &black, NULL }, false, { FOUND_PASSED, FOUND_REFUSED }, true, false, "black", 0 },
		{ { &gray, &white, NULL }, false, { FOUND_PASSED, FOUND_ALLOWED }, false, true, "white", 1 },
		{ { &gray_off, &gray, NULL }, false, { FOUND_REFUSED, FOUND_SKIPPED }, true, false, "gray-off", 1 },
		{ { &gray_off, &white, NULL }, false, { FOUND_REFUSED, FOUND_ALLOWED }, false, true, "white", 0 },
		{ { &costly, &black, NULL }, false, { FOUND_ERROR, FOUND_REFUSED }, true, false, "black", 0 },
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
		facts_clear(&f);
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

/* What only the last filter needs is asked when all others have passed; and only then. */
static void the_last_asks_last(void **state)
{
	static const struct {
		const struct filter *filters[3];
		bool asked;
		const char *by;
	} t[] = {
		{ { &last, &gray, NULL }, true, NULL },
		{ { &last, &black, NULL }, false, "black" },
		{ { &last, &white, NULL }, false, "white" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct facts f = { .policy = &policy, .ip = STR("192.0.2.1"), .mem = &a };
		struct ruling r = { .at = AT_CONNECT };

		f.dns = ipc_client_new("/nonexistent/dns.sock");
		gate_judge(t[i].filters, &f, &r, &a);
		facts_clear(&f);
		ipc_client_free(f.dns);
		assert_int_equal(f.at[FACT_RDNS_RESOLVES].status, t[i].asked ? FACT_FAILED : FACT_UNKNOWN);
		assert_int_equal(r.findings[0].found, t[i].asked ? FOUND_ERROR : FOUND_SKIPPED);
		assert_true(r.findings[0].filter == &last);
		if (t[i].by != NULL)
			assert_string_equal(r.standing.by.filter->name, t[i].by);
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
	facts_clear(&f);
}

static void a_silent_resolver_refuses_nobody_and_waits_only_once(void **state)
{
	ARENA(a);
	struct policy patient = policy;
	struct facts f = { .policy = &patient, .ip = STR("127.0.0.7"), .mem = &a };
	struct ruling r = { .at = AT_CONNECT };
	int64_t began = clock_mono();

	(void)state;
	patient.dns_deadline = 1000; /* what a busy machine takes is little beside it */
	f.dns = ipc_client_new("/nonexistent/dns.sock");
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(of(&r, "rdns-missing")->found, FOUND_ERROR);
	assert_true(of(&r, "rdns-missing")->seen.n > 0);
	assert_false(r.standing.refused);
	gate_judge(gate_filters, &f, &r, &a);
	assert_true(clock_mono() - began < 2 * patient.dns_deadline);
	facts_clear(&f);
	ipc_client_free(f.dns);
}

/* A check that did not run says because of what. */
static void a_skipped_check_names_the_one_that_spoke(void **state)
{
	ARENA(a);
	struct policy p = policy;
	struct list *good = list_new(LIST_IP), *bad = list_new(LIST_IP);
	struct facts f = { .policy = &p, .ip = STR("192.0.2.7"), .mem = &a };
	struct ruling r = { .at = AT_CONNECT };
	const char *why;

	(void)state;
	assert_int_equal(list_add(good, STR("192.0.2.0/24"), &why) | list_add(bad, STR("192.0.2.7"), &why), 0);
	list_seal(good);
	list_seal(bad);
	p.lists.ip_whitelist = good;
	p.set.reject_unresolvable_rdns = true;
	f.dns = ipc_client_new("/nonexistent/dns.sock");
	gate_judge(gate_filters, &f, &r, &a);
	assert_true(str_eqz(of(&r, "rdns-resolve")->seen, "whitelisted by ip-whitelist 192.0.2.0/24"));
	p.lists.ip_whitelist = NULL;
	p.lists.ip_blacklist = bad;
	r = (struct ruling){ .at = AT_CONNECT };
	gate_judge(gate_filters, &f, &r, &a);
	assert_true(str_eqz(of(&r, "rdns-resolve")->seen, "already refused by ip-blacklist"));
	p.set.filter_level = STR("allow-all");
	r = (struct ruling){ .at = AT_CONNECT };
	gate_judge(gate_filters, &f, &r, &a);
	assert_true(str_eqz(of(&r, "rdns-resolve")->seen, "filter-level allow-all"));
	facts_clear(&f);
	ipc_client_free(f.dns);
	list_free(good);
	list_free(bad);
}

/* What filter-level refuses no whitelist lets past. */
static void filter_level_is_above_whitelists(void **state)
{
	static const struct {
		const char *level;
		bool login, refused;
		enum reason why;
	} t[] = {
		{ "normal", false, false, REASON_ALLOWED },      { "require-auth", false, true, REASON_AUTH_REQUIRED },
		{ "require-auth", true, false, REASON_ALLOWED }, { "reject-all", false, true, REASON_REJECT_ALL },
		{ "reject-all", true, true, REASON_REJECT_ALL }, { "allow-all", false, false, REASON_ALLOWED },
	};
	struct list *good = list_new(LIST_IP);
	const char *why;

	(void)state;
	assert_int_equal(list_add(good, STR("192.0.2.7"), &why), 0);
	list_seal(good);
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct policy p = policy;
		struct facts f = { .policy = &p, .ip = STR("192.0.2.7"), .authenticated = t[i].login, .mem = &a };
		struct ruling one = { .at = AT_CONNECT }, two = { .at = AT_RECIPIENT };

		p.set.filter_level = str_of(t[i].level);
		p.lists.ip_whitelist = good;
		f.dns = ipc_client_new("/nonexistent/dns.sock");
		f.rcpt = STR("a@example.com");
		facts_set_recipient(&f, RESOLVED_MAILBOX, 0);
		gate_judge(gate_filters, &f, &one, &a);
		two.standing = one.standing;
		gate_judge(gate_filters, &f, &two, &a);
		if (two.standing.refused != t[i].refused || (t[i].refused && two.standing.by.reason != t[i].why))
			fail_msg("row %zu", i);
		facts_clear(&f);
		ipc_client_free(f.dns);
	}
	list_free(good);
}

static void who_may_relay(void **state)
{
	static const struct {
		const char *level;
		bool may, relays;
	} t[] = {
		{ "normal", false, false },    { "normal", true, true },     { "block-all", true, false },
		{ "block-all", false, false }, { "allow-all", false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct policy p = policy;
		struct facts f = { .policy = &p, .may_relay = t[i].may };

		p.set.relay_level = str_of(t[i].level);
		assert_int_equal(gate_may_relay(&f), t[i].relays);
	}
}

static void off_is_skipped(void **state)
{
	ARENA(a);
	struct policy p = policy;
	struct facts f = { .policy = &p, .mem = &a, .at[FACT_RDNS].status = FACT_KNOWN };
	struct ruling r = { .at = AT_CONNECT };

	(void)state;
	p.set.reject_empty_rdns = false;
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(of(&r, "rdns-missing")->found, FOUND_SKIPPED);
	assert_true(str_eqz(of(&r, "rdns-missing")->seen, "off"));
	facts_clear(&f);
}

/* 467 letters: with " x" and a link of 30 the longest reply that there is. */
#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define LONG X100 X100 X100 X100 X10 X10 X10 X10 X10 X10 "xxxxxxx"

static void words_of_a_refusal(void **state)
{
	static const struct {
		enum reason why;
		int code;
		const char *url;
		const char *enhanced, *text, *more, *own, *ref;
	} t[] = {
		{ REASON_RBL_MATCH, 554, "", "5.7.1",
		  "Refused. Your IP address is listed in the RBL at zen.example: see there", "zen.example: see there",
		  NULL, NULL },
		{ REASON_RBL_MATCH, 554, "http://p.example/", "5.7.1",
		  "Go away: zen.example See: http://p.example/#DENIED_RBL_MATCH", "zen.example", "Go away:", NULL },
		{ REASON_SENDER_NO_MX, 554, "", "4.1.8",
		  "Refused. The domain of your sender address has no mail exchanger (MX).", NULL, NULL, NULL },
		{ REASON_RDNS_MISSING, 554, "", "5.7.25",
		  "Refused. You have no reverse DNS entry. Contact postmaster@mx.example for details.", NULL, NULL,
		  NULL },
		{ REASON_RDNS_MISSING, 421, "http://p.example/", "4.7.25",
		  "Refused. You have no reverse DNS entry. Contact postmaster@mx.example for details. "
		  "See: http://p.example/#DENIED_RDNS_MISSING",
		  NULL, NULL, NULL },
		{ REASON_RELAYING, 554, "http://p.example/?c=", "5.7.1",
		  "Refused. Sending to remote addresses (relaying) is not allowed. See: "
		  "http://p.example/?c=DENIED_RELAYING",
		  NULL, NULL, NULL },
		{ REASON_RELAYING, 554, "http://p.example/why/%ref", "5.7.1",
		  "Refused. Sending to remote addresses (relaying) is not allowed. See: http://p.example/why/AQAB-_x",
		  NULL, NULL, "AQAB-_x" },
		{ REASON_RELAYING, 554, "http://p.example/why/%ref?again=%ref&x", "5.7.1",
		  "Refused. Sending to remote addresses (relaying) is not allowed. See: "
		  "http://p.example/why/AQAB-_x?again=AQAB-_x&x",
		  NULL, NULL, "AQAB-_x" },
		{ REASON_RELAYING, 554, "http://p.example/why/%ref", "5.7.1",
		  "Refused. Sending to remote addresses (relaying) is not allowed. See: http://p.example/why/%ref",
		  NULL, NULL, NULL },
		{ REASON_RBL_MATCH, 554, "http://p.example/%ref", "5.7.1", LONG " x See: http://p.example/AQAB-_x", "x",
		  LONG, "AQAB-_x" },
		{ REASON_RBL_MATCH, 554, "http://p.example/%ref", "5.7.1", LONG " xy", "xy", LONG, "AQAB-_x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct policy p = policy;
		struct reply r;

		p.set.policy_url = str_of(t[i].url);
		p.set.rejection_code_empty_rdns = t[i].code;
		p.set.rejection_text_dns_blacklist = str_of(t[i].own);
		gate_reply(&p, &(struct refusal_words){ t[i].why, str_of(t[i].more), str_of(t[i].ref) }, &a, &r);
		assert_int_equal(r.code, t[i].enhanced[0] == '4' ? 421 : t[i].code);
		assert_string_equal(r.enhanced, t[i].enhanced);
		assert_true(str_eqz(r.text, t[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_judging),
		cmocka_unit_test(the_last_asks_last),
		cmocka_unit_test(a_standing_is_carried_to_the_next_stage),
		cmocka_unit_test(a_silent_resolver_refuses_nobody_and_waits_only_once),
		cmocka_unit_test(a_skipped_check_names_the_one_that_spoke),
		cmocka_unit_test(filter_level_is_above_whitelists),
		cmocka_unit_test(who_may_relay),
		cmocka_unit_test(off_is_skipped),
		cmocka_unit_test(words_of_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
