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
	.set = { .reject_empty_rdns = true, .rejection_code_empty_rdns = 554 },
	.contact = STR_INIT("postmaster@mx.example"),
	.dns_deadline = 200,
};

static void filters_as_tables(void **state)
{
	static const struct {
		const struct filter *filter;
		struct facts f;
		const char *seen; /* NULL: it passes */
	} t[] = {
		/* clang-format off */
		{ &filter_rdns_missing, { .rdns = STR_INIT("a.example") }, NULL },
		{ &filter_rdns_missing, { .ip = STR_INIT("127.0.0.7") }, "no reverse name for 127.0.0.7" },
		{ &filter_rdns_resolve, { .rdns = STR_INIT("a.example"), .rdns_resolves = true }, NULL },
		{ &filter_rdns_resolve, { .rdns = STR_INIT("a.example") }, "a.example leads to no address" },
		{ &filter_rdns_resolve, { .rdns = STR_INIT("") }, NULL },
		{ &filter_earlytalker, { .early = false }, NULL },
		{ &filter_earlytalker, { .early = true }, "it talked before the greeting" },
		{ &filter_too_many_recipients, { .accepted = 1 }, NULL },
		{ &filter_too_many_recipients, { .accepted = 2 }, "2 recipients were accepted before it" },
		{ &filter_identical_sender_recipient, { .sender = STR_INIT("a@b"), .rcpt = STR_INIT("a@c") }, NULL },
		{ &filter_identical_sender_recipient, { .sender = STR_INIT(""), .rcpt = STR_INIT("") }, NULL },
		{ &filter_identical_sender_recipient, { .sender = STR_INIT("a@b"), .rcpt = STR_INIT("a@b") },
		  "the recipient is the sender" },
		{ &filter_unqualified_recipient, { .rcpt = STR_INIT("a@b") }, NULL },
		{ &filter_unqualified_recipient, { .rcpt = STR_INIT("postmaster") }, NULL },
		{ &filter_unqualified_recipient, { .rcpt = STR_INIT("postmasters") }, "the recipient has no domain" },
		{ &filter_relaying, { .recipient = RESOLVED_MAILBOX }, NULL },
		{ &filter_relaying, { .recipient = RESOLVED_NO_MAILBOX }, NULL },
		{ &filter_relaying, { .recipient = RESOLVED_TEMPORARY }, NULL },
		{ &filter_relaying, { .recipient = RESOLVED_NOT_OURS, .may_relay = true }, NULL },
		{ &filter_relaying, { .recipient = RESOLVED_NOT_OURS },
		  "the recipient's domain is not hosted here" },
		/* clang-format on */
	};
	struct policy p = policy;

	(void)state;
	p.set.max_recipients = 2;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct verdict v = { .mem = &a };
		struct facts f = t[i].f;
		enum vote vote;

		f.policy = &p;
		vote = t[i].filter->decide(&f, &v);
		if (vote != (t[i].seen == NULL ? PASS : REFUSE) || !str_eqz(v.seen, t[i].seen))
			fail_msg("row %zu: %d, %.*s", i, vote, STR_ARG(v.seen));
		if (vote == REFUSE)
			assert_string_equal(reason_row(v.reason)->name, t[i].filter->name);
	}
}

