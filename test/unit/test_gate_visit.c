/* The gate over one visit: whose policy counts for whom, judged how often, and the one message of many recipients. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "gate/packed.h"
#include "gate/visit.h"

static int judged[STAGES]; /* how often a filter of the stage was */

static enum vote connect_decide(const struct facts *f, struct verdict *v)
{
	judged[AT_CONNECT]++;
	return f->policy->set.reject_empty_rdns ? gate_refuse(v, REASON_RDNS_MISSING, STR("none")) : PASS;
}

static enum vote sender_decide(const struct facts *f, struct verdict *v)
{
	struct hit h;

	judged[AT_SENDER]++;
	return policy_lists(f->policy, sender_whitelist, f->sender, &h) ? gate_allow(v, h.entry) : PASS;
}

/* What a recipient's policy says of the message is written in its policy-url. */
static enum vote data_decide(const struct facts *f, struct verdict *v)
{
	struct str url = f->policy->set.policy_url;

	judged[AT_DATA]++;
	if (str_eqz(url, "header"))
		return gate_refuse(v, REASON_HEADER_BLACKLISTED, STR("h"));
	if (str_eqz(url, "junk"))
		gate_effect(v, EFFECT_JUNK, STR("j"));
	return str_eqz(url, "refuse") ? gate_refuse(v, REASON_OTHER, STR("r")) : PASS;
}

static const struct filter at_connect = { .name = "c", .at = AT_CONNECT, .decide = connect_decide };
static const struct filter at_sender = { .name = "s", .at = AT_SENDER, .allows = true, .decide = sender_decide };
static const struct filter at_data = { .name = "d", .at = AT_DATA, .decide = data_decide };
static const struct filter *const filters[] = { &at_connect, &at_sender, &at_data, NULL };

static struct rules rules;
static struct policy base;
static struct arena mem, message;
static struct facts facts;
static struct visit visit;

/* A tree of a few files, and a visit that has come to RCPT. */
static int come(void **state)
{
	static const char *const tree[][2] = {
		{ "0/_recipient_/com/example", "reject-empty-rdns=no\n" },
		{ "0/_recipient_/com/friends/_at_/friend", "sender-whitelist-entry=@b.example\n" },
		{ "0/_recipient_/com/header", "policy-url=header\nreject-empty-rdns=no\n" },
		{ "0/_recipient_/com/junk", "policy-url=junk\nreject-empty-rdns=no\n" },
		{ "0/_recipient_/com/refuse", "policy-url=refuse\nreject-empty-rdns=no\n" },
	};
	static const struct str root = STR_INIT("/c");
	struct conf_gate set = { .reject_empty_rdns = true, .config_dir = { .at = &root, .n = 1 } };
	struct lists_of x = { .set = &set, .file = "t.conf" };
	struct cur cur;
	struct err e;

	(void)state;
	rules = (struct rules){ .packed = BUF_INIT };
	for (size_t i = 0; i < COUNT(tree); i++) {
		packed_str(&rules.packed, str_of(tree[i][0]));
		packed_str(&rules.packed, str_of(tree[i][1]));
	}
	packed_str(&rules.packed, str_of(NULL));
	cur = cur_of(buf_str(&rules.packed));
	assert_true(config_dirs_read(&rules.dirs, &set, &cur));
	assert_int_equal(lists_make(&x, &rules.files, &rules.lists, &e), 0);
	base = (struct policy){ .on = true, .set = set, .lists = rules.lists, .dns_deadline = 1 };
	facts = (struct facts){ .ip = STR("192.0.2.7"), .sender = STR("a@b.example"), .mem = &mem };
	facts.at[FACT_RDNS].status = FACT_KNOWN;
	for (int i = 0; i < STAGES; i++)
		judged[i] = 0;
	visit_begin(&visit, &rules, &base, &facts, &mem);
	visit.filters = filters;
	assert_true(visit_sender(&visit, &message));
	return 0;
}

static int go(void **state)
{
	(void)state;
	visit_end(&visit);
	arena_clear(&message);
	arena_clear(&mem);
	rules_clear(&rules);
	return 0;
}

static struct view *view_of(const char *rcpt, const char *settings)
{
	struct view *w;
	struct err e;

	facts.rcpt = str_of(rcpt);
	assert_int_equal(visit_recipient(&visit, str_of(settings), &w, &e), 0);
	return w;
}

