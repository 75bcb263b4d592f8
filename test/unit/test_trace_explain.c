/* What people paste, and what they must be told (QUESTIONS 2 to 8, 13 to 16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <time.h>
#include <cmocka.h>

#include "base/io.h"
#include "trace/explain.h"

#define NO FINAL_NO
#define YES FINAL_YES
#define OPEN FINAL_UNKNOWN

struct sample {
	const char *in;
	const char *kind; /* NULL: not known */
	enum final final;
	enum who who;
	const char *says; /* stands in the meaning */
};

static void check(const struct sample *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ARENA(a);
		struct explanation x;
		bool known = explain_text(str_of(t[i].in), &a, &x);

		if (known != (t[i].kind != NULL))
			fail_msg("%s: %s", t[i].in, known ? x.kind : "not known");
		if (!known)
			continue;
		if (strcmp(x.kind, t[i].kind) != 0 || x.final != t[i].final || x.who != t[i].who)
			fail_msg("%s: %s %d %s", t[i].in, x.kind, (int)x.final, who_word(x.who));
		if (str_find(x.meaning, str_of(t[i].says)) < 0)
			fail_msg("%s: %.*s", t[i].in, STR_ARG(x.meaning));
		assert_true(x.advice.n > 0);
	}
}

static void test_options_of_the_configuration(void **state)
{
	static const struct sample t[] = {
		{ "graylist-min-secs", "option", OPEN, WHO_NOBODY, "a retry passes" },
		{ "ip-whitelist-file", "option", OPEN, WHO_NOBODY, "ip-whitelist-entry: addresses that pass" },
		{ "hostname", "option", OPEN, WHO_NOBODY, "our name" },
		{ "deadline", "option", OPEN, WHO_NOBODY, "dns { }: longest wait" },
	};
	ARENA(a);
	struct explanation x;

	(void)state;
	check(t, COUNT(t));
	assert_true(explain_text(STR("reject-sender"), &a, &x));
	assert_true(str_eqz(x.fields[1].value, "DENIED_SENDER_NOT_LOCAL, DENIED_SENDER_NOT_AUTH, DENIED_SENDER_NO_MX"));
}

static void test_codes_of_the_gate(void **state)
{
	static const struct sample t[] = {
		{ "DENIED_RDNS_MISSING", "gate-code", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ "RDNS_MISSING", "gate-code", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ " denied_rdns_missing\n", "gate-code", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ "rdns-missing", "gate-code", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ "GRAYLISTED", "gate-code", NO, WHO_NOBODY, "first time" },
		{ "RBL_MATCH", "gate-code", YES, WHO_SENDER, "public list" },
		{ "TIMEOUT", "gate-code", NO, WHO_NOBODY, "silent" },
		{ "ALLOWED", "gate-code", YES, WHO_NOBODY, "let the message in" },
		{ "FAILURE_AUTH", "gate-code", YES, WHO_SENDER, "password" },
		{ "FILTER_RBL_MATCH ip: 192.0.2.1 rbl: zen.example", "spamdyke-log-line", YES, WHO_SENDER,
		  "DENIED_RBL_MATCH" },
		{ "FILTER_WHITELIST_IP", "spamdyke-log-line", OPEN, WHO_NOBODY, "overrides" },
		{ "ERROR(output_writeln()@spamdyke.c:1): unable to write 37 bytes to file descriptor 1: Broken pipe",
		  "spamdyke-log-line", OPEN, WHO_NOBODY, "hung up" },
		{ "DENIED_SOMETHING_ELSE", NULL, 0, 0, NULL },
	};

	(void)state;
	check(t, COUNT(t));
}