/* Each list filter with a list of one entry: who is on it, and who is not. */
static void lists_as_tables(void **state)
{
	static const struct {
		const struct filter *filter;
		size_t at; /* of its list in struct lists */
		enum list_kind kind;
		const char *entry;
		struct facts on, off;
		const char *seen;
		int reason; /* -1: a whitelist */
	} t[] = {
		/* clang-format off */
		{ &filter_ip_whitelist, offsetof(struct lists, ip_whitelist), LIST_IP, "192.0.2.",
		  { .ip = STR_INIT("192.0.2.7") }, { .ip = STR_INIT("192.0.3.7") }, "192.0.2.7 matches 192.0.2.", -1 },
		{ &filter_ip_blacklist, offsetof(struct lists, ip_blacklist), LIST_IP, "2001:db8::/32",
		  { .ip = STR_INIT("2001:db8::7") }, { .ip = STR_INIT("192.0.2.7") },
		  "2001:db8::7 matches 2001:db8::/32", REASON_BLACKLIST_IP },
		{ &filter_rdns_whitelist, offsetof(struct lists, rdns_whitelist), LIST_NAME, ".b.example",
		  { .rdns = STR_INIT("mx.b.example") }, { .rdns = STR_INIT("") }, "mx.b.example matches .b.example", -1 },
		{ &filter_rdns_blacklist, offsetof(struct lists, rdns_blacklist), LIST_NAME, "mx.b.example",
		  { .rdns = STR_INIT("mx.b.example") }, { .rdns = STR_INIT("b.example") },
		  "mx.b.example matches mx.b.example", REASON_BLACKLIST_NAME },
		{ &filter_sender_whitelist, offsetof(struct lists, sender_whitelist), LIST_ADDRESS, "@b.example",
		  { .sender = STR_INIT("a@b.example") }, { .sender = STR_INIT("") }, "a@b.example matches @b.example", -1 },
		{ &filter_sender_blacklist, offsetof(struct lists, sender_blacklist), LIST_ADDRESS, "a@b.example",
		  { .sender = STR_INIT("a@b.example") }, { .rcpt = STR_INIT("a@b.example") },
		  "a@b.example matches a@b.example", REASON_SENDER_BLACKLISTED },
		{ &filter_recipient_whitelist, offsetof(struct lists, recipient_whitelist), LIST_ADDRESS, "a@b.example",
		  { .rcpt = STR_INIT("a@b.example") }, { .sender = STR_INIT("a@b.example") },
		  "a@b.example matches a@b.example", -1 },
		{ &filter_recipient_blacklist, offsetof(struct lists, recipient_blacklist), LIST_ADDRESS, "@example",
		  { .rcpt = STR_INIT("a@b.example") }, { .rcpt = STR_INIT("example") },
		  "a@b.example matches @example", REASON_RECIPIENT_BLACKLISTED },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct policy p = policy;
		struct list *l = list_new(t[i].kind);
		struct facts on = t[i].on, off = t[i].off;
		struct verdict v = { .mem = &a };
		const char *why;

		on.policy = off.policy = &p;
		assert_string_equal(t[i].filter->off(&on), "off");
		assert_int_equal(t[i].filter->decide(&on, &v), PASS);
		assert_int_equal(list_add(l, str_of(t[i].entry), &why), 0);
		list_seal(l);
		*(struct list **)((char *)&p.lists + t[i].at) = l;
		assert_null(t[i].filter->off(&on));
		assert_int_equal(t[i].filter->decide(&off, &v), PASS);
		assert_int_equal(t[i].filter->decide(&on, &v), t[i].reason < 0 ? ALLOW : REFUSE);
		assert_true(t[i].filter->allows == (t[i].reason < 0));
		if (t[i].reason >= 0)
			assert_int_equal(v.reason, t[i].reason);
		assert_true(str_eqz(v.seen, t[i].seen) && str_eqz(v.hit.entry, t[i].entry));
		list_free(l);
	}
}

static void every_filter_is_documented_named_as_its_reason_and_has_a_note(void **state)
{
	(void)state;
	for (size_t i = 0; gate_filters[i] != NULL; i++) {
		const struct filter_row *note = filter_by_gate(str_of(gate_filters[i]->name));
		bool named = gate_filters[i]->allows;

		for (int r = 0; r < REASON_COUNT; r++)
			named = named || strcmp(reason_row((enum reason)r)->name, gate_filters[i]->name) == 0;
		assert_true(named);
		assert_true(strlen(gate_filters[i]->doc) > 0);
		assert_non_null(note);
		assert_true((note->reason == REASON_ALLOWED) == gate_filters[i]->allows);
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
	.name = "last", .at = AT_CONNECT, .needs = NEEDS(FACT_RDNS), .last = true, .decide = put_off
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
		ipc_client_free(f.dns);
		assert_int_equal(f.at[FACT_RDNS].status, t[i].asked ? FACT_FAILED : FACT_UNKNOWN);
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
	assert_int_equal(r.n, 7);
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
	p.set.reject_empty_rdns = false;
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

		p.set.policy_url = str_of(t[i].url);
		p.set.rejection_code_empty_rdns = t[i].code;
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
		cmocka_unit_test(lists_as_tables),
		cmocka_unit_test(every_filter_is_documented_named_as_its_reason_and_has_a_note),
		cmocka_unit_test(order_of_judging),
		cmocka_unit_test(the_last_asks_last),
		cmocka_unit_test(a_standing_is_carried_to_the_next_stage),
		cmocka_unit_test(a_silent_resolver_refuses_nobody_and_waits_only_once),
		cmocka_unit_test(off_is_skipped),
		cmocka_unit_test(words_of_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
