/* Lists in DNS and the sender's domain, with a telltale-dns that is a thread of this test. */
#include "fake_dns.h"

/* What the world has.  status DNS_FAILED fails; who is named silent is never answered; all else does not exist. */
static const struct record {
	const char *name;
	int type;
	enum dns_status status;
	struct str records;
} world[] = {
	/* clang-format off */
	{ "7.2.0.192.in-addr.arpa", DNS_PTR, DNS_FOUND, STR_INIT("\014\0\002mx\007example\0") },
	{ "7.2.0.192.one", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\0\0\002") },
	{ "7.2.0.192.one", DNS_TXT, DNS_FOUND, STR_INIT("\013\0\003a\001b\006 c\ndef") },
	{ "7.2.0.192.two", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\0\0\012") },
	{ "7.2.0.192.both", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\0\0\003\004\0\177\0\0\004") },
	{ "7.2.0.192.blocked", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\377\377\376") },
	{ "7.2.0.192.alien", DNS_A, DNS_FOUND, STR_INIT("\004\0\300\0\002\001") },
	{ "7.2.0.192.surbl", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\0\0\001") },
	{ "7.2.0.192.broken", DNS_A, DNS_FAILED, STR_INIT("") },
	{ "mx.example.rhs", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\0\0\002") },
	{ "bad.example.rhs", DNS_A, DNS_FOUND, STR_INIT("\004\0\177\0\0\002") },
	{ "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.one", DNS_A, DNS_FOUND,
	  STR_INIT("\004\0\177\0\0\002") },
	{ "mx.sender", DNS_MX, DNS_FOUND, STR_INIT("\005\0\0\012\001x\0") },
	{ "null.sender", DNS_MX, DNS_FOUND, STR_INIT("\003\0\0\0\0") },
	{ "null.sender", DNS_A, DNS_FOUND, STR_INIT("\004\0\300\0\002\001") },
	{ "a.sender", DNS_A, DNS_FOUND, STR_INIT("\004\0\300\0\002\001") },
	{ "fails.sender", DNS_MX, DNS_FAILED, STR_INIT("") },
	{ "six.sender", DNS_AAAA, DNS_FOUND, STR_INIT("\020\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\001") },
	{ "six.sender", DNS_MX, DNS_FAILED, STR_INIT("") },
	/* clang-format on */
};

static bool tell(struct str name, uint64_t type, struct dns_told *told)
{
	told->status = DNS_NONE;
	for (size_t i = 0; i < COUNT(world); i++)
		if (str_eqz(name, world[i].name) && type == (uint64_t)world[i].type) {
			told->status = world[i].status;
			told->records = world[i].records;
			told->why = STR("SERVFAIL");
		}
	return str_find(name, STR("silent")) < 0;
}

static struct list *zones(const char *entries)
{
	struct list *l = list_new(LIST_ZONE);
	struct str rest = str_of(entries), one;
	const char *why;

	while ((one = str_word(&rest)).n > 0)
		assert_int_equal(list_add(l, one, &why), 0);
	list_seal(l);
	return l;
}

static struct policy policy_with(struct list *black, int64_t deadline)
{
	return (struct policy){ .on = true, .lists.dns_blacklist = black, .dns_deadline = deadline };
}

/* Which answers are a listing, which are none, and which are the list's trouble. */
static void listings(void **state)
{
	static const struct {
		const char *ip, *zones;
		enum found found;
		const char *seen, *more;
	} t[] = {
		/* clang-format off */
		{ "192.0.2.8", "one two", FOUND_PASSED, "", "" },
		{ "192.0.2.7", "none one two", FOUND_REFUSED, "192.0.2.7 is listed at one (127.0.0.2)", "one: a?b c?def" },
		{ "192.0.2.7", "two", FOUND_REFUSED, "192.0.2.7 is listed at two (127.0.0.10)", "two" },
		{ "192.0.2.7", "two=127.0.0.2-9", FOUND_PASSED, "", "" },
		{ "192.0.2.7", "two=127.0.0.2-9,127.0.0.10", FOUND_REFUSED, "192.0.2.7 is listed at two (127.0.0.10)", "two" },
		{ "192.0.2.7", "both=127.0.0.4", FOUND_REFUSED, "192.0.2.7 is listed at both (127.0.0.4)", "both" },
		{ "192.0.2.7", "blocked", FOUND_ERROR, "blocked answers 127.255.255.254, which is no listing", "" },
		{ "192.0.2.7", "alien", FOUND_ERROR, "alien answers 192.0.2.1, which is no listing", "" },
		{ "192.0.2.7", "surbl", FOUND_ERROR, "surbl answers 127.0.0.1, which is no listing", "" },
		{ "192.0.2.7", "surbl=127.0.0.1", FOUND_REFUSED, "192.0.2.7 is listed at surbl (127.0.0.1)", "surbl" },
		{ "192.0.2.7", "broken", FOUND_ERROR, "broken: SERVFAIL", "" },
		/* One list's trouble does not hide what another says. */
		{ "192.0.2.7", "broken alien one", FOUND_REFUSED, "192.0.2.7 is listed at one (127.0.0.2)", "one: a?b c?def" },
		{ "2001:db8::7", "one", FOUND_REFUSED, "2001:db8::7 is listed at one (127.0.0.2)", "one" },
		{ "2001:db8::8", "one", FOUND_PASSED, "", "" },
		/* We do not ask about ourselves. */
		{ "127.0.0.1", "one", FOUND_PASSED, "", "" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct list *black = zones(t[i].zones);
		struct policy p = policy_with(black, 20000);
		struct facts f = { .policy = &p, .ip = str_of(t[i].ip), .mem = &a, .dns = client };
		struct ruling r = { .at = AT_CONNECT };
		const struct finding *x;

		gate_judge(gate_filters, &f, &r, &a);
		x = of(&r, "rbl-match");
		if (x->found != t[i].found || !str_eqz(x->seen, t[i].seen) || !str_eqz(x->more, t[i].more))
			fail_msg("row %zu: %d %.*s / %.*s", i, x->found, STR_ARG(x->seen), STR_ARG(x->more));
		if (x->found == FOUND_REFUSED)
			assert_true(x->reason == REASON_RBL_MATCH && str_starts(x->more, x->hit.entry));
		facts_clear(&f);
		list_free(black);
	}
}

/* All at once, each once: also under another policy, for another sender and again. */
static void no_question_is_asked_twice(void **state)
{
	ARENA(a);
	struct list *black = zones("none two"), *more = zones("none two other"), *rhs = zones("rhs");
	struct policy one = policy_with(black, 20000), two = policy_with(more, 20000);
	struct facts f = { .policy = &one, .ip = STR("192.0.2.8"), .mem = &a, .dns = client };
	struct ruling r = { .at = AT_CONNECT };
	int before = atomic_load(&questions);

	(void)state;
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(atomic_load(&questions), before + 3); /* the reverse name too */
	facts_under(&f, &two);
	r = (struct ruling){ .at = AT_CONNECT };
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(atomic_load(&questions), before + 4);
	facts_under(&f, &one);
	r = (struct ruling){ .at = AT_CONNECT };
	gate_judge(gate_filters, &f, &r, &a);
	assert_int_equal(atomic_load(&questions), before + 4);
	one.lists.rhs_blacklist = rhs;
	for (int i = 0; i < 3; i++) {
		facts_set_sender(&f, i == 1 ? STR("a@good.example") : STR("a@bad.example"));
		r = (struct ruling){ .at = AT_SENDER };
		gate_judge(gate_filters, &f, &r, &a);
		assert_int_equal(of(&r, "rhsbl-match")->found, i == 1 ? FOUND_PASSED : FOUND_REFUSED);
	}
	/* bad A and TXT, good A */
	assert_int_equal(atomic_load(&questions), before + 7);
	facts_clear(&f);
	list_free(black);
	list_free(more);
	list_free(rhs);
}

static void names_are_looked_up_too(void **state)
{
	ARENA(a);
	struct list *rhs = zones("rhs"), *white = zones("one");
	struct policy p = { .on = true, .lists.rhs_blacklist = rhs, .dns_deadline = 20000 };
	struct facts f = { .policy = &p, .ip = STR("192.0.2.7"), .mem = &a, .dns = client };
	struct ruling r = { .at = AT_CONNECT };

	(void)state;
	gate_judge(gate_filters, &f, &r, &a);
	assert_true(str_eqz(of(&r, "rhsbl-match")->seen, "mx.example is listed at rhs (127.0.0.2)"));
	assert_true(str_eqz(of(&r, "rhsbl-match")->about, "mx.example"));
	p.lists.dns_whitelist = white;
	f.found_under = NULL;
	r = (struct ruling){ .at = AT_CONNECT };
	gate_judge(gate_filters, &f, &r, &a);
	assert_false(r.standing.refused);
	assert_true(str_eqz(of(&r, "dns-whitelist")->seen, "192.0.2.7 is listed at one (127.0.0.2)"));
	facts_clear(&f);
	list_free(rhs);
	list_free(white);
}

/* A list that says nothing takes only its own check along: the others have the other half of the time. */
static void a_silent_list_refuses_nobody_and_leaves_time_for_others(void **state)
{
	ARENA(a);
	struct list *black = zones("silent one"), *rhs = zones("rhs");
	struct policy p = policy_with(black, 2000);
	struct facts f = { .policy = &p, .ip = STR("192.0.2.7"), .mem = &a, .dns = client };
	struct ruling r = { .at = AT_CONNECT };
	int64_t began = clock_mono();

	(void)state;
	p.lists.rhs_blacklist = rhs;
	gate_judge(gate_filters, &f, &r, &a);
	assert_in_range(clock_mono() - began, 500, 10000);
	assert_int_equal(of(&r, "rbl-match")->found, FOUND_REFUSED);
	assert_true(str_eqz(of(&r, "rhsbl-match")->seen, "already refused by rbl-match"));
	assert_int_equal(f.at[FACT_RHSBL_RDNS].status, FACT_KNOWN);
	facts_clear(&f);
	list_free(black);
	list_free(rhs);
}

static void where_mail_to_the_sender_would_go(void **state)
{
	static const struct {
		const char *sender;
		enum fact_status status;
		bool mx;
	} t[] = {
		{ "", FACT_KNOWN, true },
		{ "a@mx.sender", FACT_KNOWN, true },
		{ "a@null.sender", FACT_KNOWN, false },
		{ "a@a.sender", FACT_KNOWN, true },
		{ "a@six.sender", FACT_KNOWN, true },
		{ "a@none.sender", FACT_KNOWN, false },
		{ "a@fails.sender", FACT_FAILED, false },
		{ "a@[192.0.2.7]", FACT_KNOWN, true },
	};
	struct policy p = policy_with(NULL, 20000);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct facts f = { .policy = &p, .mem = &a, .dns = client };

		facts_set_sender(&f, str_of(t[i].sender));
		f.at[FACT_SENDER_LOCAL].status = FACT_KNOWN;
		facts_gather(&f, NEEDS(FACT_SENDER_MX));
		if (f.at[FACT_SENDER_MX].status != t[i].status || (t[i].status == FACT_KNOWN && f.sender_mx != t[i].mx))
			fail_msg("%s: %d %d", t[i].sender, f.at[FACT_SENDER_MX].status, f.sender_mx);
		facts_clear(&f);
	}
}

/* A session with ever new senders does not keep all that it ever heard. */
static void what_is_kept_is_limited(void **state)
{
	ARENA(a);
	struct list *rhs = zones("rhs");
	struct policy p = { .on = true, .lists.rhs_blacklist = rhs, .dns_deadline = 600000 };
	struct facts f = { .policy = &p, .ip = STR("192.0.2.8"), .mem = &a, .dns = client };

	(void)state;
	for (int i = 0; i < 1500; i++) {
		ARENA(message);
		struct ruling r = { .at = AT_SENDER };

		facts_set_sender(&f, arena_fmt(&message, "a@x%d.%s", i, i % 100 == 0 ? "bad.example" : "example"));
		gate_judge(gate_filters, &f, &r, &message);
		assert_int_equal(of(&r, "rhsbl-match")->found, FOUND_PASSED);
		assert_true(f.nanswers < 600);
	}
	assert_true(f.kept.total < 4 << 20);
	facts_clear(&f);
	list_free(rhs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listings),
		cmocka_unit_test(no_question_is_asked_twice),
		cmocka_unit_test(names_are_looked_up_too),
		cmocka_unit_test(a_silent_list_refuses_nobody_and_leaves_time_for_others),
		cmocka_unit_test(where_mail_to_the_sender_would_go),
		cmocka_unit_test(what_is_kept_is_limited),
	};

	return run_served("dns.sock", tests, COUNT(tests));
}
