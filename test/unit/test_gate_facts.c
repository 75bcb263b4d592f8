/* The costly facts, with a telltale-dns that is a thread of this test. */
#include "fake_dns.h"

#define POLICY(ms) \
	{ \
		.on = true, .set = { .reject_empty_rdns = true, .rejection_code_empty_rdns = 554 }, \
		.dns_deadline = (ms) \
	}
/* Answers are waited for long, so that a busy machine fails no test; silence is not. */
static const struct policy policy = POLICY(20000), hasty = POLICY(300);

/* 192.0.2.1 has a name, .2 has none, .3 fails, .4 has a name nobody may have, .5 to .8 have names that lead to an IPv4
 * address, an IPv6 address, nowhere, and into trouble, .10 is localhost; others are never answered. */
static bool tell(struct str name, uint64_t type, struct dns_told *told)
{
	static const struct {
		const char *name, *record;
		size_t n;
	} names[] = { { "5.", "\010\0\001v\004four\0", 10 },
		      { "6.", "\007\0\001v\003six\0", 9 },
		      { "7.", "\012\0\001v\006nobody\0", 12 },
		      { "8.", "\011\0\001v\005fails\0", 11 },
		      { "10.", "\013\0\011localhost\0", 13 } };

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_starts(name, str_of(names[i].name))) {
			told->status = DNS_FOUND;
			told->records = str_mem(names[i].record, names[i].n);
			return true;
		}
	if (str_starts(name, STR("v."))) {
		bool found = (str_eqz(name, "v.four") && type == DNS_A) || (str_eqz(name, "v.six") && type == DNS_AAAA);

		told->status = found ? DNS_FOUND : str_eqz(name, "v.fails") ? DNS_FAILED : DNS_NONE;
		told->why = STR("SERVFAIL");
		if (found)
			told->records = type == DNS_A ? STR("\004\0\300\0\002\001")
						      : STR("\020\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\001");
		/* One of the two may fail: an address was found all the same. */
		if (str_eqz(name, "v.six") && type == DNS_A)
			told->status = DNS_FAILED;
	} else if (str_starts(name, STR("1."))) {
		told->status = DNS_FOUND;
		told->records = STR("\014\0\002MX\007ExAmple\0");
	} else if (str_starts(name, STR("2."))) {
		told->status = DNS_NONE;
	} else if (str_starts(name, STR("3."))) {
		told->status = DNS_FAILED;
		told->why = STR("SERVFAIL");
	} else if (str_starts(name, STR("4."))) {
		told->status = DNS_FOUND;
		told->records = STR("\005\0\003a, \0");
	} else {
		return false;
	}
	return true;
}

static void the_reverse_name(void **state)
{
	static const struct {
		const char *ip;
		enum fact_status status;
		const char *rdns, *why;
		enum found found;
	} t[] = {
		{ "192.0.2.1", FACT_KNOWN, "mx.example", "", FOUND_PASSED },
		{ "192.0.2.2", FACT_KNOWN, "", "", FOUND_REFUSED },
		{ "192.0.2.3", FACT_FAILED, "", "SERVFAIL", FOUND_ERROR },
		{ "192.0.2.4", FACT_KNOWN, "", "", FOUND_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct facts f = { .policy = &policy, .ip = str_of(t[i].ip), .mem = &a, .dns = client };
		struct ruling r = { .at = AT_CONNECT };
		int before = atomic_load(&questions);

		gate_judge(gate_filters, &f, &r, &a);
		assert_int_equal(f.at[FACT_RDNS].status, t[i].status);
		assert_true(str_eqz(f.rdns, t[i].rdns));
		assert_true(str_eqz(f.at[FACT_RDNS].why, t[i].why));
		assert_int_equal(of(&r, "rdns-missing")->found, t[i].found);
		facts_gather(&f, NEEDS(FACT_RDNS));
		assert_int_equal(atomic_load(&questions), before + 1);
		facts_clear(&f);
	}
}

/* A second wave asks about the name that the first one brought. */
static void where_the_reverse_name_leads(void **state)
{
	static const struct {
		const char *ip;
		enum fact_status status;
		bool resolves;
		int questions;
		enum found found; /* by rdns-resolve */
	} t[] = {
		{ "192.0.2.5", FACT_KNOWN, true, 3, FOUND_PASSED },
		{ "192.0.2.6", FACT_KNOWN, true, 3, FOUND_PASSED },
		{ "192.0.2.7", FACT_KNOWN, false, 3, FOUND_REFUSED },
		{ "192.0.2.8", FACT_FAILED, false, 3, FOUND_ERROR },
		{ "192.0.2.10", FACT_KNOWN, false, 1, FOUND_REFUSED },
		/* rdns-missing has refused or failed: nothing is asked any more */
		{ "192.0.2.2", FACT_KNOWN, false, 1, FOUND_SKIPPED },
		{ "192.0.2.3", FACT_FAILED, false, 1, FOUND_ERROR },
	};
	struct policy p = policy;

	(void)state;
	p.set.reject_unresolvable_rdns = true;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct facts f = { .policy = &p, .ip = str_of(t[i].ip), .mem = &a, .dns = client };
		struct ruling r = { .at = AT_CONNECT };
		int before = atomic_load(&questions);

		gate_judge(gate_filters, &f, &r, &a);
		if (f.at[FACT_RDNS_RESOLVES].status != t[i].status || f.rdns_resolves != t[i].resolves ||
		    of(&r, "rdns-resolve")->found != t[i].found)
			fail_msg("row %zu: %d %d %d", i, f.at[FACT_RDNS_RESOLVES].status, f.rdns_resolves,
				 of(&r, "rdns-resolve")->found);
		assert_int_equal(atomic_load(&questions), before + t[i].questions);
		facts_clear(&f);
	}
}

