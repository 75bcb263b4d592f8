/* Whole messages: what is one, what a bounce and a header tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "trace/explain.h"

static void messages_are_known_from_lines(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} t[] = {
		{ "Received: from a by b; 9 Mar 2021 10:43:51 -0000\n", true },
		{ "\n\nSubject: x\nFrom: y\n\nbody\n", true },
		{ "From ann@x.example Tue Mar  9 10:43:51 2021\nSubject: x\nTo: y\n", true },
		{ "X-Unknown: 1\nMessage-ID: <a>\r\nDate: today\r\n", true },
		{ "Reporting-MTA: dns; a\nArrival-Date: today\n\nFinal-Recipient: rfc822; b@c\nAction: failed\n",
		  true },
		{ "Hi. This is the qmail-send program at mx.example.com.\nSorry.\n\n<b@c.example>:\n550 no\n", true },
		{ "this message was created automatically by mail delivery software", false },
		{ "Subject: only one\n", false },
		{ "550 5.1.1 no such user\n", false },
		{ "2021-03-09 12:43:51, smtp, info, 1, x: y\nFrom: a\nTo: b\n", false },
		{ "DENIED_OTHER from: a to: b\n", false },
		{ "What does `Subject: x` mean?", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (explain_is_message(str_of(t[i].text)) != t[i].is)
			fail_msg("%s", t[i].text);
}

static void an_mbox_is_cut_at_its_lines(void **state)
{
	static const char mbox[] =
	    "From a@b Tue Mar  9 10:43:51 2021\nA: 1\n\nFrom me to you\n\nFrom here: to there\n\n"
	    "From c@d Tue Mar  9 10:43:52 2021\nB: 2\n";
	struct str rest = STR(mbox), message;

	(void)state;
	assert_true(explain_next_message(&rest, &message) && str_find(message, STR("here: to there\n\n")) > 0);
	assert_true(explain_next_message(&rest, &message) && str_starts(message, STR("From c@d")));
	assert_false(explain_next_message(&rest, &message));
	rest = STR("A: 1\n\nFrom c@d Tue Mar  9 10:43:52 2021\nB: 2\n"); /* no mbox: one message */
	assert_true(explain_next_message(&rest, &message) && str_ends(message, STR("\nB: 2\n")) && message.p[0] == 'A');
	assert_false(explain_next_message(&rest, &message));
}

static const struct {
	const char *said, *cause;
	enum who who;
} causes[] = {
	{ "550 5.1.1 <b@c.example>: Recipient address rejected: User unknown", "no-such-mailbox", WHO_SENDER },
	{ "550 5.7.1 <b@c.example>: Recipient address rejected: User unknown", "no-such-mailbox", WHO_SENDER },
	{ "550 5.7.25 <b@c.example>: Recipient address rejected", "client-refused", WHO_SENDER },
	{ "550 5.4.1 <b@c.example>: Recipient address rejected: Access denied", "no-such-mailbox", WHO_SENDER },
	{ "552-5.2.2 The email account that you tried to reach is over\n 552 5.2.2 quota", "mailbox-full",
	  WHO_RECIPIENT },
	{ "550-5.7.26 Unauthenticated email from x.example is not accepted due to\n 550 5.7.26 domain's DMARC "
	  "policy",
	  "authentication", WHO_SENDER },
	{ "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus", "client-refused",
	  WHO_SENDER },
	{ "554 5.7.1 Service unavailable; Client host blocked using zen; Error: open resolver; "
	  "https://www.spamhaus.org/returnc/pub/",
	  "system-error", WHO_POSTMASTER },
	{ "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet "
	  "service "
	  "provider since part of their network is on our block list (S3140)",
	  "client-refused", WHO_SENDER },
	{ "554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact "
	  "tosa@rx.t-online.de)",
	  "client-refused", WHO_SENDER },
	{ "554 5.7.1 [CS01] Message rejected due to local policy", "policy", WHO_SENDER },
	{ "550 5.7.1 #5.7.1 Your access has been rejected due to the sending MTA's poor reputation", "client-refused",
	  WHO_SENDER },
	{ "554-mail.com Nemesis ESMTP Service not available\n 554-No SMTP service\n 554 Bad DNS PTR resource "
	  "record",
	  "client-refused", WHO_SENDER },
	{ "550 spam message rejected. Please visit http://help.mail.ru/notspam-support", "refused-as-spam",
	  WHO_SENDER },
	{ "550 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", "refused-as-spam", WHO_SENDER },
	{ "554 DT:SPM 163 mx, u1 http://mail.163.com/help", "refused-as-spam", WHO_SENDER },
	{ "552 5.3.4 Message size exceeds fixed limit", "too-large", WHO_SENDER },
	{ "550 5.7.64 TenantAttribution; Relay Access Denied", "relaying", WHO_SENDER },
	{ "5.4.6 Hop count exceeded - possible mail loop", "mail-loop", WHO_POSTMASTER },
	{ "556 5.1.10 Domain does not accept mail (nullMX)", "no-mail-host", WHO_SENDER },
	{ "550 5.7.10 whatever that is", "encryption", WHO_POSTMASTER },
	{ "554 klaatu barada nikto", "unknown", WHO_SENDER },
	{ "127", "system-error", WHO_POSTMASTER },
};

