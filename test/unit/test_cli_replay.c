/* What recorded facts allow to say, and what not: one decision under one configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"

#define HEAD "hostname = \"mx.example.com\"\ndata-dir = \"/nowhere\"\nlistener \"25\" { bind = {\"127.0.0.1:2525\"} }\n"
#define LISTED RECALLED_YES

/* What the logs tell; the rest is a stranger's mail that was taken. */
struct row {
	const char *gate; /* of the new configuration */
	const char *was_gate;
	enum recall_fact fact;
	enum recalled says;                         /* of that fact */
	const char *zone, *spf, *user, *rdns, *was; /* rdns "-": not told; was: a code */
	const char *outcome;                        /* "refused DENIED_..." */
};

static const struct row rows[] = {
	{ "", .outcome = "taken" },
	{ "", .rdns = "", .outcome = "refused DENIED_RDNS_MISSING" },
	{ "", .rdns = "-", .outcome = "cannot be said the client's reverse name" },
	{ "", .rdns = "", .user = "bob@example.com", .outcome = "taken" },
	{ "reject-empty-rdns = false", .rdns = "-", .outcome = "taken" },
	{ "reject-empty-rdns = false", .rdns = "", .was = "DENIED_RDNS_MISSING", .outcome = "let through" },
	{ "reject-ip-in-cc-rdns = true", .rdns = "192-0-2-7.isp.de", .outcome = "refused DENIED_IP_IN_CC_RDNS" },
	{ "reject-ip-in-cc-rdns = true", .rdns = "mail.isp.de", .outcome = "taken" },
	/* A whitelist that may have spoken leaves a refusal open; one that nobody is on does not. */
	{ "ip-blacklist-entry = \"192.0.2.\"", .outcome = "refused DENIED_BLACKLIST_IP" },
	{ "ip-blacklist-entry = \"192.0.2.\" dns-whitelist-entry = \"white.test\"",
	  .outcome = "cannot be said whether the address is on a whitelist in DNS" },
	{ "ip-blacklist-entry = \"192.0.2.\" ip-whitelist-entry = \"192.0.2.7\"", .outcome = "taken" },
	/* Lists in DNS. */
	{ "dns-blacklist-entry = \"zen.test\"",
	  .outcome = "cannot be said whether the address is on a blacklist in DNS" },
	{ "dns-blacklist-entry = \"zen.test\"", .fact = RECALL_DNSBL, .says = RECALLED_NO,
	  .outcome = "cannot be said whether the address is on a blacklist in DNS" },
	{ "dns-blacklist-entry = \"zen.test\"", "dns-blacklist-entry = \"zen.test\"", RECALL_DNSBL, RECALLED_NO,
	  .outcome = "taken" },
	{ "dns-blacklist-entry = {\"zen.test\", \"new.test\"}", "dns-blacklist-entry = \"zen.test\"", RECALL_DNSBL,
	  RECALLED_NO, .outcome = "cannot be said whether the address is on a blacklist in DNS" },
	{ "dns-blacklist-entry = \"zen.test\"", .fact = RECALL_DNSBL, .says = LISTED, .zone = "zen.test",
	  .was = "DENIED_RBL_MATCH", .outcome = "refused DENIED_RBL_MATCH" },
	{ "dns-blacklist-entry = \"zen.test=127.0.0.9\"", .fact = RECALL_DNSBL, .says = LISTED, .zone = "zen.test",
	  .was = "DENIED_RBL_MATCH", .outcome = "let through" },
	{ "", .fact = RECALL_DNSBL, .says = LISTED, .zone = "zen.test", .was = "DENIED_RBL_MATCH",
	  .outcome = "let through" },
	/* SPF. */
	{ "spf = reject", .outcome = "cannot be said what SPF says" },
	{ "spf = reject", .spf = "fail for b.example, -all", .outcome = "refused DENIED_SPF" },
	{ "spf = reject", .spf = "softfail for b.example, ~all", .outcome = "taken" },
	{ "spf = reject", .spf = "", .outcome = "taken" },
	{ "spf = mark", .outcome = "taken" },
	/* The rest. */
	{ "reject-sender = no-mx", .outcome = "cannot be said whether mail can be sent to the sender's domain" },
	{ "reject-sender = no-mx", .fact = RECALL_SENDER_MX, .says = RECALLED_NO,
	  .outcome = "put off DENIED_SENDER_NO_MX" },
	{ "reject-sender = no-mx", .fact = RECALL_SENDER_MX, .says = RECALLED_YES, .outcome = "taken" },
	{ "greeting-delay-secs = 3", .outcome = "cannot be said whether the client waits for the greeting" },
	{ "greeting-delay-secs = 3", .fact = RECALL_EARLY, .says = RECALLED_YES,
	  .outcome = "refused DENIED_EARLYTALKER" },
	{ "greeting-delay-secs = 3", .fact = RECALL_EARLY, .says = RECALLED_NO, .outcome = "taken" },
	{ "header-blacklist-entry = \"Subject: x\"", .outcome = "cannot be said the header of the message" },
	{ "header-blacklist-entry = \"Subject: x\"", .user = "bob@example.com", .outcome = "taken" },
	{ "graylist-level = always-create-dir",
	  .outcome = "cannot be said whether sender and recipient had met before" },
	{ "dmarc = reject", .outcome = "cannot be said what DMARC says" },
	{ "dmarc = quarantine", .outcome = "taken" },
	{ "filter-level = reject-all", .outcome = "refused DENIED_REJECT_ALL" },
	{ "recipient-blacklist-entry = \"me@example.com\"", .outcome = "refused DENIED_RECIPIENT_BLACKLISTED" },
	{ "", .was = "DENIED_OTHER", .outcome = "refused DENIED_OTHER" },
};