static void whose_policy_counts(void **state)
{
	struct view *a, *b;

	(void)state;
	assert_ptr_equal(view_of("a@other.example", ""), &visit.plain);
	assert_true(visit.plain.sender.standing.refused);
	assert_int_equal(judged[AT_CONNECT], 1);
	a = view_of("a@example.com", "");
	assert_false(a->sender.standing.refused);
	assert_int_equal(judged[AT_CONNECT], 2);
	/* The same settings: the same view, and nothing is judged again. */
	assert_ptr_equal(view_of("b@example.com", ""), a);
	assert_int_equal(judged[AT_CONNECT], 2);
	b = view_of("friend@friends.com", "");
	assert_true(b != a && b->sender.standing.allowed);
	assert_ptr_equal(view_of("a@other.example", ""), &visit.plain);
	/* The accounts' word comes last. */
	a = view_of("b@example.com", "reject-empty-rdns=yes\n");
	assert_true(a->sender.standing.refused);
	assert_ptr_equal(view_of("c@example.com", "reject-empty-rdns=yes\n"), a);
	a = view_of("a@other.example", "reject-empty-rdns=no\n");
	assert_false(a->sender.standing.refused);
	assert_int_equal(judged[AT_CONNECT], 5);
	/* The next message begins under the listener's policy, and the client is not judged again. */
	visit_end(&visit);
	assert_ptr_equal(facts.policy, &base);
	assert_false(visit_sender(&visit, &message));
	assert_int_equal(judged[AT_CONNECT], 5);
	visit_end(&visit);
	visit_anew(&visit);
	assert_true(visit_sender(&visit, &message));
}

static void settings_that_are_wrong_do_not_count(void **state)
{
	struct view *w;
	struct err e;

	(void)state;
	facts.rcpt = STR("a@other.example");
	assert_int_equal(visit_recipient(&visit, STR("reject-empty-rdns=no\nx=y\n"), &w, &e), -1);
	assert_string_equal(e.text, "accounts:2: x is not an option of the gate");
	assert_ptr_equal(w, &visit.plain);
	facts.rcpt = STR("a@example.com");
	assert_int_equal(visit_recipient(&visit, STR("x=y\n"), &w, &e), -1);
	assert_ptr_equal(w, view_of("b@example.com", ""));
}

static void too_many_policies(void **state)
{
	struct view *w;
	struct err e;

	(void)state;
	facts.rcpt = STR("a@other.example");
	for (int i = 0; i < VISIT_VIEWS_MAX; i++)
		view_of("a@other.example", arena_fmt(&message, "graylist-min-secs=%d\n", i).p);
	assert_int_equal(visit_recipient(&visit, STR("graylist-min-secs=1000\n"), &w, &e), 0);
	assert_null(w);
	view_of("a@other.example", "graylist-min-secs=7\n");
	assert_ptr_equal(view_of("a@other.example", ""), &visit.plain);
}

static void one_message_of_many_recipients(void **state)
{
	static const struct {
		const char *to[4];
		bool allowed[4], refused, junk[4];
		int judged;
	} t[] = {
		/* clang-format off */
		{ { "a@example.com" }, { 0 }, false, { 0 }, 1 },
		{ { "a@example.com", "b@example.com", "a@other.example" }, { 0 }, false, { 0 }, 2 },
		{ { "a@refuse.com" }, { 0 }, true, { 0 }, 1 },
		{ { "a@refuse.com", "b@refuse.com" }, { 0 }, true, { 0 }, 1 },
		{ { "a@refuse.com", "a@example.com", "b@refuse.com" }, { 0 }, false, { true, false, true }, 2 },
		{ { "a@refuse.com", "b@refuse.com" }, { true, false }, false, { false, true }, 1 },
		{ { "a@junk.com", "a@example.com" }, { 0 }, false, { true, false }, 2 },
		{ { "a@junk.com", "a@refuse.com" }, { 0 }, false, { true, true }, 2 },
		{ { "a@example.com", "a@header.com", "a@junk.com" }, { 0 }, true, { 0 }, 3 },
		{ { "a@refuse.com", "a@header.com" }, { 0 }, true, { 0 }, 2 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct share at[4];
		struct shares s = { .at = at };

		for (; s.n < 4 && t[i].to[s.n] != NULL; s.n++)
			at[s.n] =
			    (struct share){ .view = view_of(t[i].to[s.n], ""), .standing.allowed = t[i].allowed[s.n] };
		judged[AT_DATA] = 0;
		visit_data(&visit, &s, &message);
		if (s.refused != t[i].refused || judged[AT_DATA] != t[i].judged)
			fail_msg("row %zu: refused %d, judged %d", i, s.refused, judged[AT_DATA]);
		for (size_t k = 0; k < s.n; k++)
			if (at[k].junk != t[i].junk[k])
				fail_msg("row %zu: %s junk %d", i, t[i].to[k], at[k].junk);
		visit_end(&visit);
		visit_sender(&visit, &message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whose_policy_counts, come, go),
		cmocka_unit_test_setup_teardown(settings_that_are_wrong_do_not_count, come, go),
		cmocka_unit_test_setup_teardown(too_many_policies, come, go),
		cmocka_unit_test_setup_teardown(one_message_of_many_recipients, come, go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