/* One bounce with this diagnostic. */
static void causes_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(causes); i++) {
		ARENA(a);
		struct explanation x;
		struct str text =
		    arena_fmt(&a,
			      "From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\n"
			      "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; b@c.example\n"
			      "Action: failed\nDiagnostic-Code: smtp; %s\n",
			      causes[i].said);

		explain_message(text, &a, &x);
		assert_int_equal(x.nrcpts, 1);
		if (strcmp(x.rcpts[0].cause, causes[i].cause) != 0 || x.rcpts[0].who != causes[i].who)
			fail_msg("%s: %s", causes[i].said, x.rcpts[0].cause);
		assert_true(x.rcpts[0].final == FINAL_YES && x.rcpts[0].advice.n > 0 && x.rcpts[0].meaning.n > 0);
	}
}

/* A bounce without its header, and the part for programs alone. */
static void pieces_are_explained(void **state)
{
	static const char *const pieces[] = {
		"Hi. This is the qmail-send program at mx.example.com.\nSorry.\n\n<b@c.example>:\nRemote host said: "
		"552 full\n",
		"Reporting-MTA: dns; a\nArrival-Date: today\n\nFinal-Recipient: rfc822; b@c.example\nAction: "
		"failed\nStatus: "
		"5.2.2\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		ARENA(a);
		struct explanation x;

		explain_message(str_of(pieces[i]), &a, &x);
		assert_string_equal(x.kind, "bounce");
		assert_int_equal(x.nrcpts, 1);
		assert_true(str_eqz(x.rcpts[0].address, "b@c.example"));
		assert_string_equal(x.rcpts[0].cause, "mailbox-full");
	}
}

static bool odd(const struct explanation *x, const char *words)
{
	for (size_t i = 0; i < x->nodd; i++)
		if (str_find(x->odd[i], str_of(words)) >= 0)
			return true;
	return false;
}

static void headers_tell_the_way(void **state)
{
	static const char head[] =
	    "Return-Path: <ann@x.example>\nReceived: from mail.x.example (mail.x.example [192.0.2.7])\n\tby "
	    "mx.example.com "
	    "with ESMTPS\n\t(TLSv1.3) id 15309\n\tfor <bob@example.com>; Tue, 09 Mar 2021 14:43:51 +0200\n"
	    "Received: from laptop ([198.51.100.4]) by mail.x.example with ESMTPA; 9 Mar 2021 10:43:50 -0000\n"
	    "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=x.example; dmarc=fail\nFrom: "
	    "ann@x.example\n"
	    "Date: Tue, 9 Mar 2021 10:50:00 +0000\nMessage-ID: <1@x.example>\n";
	ARENA(a);
	struct explanation x;

	(void)state;
	explain_message(STR(head), &a, &x);
	assert_string_equal(x.kind, "mail-headers");
	assert_int_equal(x.nhops, 2);
	assert_true(str_eqz(x.hops[0].by, "mail.x.example") && !x.hops[0].delayed && x.hops[0].login);
	assert_true(str_eqz(x.hops[1].by, "mx.example.com") && x.hops[1].encrypted && x.hops[1].delay == 7201);
	assert_true(str_eqz(x.hops[1].time, "2021-03-09T14:43:51+02:00"));
	assert_true(odd(&x, "stayed 2 h at mail.x.example") && odd(&x, "the sender's clock is ahead"));
	assert_true(str_find(x.meaning, STR("qp")) > 0 && str_find(x.meaning, STR("DMARC: nothing proves")) > 0);
}

static void odd_headers_are_told(void **state)
{
	static const struct {
		const char *head, *odd;
	} t[] = {
		{ "From: a@b\nTo: c@d\n", "no Received line" },
		{ "From: a@b\nTo: c@d\n", "no Date" },
		{ "From: a@b\nTo: c@d\nDate: soon\n", "cannot be read" },
		{ "Subject: x\nTo: c@d\n", "no From" },
		{ "From: a@b\nFrom: c@d\n", "more than one From" },
		{ "From: a@b\nMessage-ID: <1>\nMessage-ID: <2>\n", "more than one Message-ID" },
		{ "From: a@b\nReceived: from a by b\n", "no time that can be read" },
		{ "Received: from b by c; 9 Mar 2021 10:00:00 -0000\nReceived: from a by b; 9 Mar 2021 10:00:09 "
		  "-0000\n",
		  "9 s earlier" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct explanation x;

		explain_message(str_of(t[i].head), &a, &x);
		if (!odd(&x, t[i].odd))
			fail_msg("%s: %s", t[i].head, t[i].odd);
	}
}

static void there_are_limits(void **state)
{
	ARENA(a);
	struct explanation x;
	BUF(b);

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_fmt(&b, "Received: from a%d by b%d; 9 Mar 2021 10:00:00 -0000\n", i, i);
	explain_message(buf_str(&b), &a, &x);
	assert_int_equal(x.nhops, 100);
	assert_true(odd(&x, "500 Received lines"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_known_from_lines),
		cmocka_unit_test(an_mbox_is_cut_at_its_lines),
		cmocka_unit_test(causes_are_found),
		cmocka_unit_test(pieces_are_explained),
		cmocka_unit_test(headers_tell_the_way),
		cmocka_unit_test(odd_headers_are_told),
		cmocka_unit_test(there_are_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