static void configure(struct conf *c, const char *gate)
{
	struct err e = { 0 };
	BUF(text);

	buf_fmt(&text, HEAD "gate { %s }\n", gate);
	if (conf_parse(c, buf_str(&text), "test", &e) < 0)
		fail_msg("%s: %s", gate, e.text);
}

static void record(const struct row *t, struct recorded *m, struct recorded_rcpt *x)
{
	*x = (struct recorded_rcpt){ .address = STR("me@example.com"), .pair = 1, .when = 1600000000, .known = true };
	x->was =
	    (struct outcome_of){ t->was != NULL ? REPLAY_REFUSED : REPLAY_TAKEN, t->was != NULL ? t->was : "", false };
	*m = (struct recorded){ .label = STR("25"),
				.ip = STR("192.0.2.7"),
				.rdns = STR("mail.b.example"),
				.rdns_told = true,
				.sender = STR("a@b.example"),
				.user = str_of(t->user),
				.rcpts = x,
				.n = 1 };
	if (t->rdns != NULL) {
		m->rdns_told = strcmp(t->rdns, "-") != 0;
		m->rdns = m->rdns_told ? str_of(t->rdns) : STR("");
	}
	m->facts[t->fact] = t->says;
	if (t->zone != NULL) {
		m->listings[0].about = m->ip;
		m->listings[0].zone = str_of(t->zone);
		m->listings[0].answer = STR("127.0.0.2");
		m->nlistings = 1;
	}
	m->spf_asked = t->spf != NULL;
	m->spf = str_of(t->spf);
}

static void each_decision_has_its_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct replay *r = calloc(1, sizeof(*r));
		struct conf c, was;
		struct recorded_rcpt x;
		struct recorded m;
		struct err e = { 0 };
		BUF(said);

		configure(&c, rows[i].gate);
		configure(&was, rows[i].was_gate != NULL ? rows[i].was_gate : "");
		r->conf = &c;
		r->gate = replay_gate_new(&c, rows[i].was_gate != NULL ? &was : NULL, NULL, &e);
		assert_non_null(r->gate);
		record(&rows[i], &m, &x);
		replay_judge(r, &m);
		assert_int_equal(r->total, 1);
		buf_fmt(&said, "%s%s%s", replay_ends[r->kinds[0].would.end],
			r->kinds[0].would.why[0] != '\0' ? " " : "", r->kinds[0].would.why);
		if (strcmp(buf_z(&said), rows[i].outcome) != 0)
			fail_msg("%zu, %s: %s, not %s", i, rows[i].gate, buf_z(&said), rows[i].outcome);
		replay_clear(r);
		conf_clear(&c);
		conf_clear(&was);
		free(r);
	}
}

/* The second mail of two that were taken finds them acquainted. */
static void mail_that_was_taken_makes_acquainted(void **state)
{
	struct replay *r = calloc(1, sizeof(*r));
	struct recorded_rcpt x;
	struct recorded m;
	struct conf c;
	struct err e = { 0 };

	(void)state;
	configure(&c, "graylist-level = always-create-dir");
	r->conf = &c;
	r->limit = 8;
	r->gate = replay_gate_new(&c, NULL, NULL, &e);
	record(&rows[0], &m, &x);
	replay_judge(r, &m);
	x.when += 3600;
	replay_judge(r, &m);
	assert_int_equal(r->unsaid, 1);
	assert_int_equal(r->same, 1);
	/* First seen just now, says the gate's own line. */
	x.gray_known = true;
	replay_judge(r, &m);
	assert_int_equal(r->changed, 1);
	assert_string_equal(r->examples[0].would.why, "DENIED_GRAYLISTED");
	replay_clear(r);
	conf_clear(&c);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_decision_has_its_outcome),
		cmocka_unit_test(mail_that_was_taken_makes_acquainted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