static void test_replies_and_codes(void **state)
{
	static const struct sample t[] = {
		{ "250 ok 1615286631 qp 15309", "smtp-reply", YES, WHO_NOBODY, "2021-03-09 10:43:51 UTC" },
		{ "250_ok_1615286631_qp_15309", "smtp-reply", YES, WHO_NOBODY, "2021-03-09 12:43:51 +02:00" },
		{ "250 2.0.0 ok 1615286631 qp 15309", "smtp-reply", YES, WHO_NOBODY, "process that put the message" },
		{ "250 2.1.5 ok", "smtp-reply", YES, WHO_NOBODY, "recipient was accepted" },
		{ "250 ok", "smtp-reply", YES, WHO_NOBODY, "last command" },
		{ "354 go ahead", "smtp-reply", OPEN, WHO_NOBODY, "send the message now" },
		{ "554 \"Refused. You have no reverse DNS entry. Contact abuse@h.example for details.\"", "smtp-reply",
		  YES, WHO_SENDER, "no reverse DNS name" },
		{ "421 Refused. You have no reverse DNS entry.", "smtp-reply", NO, WHO_NOBODY, "no reverse DNS name" },
		{ "550 5.1.1 sorry, no mailbox here by that name (chkuser)", "smtp-reply", YES, WHO_SENDER,
		  "no mailbox" },
		{ "550_5.1.1_sorry,_no_mailbox_here_by_that_name_(chkuser)", "smtp-reply", YES, WHO_SENDER,
		  "no mailbox" },
		{ "552 5.2.2 sorry, recipient mailbox is full (chkuser)", "smtp-reply", YES, WHO_RECIPIENT, "full" },
		{ "550 5.1.1 user unknown", "smtp-reply", YES, WHO_SENDER, "no such mailbox" },
		{ "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted", "smtp-reply", NO, WHO_NOBODY,
		  "graylisting" },
		{ "421 4.7.28 Our system has detected an unusual rate of mail", "smtp-reply", NO, WHO_NOBODY,
		  "Too many" },
		{ "451 4.4.0 DNS temporary failure (chkuser)", "smtp-reply", NO, WHO_POSTMASTER, "DNS" },
		{ "599 something", "smtp-reply", YES, WHO_SENDER, "begins with 5" },
		{ "550-first line", "smtp-reply", YES, WHO_SENDER, "text beside" },
		{ "421", "reply-code", NO, WHO_NOBODY, "tries again by itself" },
		{ "5.1.1", "status-code", YES, WHO_SENDER, "no such mailbox" },
		{ "4.7.0", "status-code", NO, WHO_NOBODY, "not now" },
		{ "(#4.4.1)", "status-code", NO, WHO_NOBODY, "did not answer" },
		{ "2.1.5", "status-code", YES, WHO_NOBODY, "valid" },
		{ "5.9.9", "status-code", YES, WHO_SENDER, "finally" },
		{ "sorry, no mailbox here by that name (chkuser)", "smtp-reply", YES, WHO_SENDER, "no mailbox" },
		{ "Refused. You have no reverse DNS entry.", "smtp-reply", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ "qq trouble creating files in queue (#4.3.0)", "delivery-report", NO, WHO_NOBODY, "" },
		{ "6.1.1", NULL, 0, 0, NULL },
		{ "999 no", NULL, 0, 0, NULL },
	};

	(void)state;
	check(t, COUNT(t));
}

static void test_reports(void **state)
{
	static const struct sample t[] = {
		{ "did_0+0+1/", "delivery-report", YES, WHO_NOBODY,
		  "0 mailboxes written, 0 forwards sent, 1 program delivery" },
		{ "smtp_auth/did_0+0+1/", "delivery-report", YES, WHO_NOBODY, "logged in" },
		{ "did_1+0+0/", "delivery-report", YES, WHO_NOBODY, "1 mailbox written" },
		{ "did_0+1+0/qp_4711/", "delivery-report", YES, WHO_NOBODY, "4711 is the queue number" },
		{ "did_0+0+0/", "delivery-report", YES, WHO_NOBODY, "dropped" },
		{ "did_0+0+99999999999999999999/", NULL, 0, 0, NULL },
		{ "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/", "delivery-report", NO, WHO_NOBODY,
		  "reached" },
		{ "198.51.100.2_does_not_like_recipient./Remote_host_said:_550_5.1.1_no_such_user/"
		  "Giving_up_on_198.51.100.2./",
		  "delivery-report", YES, WHO_SENDER, "no such mailbox" },
		{ "198.51.100.2_does_not_like_recipient./Remote_host_said:_450_4.2.1_greylisted/"
		  "Giving_up_on_198.51.100.2./",
		  "delivery-report", NO, WHO_NOBODY, "graylisting" },
		{ "198.51.100.2_accepted_message./Remote_host_said:_250_2.0.0_OK_queued_as_4DsZWm/", "delivery-report",
		  YES, WHO_NOBODY, "Another server accepted" },
		{ "User_and_password_not_set,_continuing_without_authentication./"
		  "<a@b.example>_198.51.100.2_accepted_message./"
		  "Remote_host_said:_250_ok/",
		  "delivery-report", YES, WHO_NOBODY, "Another server accepted" },
		{ "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/"
		  "I'm_not_going_to_try_again;_this_message_has_"
		  "been_in_the_queue_too_long./",
		  "delivery-report", YES, WHO_SENDER, "every attempt failed" },
		{ "Unable_to_run_/bin/sh:_No_such_file._(#4.3.0)/", "delivery-report", NO, WHO_POSTMASTER,
		  "could not be started" },
		{ "some_program's_own_words_(#5.2.2)/", "delivery-report", YES, WHO_RECIPIENT, "full" },
		{ "smtp_auth/", "delivery-report", OPEN, WHO_NOBODY, "logged in" },
		{ "deferral", "outcome", NO, WHO_NOBODY, "tried again" },
	};

	(void)state;
	check(t, COUNT(t));
}

