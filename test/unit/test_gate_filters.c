/* Filters as tables: which facts are refused, which pass, and in what words. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "gate/gate.h"

static const struct policy policy = {
	.on = true,
	.set = { .reject_empty_rdns = true, .rejection_code_empty_rdns = 554 },
	.contact = STR_INIT("postmaster@mx.example"),
	.dns_deadline = 200,
};

static const struct {
	const struct filter *filter;
	struct facts f;
	const char *seen; /* NULL: it passes */
} votes[] = {
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
	{ &filter_invalid_recipient, { .recipient = RESOLVED_NO_MAILBOX }, "no mailbox or alias has this name" },
	{ &filter_invalid_recipient, { .recipient = RESOLVED_OVER_QUOTA }, NULL },
	{ &filter_invalid_recipient, { .recipient = RESOLVED_NOT_OURS }, NULL },
	{ &filter_unavailable_recipient, { .recipient = RESOLVED_OVER_QUOTA }, "the mailbox is full" },
	{ &filter_unavailable_recipient, { .recipient = RESOLVED_LOOP }, "its aliases end in themselves" },
	{ &filter_unavailable_recipient, { .recipient = RESOLVED_NO_MAILBOX }, NULL },
	{ &filter_sender_not_local, { .sender = STR_INIT("") }, NULL },
	{ &filter_sender_not_local, { .sender = STR_INIT("a@b"), .sender_local = true }, NULL },
	{ &filter_sender_not_local, { .sender = STR_INIT("a@b") }, "b is not hosted here" },
	{ &filter_sender_not_auth, { .sender = STR_INIT("a@b"), .user = STR_INIT("A@b") }, NULL },
	{ &filter_sender_not_auth, { .sender = STR_INIT(""), .user = STR_INIT("a@b") }, NULL },
	{ &filter_sender_not_auth, { .sender = STR_INIT("a@b"), .user = STR_INIT("c@b") }, "a@b is not c@b" },
	{ &filter_sender_not_auth_domain, { .sender = STR_INIT("a@b"), .user = STR_INIT("c@b") }, NULL },
	{ &filter_sender_not_auth_domain, { .sender = STR_INIT("a@b"), .user = STR_INIT("a@c") },
	  "a@b is not of c" },
	{ &filter_sender_no_mx, { .sender = STR_INIT("a@b"), .sender_mx = true }, NULL },
	{ &filter_sender_no_mx, { .sender = STR_INIT("a@b") }, "no mail can be sent to b" },
	{ &filter_ip_in_cc_rdns, { .ip = STR_INIT("11.22.33.44"), .rdns = STR_INIT("11-22-33-44.x.de") },
	  "11-22-33-44.x.de holds 11.22.33.44 and ends in a country" },
	{ &filter_ip_in_cc_rdns, { .ip = STR_INIT("11.22.33.44"), .rdns = STR_INIT("11-22-33-44.x.com") }, NULL },
	{ &filter_ip_in_cc_rdns, { .ip = STR_INIT("11.22.33.44"), .rdns = STR_INIT("11-22-33-45.x.de") }, NULL },
	{ &filter_ip_in_cc_rdns, { .ip = STR_INIT("11.22.33.44"), .rdns = STR_INIT("") }, NULL },
	{ &filter_auth_required, { .early = false }, "nobody logged in" },
	{ &filter_reject_all, { .early = false }, "filter-level reject-all" },
	/* clang-format on */
};

static void filters_as_tables(void **state)
{
	struct policy p = policy;

	(void)state;
	p.set.max_recipients = 2;
	for (size_t i = 0; i < COUNT(votes); i++) {
		ARENA(a);
		struct verdict v = { .mem = &a };
		struct facts f = votes[i].f;
		enum vote vote;

		f.policy = &p;
		vote = votes[i].filter->decide(&f, &v);
		if (vote != (votes[i].seen == NULL ? PASS : REFUSE) || !str_eqz(v.seen, votes[i].seen))
			fail_msg("row %zu: %d, %.*s", i, vote, STR_ARG(v.seen));
		if (vote == REFUSE)
			assert_string_equal(reason_row(v.reason)->name, votes[i].filter->name);
	}
}