/* What SPF and DMARC ask is asked once for all messages of a session; what failed is asked again. */
static void others_questions_are_kept_too(void **state)
{
	static const struct {
		const char *name;
		int type;
		enum dns_status status;
		size_t n;
		int questions; /* of two times */
	} t[] = {
		{ "v.four", DNS_A, DNS_FOUND, 1, 1 },
		{ "v.four", DNS_AAAA, DNS_NONE, 0, 1 },
		{ "v.fails", DNS_A, DNS_FAILED, 0, 2 },
		{ "a..b", DNS_A, DNS_NONE, 0, 0 },
	};
	ARENA(a);
	struct facts f = { .policy = &policy, .mem = &a, .dns = client };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		int before = atomic_load(&questions);

		for (int turn = 0; turn < 2; turn++) {
			ARENA(message);
			struct dns_question q[2] = { { .name = str_of(t[i].name), .type = t[i].type } };

			q[1] = (struct dns_question){ .name = STR("2.x"), .type = DNS_PTR };
			facts_ask(&f, q, 1 + (i == 1), &message, deadline_in(20000));
			assert_int_equal(q[0].status, t[i].status);
			assert_int_equal(q[0].n, t[i].n);
			if (t[i].n > 0)
				assert_true(str_eq(q[0].rdata[0], STR("\300\0\002\001")));
			if (i == 1)
				assert_int_equal(q[1].status, DNS_NONE);
		}
		assert_int_equal(atomic_load(&questions) - before, t[i].questions + (i == 1));
	}
	facts_clear(&f);
}

static void localhost_is_the_name_of_the_loopback_address_only(void **state)
{
	static const struct {
		const char *ip;
		bool resolves;
	} t[] = { { "127.0.0.1", true }, { "::1", true }, { "127.0.0.2", false }, { "192.0.2.1", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct facts f = { .policy = &policy, .ip = str_of(t[i].ip), .rdns = STR("localhost"), .mem = &a };

		f.at[FACT_RDNS].status = FACT_KNOWN;
		facts_gather(&f, NEEDS(FACT_RDNS_RESOLVES));
		assert_int_equal(f.at[FACT_RDNS_RESOLVES].status, FACT_KNOWN);
		assert_int_equal(f.rdns_resolves, t[i].resolves);
		facts_clear(&f);
	}
}

static void nobody_waits_longer_than_the_deadline_in_all(void **state)
{
	ARENA(a);
	struct facts f = { .policy = &hasty, .ip = STR("192.0.2.9"), .mem = &a, .dns = client };
	int64_t began = clock_mono();

	(void)state;
	for (int i = 0; i < 20; i++) {
		f.at[FACT_RDNS].status = FACT_UNKNOWN;
		facts_gather(&f, NEEDS(FACT_RDNS));
		assert_int_equal(f.at[FACT_RDNS].status, FACT_FAILED);
		facts_clear(&f);
	}
	assert_in_range(clock_mono() - began, hasty.dns_deadline / 4, hasty.dns_deadline + 4000);
	/* However often the names were waited for, there is time for what comes behind them. */
	for (enum dns_share of = SHARE_SPF; of < SHARES; of++)
		assert_true(facts_left(&f, of) > 0);
	/* Nor does SPF, asked at MAIL, take the lists of a recipient theirs. */
	f = (struct facts){ .policy = &hasty };
	facts_spend(&f, SHARE_SPF, hasty.dns_deadline);
	assert_true(facts_left(&f, SHARE_NAMES) > 0);
}

static void a_login_costs_nothing(void **state)
{
	ARENA(a);
	struct facts f = { .policy = &policy, .ip = STR("192.0.2.2"), .authenticated = true, .mem = &a, .dns = client };
	struct facts asks = { .policy = &policy, .ip = STR("192.0.2.1"), .mem = &a, .dns = client };
	struct ruling r = { .at = AT_CONNECT };
	int before;

	(void)state;
	/* One that is answered: the server has counted all that the other tests asked. */
	gate_judge(gate_filters, &asks, &r, &a);
	before = atomic_load(&questions);
	r = (struct ruling){ .at = AT_CONNECT };
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(atomic_load(&questions), before);
	assert_int_equal(of(&r, "rdns-missing")->found, FOUND_SKIPPED);
	assert_true(str_eqz(of(&r, "rdns-missing")->seen, "authenticated"));
	facts_clear(&asks);
	facts_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reverse_name),
		cmocka_unit_test(where_the_reverse_name_leads),
		cmocka_unit_test(others_questions_are_kept_too),
		cmocka_unit_test(localhost_is_the_name_of_the_loopback_address_only),
		cmocka_unit_test(nobody_waits_longer_than_the_deadline_in_all),
		cmocka_unit_test(a_login_costs_nothing),
	};

	return run_served("dns.sock", tests, COUNT(tests));
}