static void test_words_of_the_recipient_check(void **state)
{
	static const struct sample t[] = {
		{ "accepted rcpt, found existing recipient", "recipient-check", YES, WHO_NOBODY, "exists here" },
		{ "rejected intrusion, rcpt ignored, session over intrusion threshold", "recipient-check", YES,
		  WHO_SENDER, "too many" },
		{ "not existing recipient", "recipient-check", YES, WHO_SENDER, "no mailbox" },
		{ "mbx overquota", "recipient-check", YES, WHO_RECIPIENT, "full" },
		{ "rejected rcpt", "recipient-check", OPEN, WHO_SENDER, "With \"max number of recipients\": " },
		{ "CHKUSER rejected rcpt: from <a@b.example::> remote <x:h:192.0.2.1> rcpt <c@d.example> : not "
		  "existing recipient",
		  "recipient-check", YES, WHO_SENDER, "no mailbox" },
		{ "rejected rcpt, found existing recipient", NULL, 0, 0, NULL },
	};

	(void)state;
	check(t, COUNT(t));
}

static void test_lines_of_the_logs(void **state)
{
	static const struct sample t[] = {
		{ "2021-03-09 12:43:51, resp, 250 ok 1615286631 qp 15309", "smtp-log-line", YES, WHO_NOBODY,
		  "are +02:00 from UTC" },
		{ "2021-03-10 14:17:33, resp, 250 ok 1615205853 qp 5665", "smtp-log-line", YES, WHO_NOBODY,
		  "2 days apart" },
		{ "resp, 250 ok 1615286631 qp 15309", "smtp-log-line", YES, WHO_NOBODY, "10:43:51 UTC" },
		{ "2021-03-09 11:10:37, resp, 554 \"Refused. You have no reverse DNS entry. Contact a@b.example for "
		  "details.\"",
		  "smtp-log-line", YES, WHO_SENDER, "no reverse DNS name" },
		{ "2021-03-09 12:43:51, check, accepted rcpt, h:198.51.100.25, recipient@example.com, found existing "
		  "recipient",
		  "smtp-log-line", YES, WHO_NOBODY, "exists here" },
		{ "gate, refused rdns-missing, unknown:203.0.113.66, recipient@example.com, no reverse name",
		  "smtp-log-line", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ "2021-03-09 12:43:51, gate, error rdns-missing, unknown:203.0.113.66, a@b.example, DNS was silent",
		  "smtp-log-line", OPEN, WHO_POSTMASTER, "no say" },
		{ "2021-03-09 12:43:51, size, 23533", "smtp-log-line", OPEN, WHO_NOBODY, "so many bytes" },
		{ "2021-03-09 12:43:51, try, 114878, local, recipient@example.com", "delivery-log-line", OPEN,
		  WHO_NOBODY, "tries" },
		{ "2021-03-10 14:17:33, result, 90352, success, smtp_auth/did_0+0+1/", "delivery-log-line", YES,
		  WHO_NOBODY, "logged in" },
		{ "2021-03-10 14:17:33, result, 7, deferral, Unable_to_chdir_to_maildir._(#4.2.1)/",
		  "delivery-log-line", NO, WHO_NOBODY, "tried again" },
		{ "2021-03-10 14:17:33, result, 7, failure, a_word_nobody_knows/", "delivery-log-line", YES, WHO_SENDER,
		  "for good" },
		{ "2021-03-10 14:17:33, next, 7, 2021-03-10 14:24:13", "delivery-log-line", NO, WHO_NOBODY,
		  "tried again" },
		{ "Mar 9 11:10:37 server spamdyke[29207]: DENIED_RDNS_MISSING from: s@x.example to: r@example.com "
		  "origin_ip: "
		  "203.0.113.66 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)",
		  "spamdyke-log-line", OPEN, WHO_SENDER, "no reverse DNS name" },
		{ "Mar  9 12:43:51 server spamdyke[15280]: ALLOWED from: c@e.example to: r@example.com origin_ip: "
		  "192.0.2.12 "
		  "origin_rdns: e.example auth: (unknown) encryption: (none) reason: 250_ok_1615286631_qp_15309",
		  "spamdyke-log-line", YES, WHO_NOBODY, "2021-03-09 10:43:51 UTC" },
		{ "DENIED_OTHER from: c@e.example to: r@example.com origin_ip: 192.0.2.12 origin_rdns: e.example auth: "
		  "(unknown) "
		  "encryption: (none) reason: 552_5.2.2_sorry,_recipient_mailbox_is_full_(chkuser)",
		  "spamdyke-log-line", YES, WHO_RECIPIENT, "full" },
		{ "2021-03-09 12:43:51, nonsense", NULL, 0, 0, NULL },
		{ "", NULL, 0, 0, NULL },
		{ "   ", NULL, 0, 0, NULL },
		{ "hello world", NULL, 0, 0, NULL },
	};

	(void)state;
	check(t, COUNT(t));
}

