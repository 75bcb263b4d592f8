/* Graylisting as a table: what is known, what is set, what follows. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "gate/gate.h"

/* 2021-03-09 12:00:00 UTC */
#define NOON 1615291200000LL
#define SECONDS(n) (NOON + (n)*1000LL)
#define DAYS(n) SECONDS((n)*86400LL)

struct row {
	const char *level;
	struct gray_known known;
	enum vote vote;
	const char *seen, *effect;
};

static const struct conf_gate set = {
	.graylist_min_secs = 300,
	.graylist_max_secs = 36 * 86400,
	.graylist_correspondents = true,
};

static const struct facts facts = {
	.ip = STR_INIT("192.0.2.7"),
	.rdns = STR_INIT("mx.far.example"),
	.sender = STR_INIT("a@far.example"),
	.rcpt = STR_INIT("bob@here.example"),
	.recipient = RESOLVED_MAILBOX,
	.gray_asked = NOON,
	.at = { [FACT_RECIPIENT] = { .status = FACT_KNOWN } },
};

static void what_is_known(void **state)
{
	static const struct row t[] = {
		/* clang-format off */
		/* never seen, too early, in time */
		{ "always-create-dir", { 0 }, REFUSE, "first seen 12:00:00, passes from 12:05:00", "new" },
		{ "always-create-dir", { .first = SECONDS(-299) }, REFUSE, "first seen 11:55:01, passes from 12:00:01", NULL },
		{ "always-create-dir", { .first = SECONDS(-300) }, PASS, "came again, first seen 11:55:00", "passed" },
		/* who came late in a second is told a whole one */
		{ "always-create-dir", { .first = SECONDS(-300) + 900 }, PASS, "came again, first seen 11:55:00", "passed" },
		{ "always-create-dir", { .first = DAYS(-1) }, PASS, "came again, first seen 2021-03-08 12:00:00", "passed" },
		/* whoever passed passes */
		{ "always-create-dir", { .first = DAYS(-99), .passed = SECONDS(-1) }, PASS, "known, passed last 11:59:59", "passed" },
		{ "always-create-dir", { .first = DAYS(-99), .passed = DAYS(-36) }, PASS, "known, passed last 2021-02-01 12:00:00", "passed" },
		/* too old */
		{ "always-create-dir", { .first = DAYS(-99), .passed = DAYS(-36) - 1000 }, REFUSE, "first seen 12:00:00, passes from 12:05:00", "again" },
		{ "always-create-dir", { .first = DAYS(-37) }, REFUSE, "first seen 12:00:00, passes from 12:05:00", "again" },
		/* the clock was wrong */
		{ "always-create-dir", { .first = DAYS(3) }, REFUSE, "first seen 12:00:00, passes from 12:05:00", "again" },
		/* only where the domain has it turned on */
		{ "always", { 0 }, PASS, "it is not turned on for the recipient's domain", NULL },
		{ "always", { .domain = true }, REFUSE, "first seen 12:00:00, passes from 12:05:00", "new" },
		/* correspondents */
		{ "always-create-dir", { .wrote = SECONDS(-60) }, PASS, "the recipient wrote to the sender, last 11:59:00", NULL },
		{ "always-create-dir", { .wrote = NOON - GRAY_CORRESPOND_MS }, REFUSE, "first seen 12:00:00, passes from 12:05:00", "new" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct policy p = { .on = true, .set = set, .utc = true };
		struct facts f = facts;
		struct verdict v = { .mem = &a };

		p.set.graylist_level = str_of(t[i].level);
		f.policy = &p;
		f.gray = t[i].known;
		assert_null(filter_graylist.off(&f));
		if (filter_graylist.decide(&f, &v) != t[i].vote || !str_eqz(v.seen, t[i].seen))
			fail_msg("row %zu: %.*s", i, STR_ARG(v.seen));
		if ((v.effects != NULL) != (t[i].effect != NULL) ||
		    (t[i].effect != NULL && !str_eqz(v.effects->key, t[i].effect)))
			fail_msg("row %zu: another effect", i);
		if (t[i].vote == REFUSE)
			assert_int_equal(v.reason, REASON_GRAYLISTED);
	}
}

static void add(struct list **l, enum list_kind kind, const char *entry)
{
	const char *why;

	*l = list_new(kind);
	if (entry != NULL)
		assert_int_equal(list_add(*l, str_of(entry), &why), 0);
	list_seal(*l);
}

static void who_is_put_off_at_all(void **state)
{
	static const struct {
		const char *level, *ip, *rdns, *sender; /* exceptions */
		const char *rcpt;
		enum resolved recipient;
		const char *off;
	} t[] = {
		/* clang-format off */
		{ "none", NULL, NULL, NULL, "bob@here", RESOLVED_MAILBOX, "off" },
		{ "", NULL, NULL, NULL, "bob@here", RESOLVED_MAILBOX, "off" },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_MAILBOX, NULL },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_ALIAS, NULL },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_CATCHALL, NULL },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_NO_MAILBOX, "no-recipient" },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_NOT_OURS, "no-recipient" },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_OVER_QUOTA, "no-recipient" },
		{ "always", NULL, NULL, NULL, "bob@here", RESOLVED_TEMPORARY, "no-recipient" },
		{ "always", NULL, NULL, NULL, "postmaster", RESOLVED_MAILBOX, "postmaster" },
		{ "always", "192.0.2.", NULL, NULL, "bob@here", RESOLVED_MAILBOX, "exception" },
		{ "always-create-dir", NULL, ".far.example", NULL, "bob@here", RESOLVED_MAILBOX, "exception" },
		{ "always", NULL, NULL, "@far.example", "bob@here", RESOLVED_MAILBOX, "exception" },
		{ "always", "192.0.3.", ".other.example", "b@far.example", "bob@here", RESOLVED_MAILBOX, NULL },
		{ "only", NULL, NULL, NULL, "bob@here", RESOLVED_MAILBOX, "no-exception" },
		{ "only", "192.0.2.", NULL, NULL, "bob@here", RESOLVED_MAILBOX, NULL },
		{ "only-create-dir", NULL, "mx.far.example", NULL, "bob@here", RESOLVED_MAILBOX, NULL },
		{ "only-create-dir", "192.0.3.", NULL, NULL, "bob@here", RESOLVED_MAILBOX, "no-exception" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct policy p = { .on = true, .set = set, .utc = true };
		struct facts f = facts;
		const char *off;

		p.set.graylist_level = str_of(t[i].level);
		add(&p.lists.graylist_exception_ip, LIST_IP, t[i].ip);
		add(&p.lists.graylist_exception_rdns, LIST_NAME, t[i].rdns);
		add(&p.lists.graylist_exception_sender, LIST_ADDRESS, t[i].sender);
		f.policy = &p;
		f.rcpt = str_of(t[i].rcpt);
		f.recipient = t[i].recipient;
		off = filter_graylist.off(&f);
		if ((off == NULL) != (t[i].off == NULL) || (off != NULL && strcmp(off, t[i].off) != 0))
			fail_msg("row %zu: %s", i, off != NULL ? off : "on");
		list_free(p.lists.graylist_exception_ip);
		list_free(p.lists.graylist_exception_rdns);
		list_free(p.lists.graylist_exception_sender);
	}
}