static const struct {
	const struct filter *filter;
	size_t at; /* of its list in struct lists */
	enum list_kind kind;
	const char *entry;
	struct facts on, off;
	const char *seen;
	int reason; /* -1: a whitelist */
} listed[] = {
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
	{ &filter_ip_in_rdns, offsetof(struct lists, ip_in_rdns_keyword_blacklist), LIST_KEYWORD, "dsl .example",
	  { .ip = STR_INIT("192.0.2.7"), .rdns = STR_INIT("192-0-2-7.dsl.b.example") },
	  { .ip = STR_INIT("192.0.2.7"), .rdns = STR_INIT("192-0-2-8.dsl.b.example") },
	  "192-0-2-7.dsl.b.example holds 192.0.2.7 and \"dsl .example\"", REASON_IP_IN_RDNS },
	{ &filter_ip_in_rdns_whitelist, offsetof(struct lists, ip_in_rdns_keyword_whitelist), LIST_KEYWORD, "static",
	  { .ip = STR_INIT("192.0.2.7"), .rdns = STR_INIT("192-0-2-7.static.b.example") },
	  { .ip = STR_INIT("192.0.2.7"), .rdns = STR_INIT("192-0-2-7.b.example") },
	  "192-0-2-7.static.b.example holds 192.0.2.7 and \"static\"", -1 },
	{ &filter_header_blacklist, offsetof(struct lists, header_blacklist), LIST_HEADER, "Subject: *c?sino*",
	  { .header = STR_INIT("To: x\r\nSUBJECT:\tbig\r\n  CASINO\r\n\tnight\r\n") },
	  { .header = STR_INIT("To: x\r\nX-Subject: casino\r\n") },
	  "\"SUBJECT: big CASINO night\" matches Subject: *c?sino*", REASON_HEADER_BLACKLISTED },
	{ &filter_recipient_blacklist, offsetof(struct lists, recipient_blacklist), LIST_ADDRESS, "@example",
	  { .rcpt = STR_INIT("a@b.example") }, { .rcpt = STR_INIT("example") },
	  "a@b.example matches @example", REASON_RECIPIENT_BLACKLISTED },
	/* clang-format on */
};

/* Each list filter with a list of one entry: who is on it, and who is not. */
static void lists_as_tables(void **state)
{

	(void)state;
	for (size_t i = 0; i < COUNT(listed); i++) {
		ARENA(a);
		struct policy p = policy;
		struct list *l = list_new(listed[i].kind);
		struct facts on = listed[i].on, off = listed[i].off;
		struct verdict v = { .mem = &a };
		const char *why;

		on.policy = off.policy = &p;
		assert_string_equal(listed[i].filter->off(&on), "off");
		assert_int_equal(listed[i].filter->decide(&on, &v), PASS);
		assert_int_equal(list_add(l, str_of(listed[i].entry), &why), 0);
		list_seal(l);
		*(struct list **)((char *)&p.lists + listed[i].at) = l;
		assert_null(listed[i].filter->off(&on));
		assert_int_equal(listed[i].filter->decide(&off, &v), PASS);
		assert_int_equal(listed[i].filter->decide(&on, &v), listed[i].reason < 0 ? ALLOW : REFUSE);
		assert_true(listed[i].filter->allows == (listed[i].reason < 0));
		if (listed[i].reason >= 0)
			assert_int_equal(v.reason, listed[i].reason);
		assert_true(str_eqz(v.seen, listed[i].seen) && str_eqz(v.hit.entry, listed[i].entry));
		list_free(l);
	}
}

static void every_filter_is_documented_named_as_its_reason_and_has_a_note(void **state)
{
	(void)state;
	for (size_t i = 0; gate_filters[i] != NULL; i++) {
		const struct filter *x = gate_filters[i];
		const struct filter_row *note = filter_by_gate(str_of(x->note != NULL ? x->note : x->name));
		bool named = gate_filters[i]->allows;

		for (int r = 0; r < REASON_COUNT; r++)
			named = named || strcmp(reason_row((enum reason)r)->name, gate_filters[i]->name) == 0;
		assert_true(named);
		assert_true(strlen(gate_filters[i]->doc) > 0);
		assert_non_null(note);
		assert_true((note->reason == REASON_ALLOWED) == gate_filters[i]->allows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_as_tables),
		cmocka_unit_test(lists_as_tables),
		cmocka_unit_test(every_filter_is_documented_named_as_its_reason_and_has_a_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