/* Each line of the reference's lists is explained, whatever list it stands in. */
static void test_lines_of_other_servers(void **state)
{
#define POSTFIX(text) "Mar  9 12:43:51 mx1 postfix/smtp[7]: 8A1B2C3D4E: to=<b@c.example>, " text
#define EXIM(text) "2021-03-09 12:43:51 " text
#define QMAIL(text) "@400000006047517107270e00 delivery 1: " text
	static const struct sample t[] = {
		/* whose line, who has the message now, and under which number */
		{ POSTFIX(
		      "relay=mx.c.example[192.0.2.9]:25, delay=1, status=sent (250 2.0.0 Ok: queued as 7F3A91C0DE)"),
		  "postfix-log-line", YES, WHO_NOBODY,
		  "(mx1) handed the message to the next one, mx.c.example[192.0.2.9]:25" },
		{ POSTFIX(
		      "relay=mx.c.example[192.0.2.9]:25, delay=1, status=sent (250 2.0.0 Ok: queued as 7F3A91C0DE)"),
		  "postfix-log-line", YES, WHO_NOBODY, "its number 7F3A91C0DE" },
		{ POSTFIX(
		      "relay=127.0.0.1[127.0.0.1]:10024, delay=1, status=sent (250 2.0.0 Ok: queued as 7F3A91C0DE)"),
		  "postfix-log-line", YES, WHO_NOBODY, "program on the same machine" },
		{ "Mar  9 12:43:51 mx1 postfix/virtual[7]: 8A1B2C3D4E: to=<b@c.example>, relay=virtual, delay=1, "
		  "status=sent (delivered to maildir)",
		  "postfix-log-line", YES, WHO_NOBODY, "delivered the message itself" },
		{ EXIM("1lJZ3r-0000XA-Kq => b@c.example R=d T=s H=mx.c.example [192.0.2.9] C=\"250 OK "
		       "id=1lJZ3r-0000XB-Kq\""),
		  "exim-log-line", YES, WHO_NOBODY,
		  "mx.c.example[192.0.2.9], which took charge of it, under its number" },
		{ EXIM("1lJZ3r-0000XA-Kq => :blackhole: <b@c.example> R=d"), "exim-log-line", YES, WHO_NOBODY,
		  "threw the message" },
		/* no number stands there, none is made up */
		{ EXIM("H=r [192.0.2.40] F=<a@b.example> rejected RCPT <c@d.example>: sorry"), "exim-log-line", YES,
		  WHO_SENDER, "a final no" },
		{ EXIM("H=r [192.0.2.40] F=<a@b.example> temporarily rejected RCPT <c@d.example>: greylisted"),
		  "exim-log-line", NO, WHO_NOBODY, "graylisting" },
		{ POSTFIX("relay=none, delay=1, dsn=4.4.1, status=deferred (connect to mx[192.0.2.9]:25: Connection "
			  "timed out)"),
		  "postfix-log-line", NO, WHO_NOBODY, "(mx1) keeps the message" },
		/* the other server's own words come before what the report only supposes */
		{ QMAIL(
		      "deferral: "
		      "Connected_to_192.0.2.9_but_greeting_failed./Remote_host_said:_450_4.7.1_Greylisted,_try_again/"),
		  "qmail-log-line", NO, WHO_NOBODY, "graylisting" },
		{ QMAIL("deferral: Connected_to_192.0.2.9_but_greeting_failed./Remote_host_said:_421_hm/"),
		  "qmail-log-line", NO, WHO_NOBODY, "overloaded" },
	};

	(void)state;
	check(t, COUNT(t));
}

