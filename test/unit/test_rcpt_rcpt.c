/* Every outcome of the recipient check, with a telltale-lookup that is a thread of this test. */
#include "fake_server.h"

#include <string.h>
#include "rcpt/rcpt.h"

static const struct {
	const char *address;
	enum resolved result;
	const char *targets, *channels;
	enum srs_word srs;
} world[] = {
	{ "bob@here.example", RESOLVED_MAILBOX, "bob@here.example", "l", SRS_NONE },
	{ "list@here.example", RESOLVED_ALIAS, "bob@here.example\nx@away.example", "lr", SRS_NONE },
	{ "any@all.example", RESOLVED_CATCHALL, "bob@here.example", "l", SRS_NONE },
	{ "../../x@all.example", RESOLVED_CATCHALL, "bob@here.example", "l", SRS_NONE },
	{ "bob+../../x@here.example", RESOLVED_MAILBOX, "bob@here.example", "l", SRS_NONE },
	{ "full@here.example", RESOLVED_OVER_QUOTA, "", "", SRS_NONE },
	{ "loop@here.example", RESOLVED_LOOP, "", "", SRS_NONE },
	{ "postmaster@here.example", RESOLVED_ALIAS, "bob@here.example", "l", SRS_NONE },
	{ "a b@here.example", RESOLVED_MAILBOX, "a b@here.example", "l", SRS_NONE },
	{ "SRS0=a/b+=2W=far.example=x@here.example", RESOLVED_ALIAS, "x@far.example", "r", SRS_GOOD },
	{ "SRS0=a/bb=2W=far.example=x@here.example", RESOLVED_NO_MAILBOX, "", "", SRS_FORGED },
	{ "SRS0=abbb=2A=far.example=x@here.example", RESOLVED_NO_MAILBOX, "", "", SRS_EXPIRED },
};

static void tell(struct ipc_conn *c, uint64_t id, struct str address)
{
	struct lookup_resolved m = { .result = RESOLVED_NO_MAILBOX };
	struct err e;

	if (!str_iends(address, STR("@here.example")))
		m.result = RESOLVED_NOT_OURS;
	for (size_t i = 0; i < COUNT(world); i++) {
		if (!str_ieq(address, str_of(world[i].address)))
			continue;
		m.result = world[i].result;
		m.targets = str_of(world[i].targets);
		m.channels = str_of(world[i].channels);
		m.srs = world[i].srs;
	}
	ipc_send(c, &lookup_resolved_type, id, &m, -1, deadline_in(5000), &e);
}

static bool hear(struct ipc_conn *c, const struct ipc_frame *f)
{
	struct lookup_resolve q;
	struct err e;

	if (f->type != lookup_resolve_number || ipc_unpack(f->body, &lookup_resolve_type, &q, &e) < 0)
		return false;
	tell(c, f->id, q.address);
	return true;
}

static const struct rcpt_set base = { .per_message = 100,
				      .invalid_per_session = 10,
				      .hostname = STR_INIT("mx.here.example") };

static void run_from(const char *from, const struct rcpt_set *set, struct rcpt_state *s, const char *to,
		     struct rcpt_outcome *out, struct arena *a, struct rcpt_found *found)
{
	struct rcpt_set with = *set;
	struct cur c = cur_of(str_of(to));
	struct addr x;

	if (with.lookup == NULL)
		with.lookup = client;
	*found = (struct rcpt_found){ 0 };
	assert_int_equal(addr_parse_path(&c, a, &x), 0);
	if (!rcpt_beyond_limits(&with, s))
		rcpt_ask(&with, str_of(from), &x, a, found, deadline_in(2000));
	rcpt_judge(&with, s, found, out);
}

static void run(const struct rcpt_set *set, struct rcpt_state *s, const char *to, struct rcpt_outcome *out,
		struct arena *a, struct rcpt_found *found)
{
	run_from("somebody@far.example", set, s, to, out, a, found);
}