static void the_domain_itself_turns_it_on(void **state)
{
	ARENA(a);
	struct policy p = { .on = true, .set = set, .utc = true, .graylist_here = true };
	struct facts f = facts;
	struct verdict v = { .mem = &a };

	(void)state;
	p.set.graylist_level = STR("always");
	f.policy = &p;
	assert_int_equal(filter_graylist.decide(&f, &v), REFUSE);
}

static void the_network_of_a_client(void **state)
{
	static const struct {
		const char *ip, *network;
	} t[] = {
		{ "192.0.2.7", "192.0.2.0" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "::1", "::" },
		{ "nonsense", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct policy p = { .set = set };
		struct facts f = facts;
		struct gray_key key;

		f.policy = &p;
		f.mem = &a;
		f.ip = str_of(t[i].ip);
		facts_gray_key(&f, &key);
		assert_int_equal(key.network.n, 0);
		p.set.graylist_network = true;
		facts_gray_key(&f, &key);
		assert_true(str_eqz(key.network, t[i].network) && str_eq(key.rcpt, f.rcpt) &&
			    str_eq(key.sender, f.sender));
	}
}

static void moments_are_told_in_the_zone_of_the_logs(void **state)
{
	ARENA(a);
	struct policy p = { .on = true, .set = set };
	struct facts f = facts;
	struct verdict v = { .mem = &a };

	(void)state;
	setenv("TZ", "Europe/Sofia", 1);
	tzset();
	p.set.graylist_level = STR("always-create-dir");
	f.policy = &p;
	assert_int_equal(filter_graylist.decide(&f, &v), REFUSE);
	assert_true(str_eqz(v.seen, "first seen 14:00:00, passes from 14:05:00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known),
		cmocka_unit_test(who_is_put_off_at_all),
		cmocka_unit_test(the_domain_itself_turns_it_on),
		cmocka_unit_test(the_network_of_a_client),
		cmocka_unit_test(moments_are_told_in_the_zone_of_the_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