static void test_the_whole_vocabulary(void **state)
{
	static const char *const lists[] = {
		"spamdyke-codes.txt", "spamdyke-filters.txt", "spamdyke-errors.txt", "chkuser.txt",
		"local-reports.txt",  "remote-reports.txt",   "smtpd-replies.txt",   "queue-replies.txt",
		"our-replies.txt",    "our-reports.txt",      "send-troubles.txt",
	};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		bool second = strstr(lists[i], "reports") != NULL;
		struct err e = { 0 };
		BUF(path);
		BUF(text);
		struct str rest, line, head, tail;

		buf_fmt(&path, "%s/test/golden/vocabulary/%s", getenv("TELLTALE_SOURCE"), lists[i]);
		assert_int_equal(io_slurp(AT_FDCWD, buf_z(&path), 1 << 20, &text, &e), 0);
		for (rest = buf_str(&text); rest.n > 0;) {
			ARENA(a);
			struct explanation x;

			str_cut(rest, STR("\n"), &line, &rest);
			if (line.n == 0 || line.p[0] == '#' || line.p[0] == '-')
				continue;
			str_cut(line, STR("\t"), &head, &tail);
			if (strcmp(lists[i], "chkuser.txt") == 0) {
				str_cut(tail, STR("\t"), &tail, &line);
				head = arena_fmt(&a, "%.*s, %.*s", STR_ARG(head), STR_ARG(tail));
			}
			if (!explain_text(second ? tail : head, &a, &x))
				fail_msg("%s: not explained: %.*s", lists[i], STR_ARG(second ? tail : head));
			assert_true(x.meaning.n > 0);
			n++;
		}
	}
	assert_true(n > 230);
}

static void test_json(void **state)
{
	ARENA(a);
	BUF(b);
	struct json j = json_to(&b);
	struct explanation x;

	(void)state;
	assert_true(explain_text(STR("550 5.1.1 no\033[2J \xff"), &a, &x));
	explain_json(&j, &x);
	assert_non_null(strstr(buf_z(&b), "{\"kind\":\"smtp-reply\",\"meaning\":\""));
	assert_non_null(strstr(buf_z(&b), "\",\"final\":true,\"who\":\"sender\",\"advice\":\""));
	assert_non_null(strstr(buf_z(&b), "\",\"fields\":{\"code\":550,"));
	assert_non_null(strstr(buf_z(&b), "\"text\":\"no\\u001b[2J \xef\xbf\xbd\"}}"));
}

/* QUESTIONS 6 to 8 as the support desk writes them. */
static void test_questions(void **state)
{
	static const struct {
		const char *in;
		const char *asked[5];
	} t[] = {
		{ "What does `250 ok 1615286631 qp 15309` mean?", { "250 ok 1615286631 qp 15309" } },
		{ "What does `did_0+0+1/` mean? And `smtp_auth/did_0+0+1/`?",
		  { "did_0+0+1/", "smtp_auth/did_0+0+1/" } },
		{ "What is DENIED_RDNS_MISSING / GRAYLISTED / RBL_MATCH / TIMEOUT?",
		  { "DENIED_RDNS_MISSING", "GRAYLISTED", "RBL_MATCH", "TIMEOUT" } },
		{ " what does 550 5.1.1 no such user mean ?", { "550 5.1.1 no such user" } },
		{ "What's 5.1.1", { "5.1.1" } },
		{ "550 what is `this` / `that`?", { "550 what is `this` / `that`?" } },
		{ "What is `GRAYLISTED", { "`GRAYLISTED" } },
		{ "What is ?", { NULL } },
		{ "  ", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str asked[EXPLAIN_ASKED];
		size_t n = explain_asked(str_of(t[i].in), asked, COUNT(asked));

		for (size_t j = 0; j < n; j++)
			if (t[i].asked[j] == NULL || !str_eqz(asked[j], t[i].asked[j]))
				fail_msg("%s: %.*s", t[i].in, STR_ARG(asked[j]));
		if (t[i].asked[n] != NULL)
			fail_msg("%s: not %s", t[i].in, t[i].asked[n]);
	}
}

static int zone(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Sofia", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_of_the_configuration),
		cmocka_unit_test(test_codes_of_the_gate),
		cmocka_unit_test(test_replies_and_codes),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_words_of_the_recipient_check),
		cmocka_unit_test(test_lines_of_the_logs),
		cmocka_unit_test(test_lines_of_other_servers),
		cmocka_unit_test(test_the_whole_vocabulary),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests(tests, zone, NULL);
}