/* Who a forward came from: bounces go back to him, and nothing else by default. */
static void rewritten_senders(void **state)
{
	static const struct {
		const char *to;
		bool bounce, all;
		int code;
		const char *description;
	} t[] = {
		{ "<SRS0=a/b+=2W=far.example=x@here.example>", true, false, 250, "found existing recipient" },
		{ "<SRS0=a/b+=2W=far.example=x@here.example>", false, true, 250, "found existing recipient" },
		{ "<SRS0=a/b+=2W=far.example=x@here.example>", false, false, 550,
		  "rewritten sender takes bounces only" },
		{ "<SRS0=a/bb=2W=far.example=x@here.example>", true, true, 550, "rewritten sender forged" },
		{ "<SRS0=abbb=2A=far.example=x@here.example>", true, true, 550, "rewritten sender expired" },
		{ "<bob@here.example>", false, false, 250, "found existing recipient" },
		{ "<nobody@here.example>", true, true, 550, "not existing recipient" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct rcpt_set set = base;
		struct rcpt_state s = { 0 };
		struct rcpt_outcome out;
		struct rcpt_found found;

		set.srs_all = t[i].all;
		run_from(t[i].bounce ? "" : "somebody@far.example", &set, &s, t[i].to, &out, &a, &found);
		assert_int_equal(out.reply.code, t[i].code);
		assert_string_equal(out.check->description, t[i].description);
		assert_int_equal(s.invalid, t[i].code != 250);
	}
}

static void outcomes(void **state)
{
	static const struct {
		const char *to;
		bool relay;
		int code;
		const char *title, *description;
		const char *final, *original;
	} t[] = {
		/* clang-format off */
		{ "<bob@here.example>",   false, 250, "accepted rcpt", "found existing recipient", "bob@here.example", "bob@here.example" },
		{ "<BOB@Here.example>",   false, 250, "accepted rcpt", "found existing recipient", "bob@here.example", "bob@here.example" },
		{ "<\"a b\"@here.example>", false, 250, "accepted rcpt", "found existing recipient", "a b@here.example", "a b@here.example" },
		{ "<List@here.example>",  false, 250, "accepted rcpt", "found existing recipient", "bob@here.example", "List@here.example" },
		{ "<any@all.example>",    false, 250, "accepted any rcpt", "accepted any recipient for this domain", "bob@here.example", "any@all.example" },
		{ "<postmaster>",         false, 250, "accepted rcpt", "found existing recipient", "bob@here.example", "postmaster" },
		{ "<nobody@here.example>", false, 550, "rejected rcpt", "not existing recipient", NULL, NULL },
		{ "<x@away.example>",     false, 553, "rejected relaying", "client not allowed to relay", NULL, NULL },
		{ "<x@away.example>",     true,  250, "relaying rcpt", "client allowed to relay", "x@away.example", "x@away.example" },
		{ "<full@here.example>",  false, 552, "mbx overquota", "rcpt mailbox is overquota", NULL, NULL },
		{ "<loop@here.example>",  false, 550, NULL, NULL, NULL, NULL },
		{ "<bob>",                false, 550, NULL, NULL, NULL, NULL },
		{ "<../../x@here.example>", false, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<../../x@all.example>", false, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<a/../../b@here.example>", true, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<bob+../../x@here.example>", false, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<.bob@here.example>",  false, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<\".bob\"@here.example>", false, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<\"a\\\\b\"@here.example>", false, 553, "rejected rcpt", "invalid rcpt address format", NULL, NULL },
		{ "<%2f%2e@here.example>", false, 550, "rejected rcpt", "not existing recipient", NULL, NULL },
		{ "<o'x@here.example>",   false, 550, "rejected rcpt", "not existing recipient", NULL, NULL },
		{ "<../../x@away.example>", false, 553, "rejected relaying", "client not allowed to relay", NULL, NULL },
		{ "</O=x/S=y/@away.example>", true, 250, "relaying rcpt", "client allowed to relay", "/O=x/S=y/@away.example", "/O=x/S=y/@away.example" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct rcpt_state s = { .may_relay = t[i].relay };
		struct rcpt_outcome out;
		struct rcpt_found found;

		run(&base, &s, t[i].to, &out, &a, &found);
		if (out.reply.code != t[i].code)
			fail_msg("%s: %d %.*s", t[i].to, out.reply.code, STR_ARG(out.reply.text));
		assert_int_equal(out.accepted, t[i].code == 250);
		assert_int_equal(s.accepted, t[i].code == 250);
		assert_int_equal(out.check == NULL, t[i].title == NULL);
		if (t[i].title != NULL) {
			assert_string_equal(out.check->title, t[i].title);
			assert_string_equal(out.check->description, t[i].description);
		}
		if (t[i].final != NULL) {
			assert_true(str_eqz(found.targets[0].final, t[i].final));
			assert_true(str_eqz(found.targets[0].original, t[i].original));
		}
	}
}

static void several_targets(void **state)
{
	ARENA(a);
	struct rcpt_state s = { 0 };
	struct rcpt_outcome out;
	struct rcpt_found found;

	(void)state;
	run(&base, &s, "<list@here.example>", &out, &a, &found);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.targets[1].channel, CHANNEL_REMOTE);
	assert_true(str_eqz(found.targets[1].final, "x@away.example"));
	assert_int_equal(s.accepted, 1);
}

static void the_accounts_do_not_answer(void **state)
{
	ARENA(a);
	struct rcpt_set set = base;
	struct rcpt_state s = { 0 };
	struct rcpt_outcome out;
	struct rcpt_found found;

	(void)state;
	set.lookup = ipc_client_new("/nonexistent/lookup.sock");
	run(&set, &s, "<bob@here.example>", &out, &a, &found);
	assert_int_equal(out.reply.code, 451);
	assert_string_equal(out.check->title, "no auth resource");
	assert_true(found.why.text[0] != '\0');
	assert_int_equal(s.invalid, 0);
	ipc_client_free(set.lookup);
}

static void limits(void **state)
{
	static const struct {
		const char *to;
		int code;
		const char *description, *extra;
	} t[] = {
		{ "<bob@here.example>", 250, "found existing recipient", NULL },
		{ "<no1@here.example>", 550, "not existing recipient", NULL },
		{ "<bob@here.example>", 250, "found existing recipient", NULL },
		{ "<bob@here.example>", 550, "max number of recipients", "max number of allowed rcpt" },
		{ "<bob@here.example>", 550, "rcpt ignored, session over intrusion threshold", NULL },
		{ "(next message)", 0, NULL, NULL },
		{ "<bob@here.example>", 250, "found existing recipient", NULL },
		{ "<../no2@here.example>", 553, "invalid rcpt address format", "max number of allowed invalid rcpt" },
		{ "<bob@here.example>", 550, "rcpt ignored, session over intrusion threshold", NULL },
		{ "<no3@here.example>", 550, "rcpt ignored, session over intrusion threshold", NULL },
	};
	struct rcpt_set set = base;
	struct rcpt_state s = { 0 };

	(void)state;
	set.per_message = 2;
	set.invalid_per_session = 2;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct rcpt_outcome out;
		struct rcpt_found found;

		if (t[i].code == 0) {
			s.accepted = 0;
			s.over = false;
			continue;
		}
		run(&set, &s, t[i].to, &out, &a, &found);
		assert_int_equal(out.reply.code, t[i].code);
		assert_string_equal(out.check->description, t[i].description);
		assert_int_equal(out.extra == NULL, t[i].extra == NULL);
		if (t[i].extra != NULL)
			assert_string_equal(out.extra->description, t[i].extra);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),        cmocka_unit_test(rewritten_senders),
		cmocka_unit_test(several_targets), cmocka_unit_test(the_accounts_do_not_answer),
		cmocka_unit_test(limits),
	};

	return run_served("lookup.sock", tests, COUNT(tests));
}
